import { z } from 'zod';
import type { Slave } from './slave.ts';

const ms = z.int().min(0).max(60_000);

/** What a hand, or a fault, can do to a device on the bus. */
export const sensorCommand = z.strictObject({
  /** The first alarm of its model, up or down. */
  alarm: z.boolean().optional(),
  /** What it measures, by the names of its model; `channel_1` and so on of an input module. */
  set: z.record(z.string(), z.number()).optional(),
  behaviour: z
    .discriminatedUnion('kind', [
      z.strictObject({ kind: z.enum(['answers', 'silent', 'damaged', 'wrong-unit', 'stuck']) }),
      z.strictObject({ kind: z.literal('late'), ms }),
      z.strictObject({ kind: z.literal('drips'), ms }),
      z.strictObject({ kind: z.literal('exception'), code: z.int().min(1).max(255) }),
      z.strictObject({ kind: z.literal('noise'), bytes: z.int().min(1).max(10_000) }),
      z.strictObject({ kind: z.literal('loses'), bytes: z.int().min(1).max(256) }),
    ])
    .optional(),
});
export type SensorCommand = z.infer<typeof sensorCommand>;

/** Does it. Throws when the model has no such value, or no alarm. */
export function commandSensor(slave: Slave, { alarm, set, behaviour }: SensorCommand): void {
  if (alarm !== undefined) slave.alarm = alarm;
  for (const [name, value] of Object.entries(set ?? {})) slave.set(name, value);
  if (behaviour !== undefined) slave.behaviour = behaviour;
}
