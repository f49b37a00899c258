import { z } from 'zod';
import { id } from '../signal.ts';

/** A command (command lane, down) has an id and an expiry and runs once. */
export const command = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('rebirth'), id: z.string(), expires_at: z.int() }),
  z.object({ kind: z.literal('self-test'), id: z.string(), expires_at: z.int(), device: id }),
]);
export type Command = z.infer<typeof command>;

/** Its answer (reply lane, up). */
export const reply = z.object({
  kind: z.literal('reply'),
  session: z.string(),
  command: z.string(),
  ok: z.boolean(),
  detail: z.string(),
});
export type Reply = z.infer<typeof reply>;
