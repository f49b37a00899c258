import { z } from 'zod';
import { picturePlan } from '../pictures.ts';
import { id } from '../signal.ts';

/** What a device can be asked to do. Which of these a device knows, its driver says. */
export const deviceAct = z.discriminatedUnion('do', [
  /** Exercise its own alarm circuit and report; raises no alarm. */
  z.object({ do: z.literal('self-test') }),
  z.object({ do: z.literal('lamp'), on: z.boolean() }),
  z.object({ do: z.literal('siren'), seconds: z.int().min(0).max(600) }),
  /** A picture now; the core sends it up. */
  z.object({ do: z.literal('snapshot') }),
  /** 查岗: somebody at the panel must answer within so many minutes. */
  z.object({ do: z.literal('duty-poll'), minutes: z.int().min(1).max(255) }),
  z.object({ do: z.literal('set-clock') }),
  z.object({ do: z.literal('reboot') }),
]);
export type DeviceAct = z.infer<typeof deviceAct>;
export const deviceActName = z.enum(deviceAct.options.map((act) => act.shape.do.value));
export type DeviceActName = z.infer<typeof deviceActName>;

/** A declared drill: presses of these buttons within it go out as drill. At most 2 hours. */
export const drill = z.object({
  id,
  devices: z.array(id).min(1).max(1000),
  /** UTC ms by the cloud's clock. */
  from: z.int(),
  to: z.int(),
});
export type Drill = z.infer<typeof drill>;

/** `id`: a command runs once; `expires_at`: UTC ms by the cloud's clock, after which it does not run. */
const common = { id: z.string().min(1).max(64), expires_at: z.int() };

/** A command (command lane, down). */
export const command = z.discriminatedUnion('kind', [
  z.object({ ...common, kind: z.literal('rebirth') }),
  z.object({
    ...common,
    kind: z.literal('act'),
    device: id,
    act: deviceAct,
    /** Where a picture that comes of it goes: a path of the cloud's HTTP address, with its own ticket. */
    picture: z.object({ path: z.string(), ticket: z.string() }).optional(),
  }),
  z.object({ ...common, kind: z.literal('drill'), drill }),
  z.object({ ...common, kind: z.literal('drill-end'), drill: id }),
  /** Self-test the button and send a signal of mode *probe* over this path, through to the centre. */
  z.object({ ...common, kind: z.literal('probe'), device: id, route: z.enum(['cloud', 'direct']) }),
  /** Which of its cameras to ask for pictures at an alarm, and the key to send them up with. */
  z.object({ ...common, kind: z.literal('picture-plan'), plan: picturePlan }),
]);
export type Command = z.infer<typeof command>;

/** Its answer (reply lane, up). `detail` is a sentence for a technician; `facts` are for programs. */
export const reply = z.object({
  kind: z.literal('reply'),
  session: z.string(),
  command: z.string(),
  ok: z.boolean(),
  detail: z.string(),
  facts: z.record(z.string(), z.union([z.string(), z.number(), z.boolean()])).default({}),
});
export type Reply = z.infer<typeof reply>;
