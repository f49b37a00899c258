import { z } from 'zod';
import { deviceRecord } from './messages/telemetry.ts';
import { id } from './signal.ts';

/** Something that happened at a device and is evidence. */
export const apiRecord = deviceRecord.extend({ id: z.int(), campus: id, gateway: id });

/** Telemetry is slowed, then sampled, then refused; alarms know no step. Counts are since the start of the cloud. */
export const apiLoad = z.object({
  step: z.enum(['free', 'slowed', 'sampled', 'refused']),
  waiting: z.int(),
  limit: z.int(),
  stored: z.int(),
  put_off: z.int(),
  asked: z.object({ slowed: z.int(), sampled: z.int(), refused: z.int() }),
});
