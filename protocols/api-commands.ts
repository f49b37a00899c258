import { z } from 'zod';
import { bilingual } from './messages/bilingual.ts';
import { deviceActName } from './messages/command.ts';
import { id } from './signal.ts';

const facts = z.record(z.string(), z.union([z.string(), z.number(), z.boolean()]));

/** A command and what came of it. `failed`: the gateway answered, and could not; `expired`: no reply in time. */
export const apiCommand = z.object({
  id: z.string(),
  campus: id,
  gateway: id,
  device: id.nullable(),
  kind: z.string(),
  /** Of an act: which one. */
  act: deviceActName.nullable(),
  by: z.string().nullable(),
  state: z.enum(['waiting', 'done', 'failed', 'expired']),
  sent_at: z.int(),
  expires_at: z.int(),
  replied_at: z.int().nullable(),
  /** The gateway's own words. */
  detail: z.string().nullable(),
  facts,
});
export type ApiCommand = z.infer<typeof apiCommand>;

/** `confirmed` only by the gateway's own word; until then, and in every doubt, a press is real. */
export const apiDrill = z.object({
  id,
  campus: id,
  gateway: id,
  state: z.enum(['declared', 'confirmed', 'refused', 'over']),
  /** Why it was refused. */
  refused: z.string().nullable(),
  from: z.int(),
  to: z.int(),
  reason: z.string(),
  by: z.string(),
  declared_at: z.int(),
  confirmed_at: z.int().nullable(),
  /** Ended before its time. */
  ended_by: z.string().nullable(),
  ended_at: z.int().nullable(),
  /** What came of it, device by device: drill presses, those that 110 acknowledged, and presses that were real. */
  devices: z.array(
    z.object({
      device: id,
      device_name: bilingual.nullable(),
      presses: z.int(),
      delivered: z.int(),
      real: z.int(),
      slowest_ms: z.number().nullable(),
      alarms: z.array(z.string()),
    }),
  ),
});
export type ApiDrill = z.infer<typeof apiDrill>;
