import { z } from 'zod';
import { centreReceipt, edgeStages } from '#protocols/messages/alarm.ts';
import {
  digestOf,
  lampState,
  origin,
  type SignalFacts,
  signalFacts,
  type SignalName,
  signalName,
} from '#protocols/signal.ts';

/** What the outbox keeps of one alarm: enough to go on with it in another life of the process. */
export const alarmRecord = z.object({
  name: signalName,
  digest: z.string(),
  facts: signalFacts,
  age_at_first_byte_ms: z.number().nonnegative(),
  stages: edgeStages,
  /** The primary centre has acknowledged it, by whichever path. Never taken back. */
  delivered: z.boolean(),
  /** What the cloud last said that it holds, and in which of its epochs; null: it has said nothing. */
  cloud: z
    .object({ epoch: z.string(), state: z.enum(['stored', 'delivered']), reported: z.int().min(0) })
    .nullable(),
  /** Receipts that the cloud has told of, and those that the edge got by itself. */
  centres: z.array(centreReceipt),
  direct: z.array(centreReceipt),
  log_head: z.string().nullable(),
  /** What the lamp should say, and what the unit has confirmed that it says. */
  lamp: lampState,
  lamp_confirmed: lampState.nullable(),
  /** Of the report: raised with everything that it has to say. 0: nothing to report yet. */
  revision: z.int().min(0),
  /** The cloud's epoch in which it answered `refused`. */
  refused_in: z.string().nullable(),
  /** The cloud has said that nobody tries any more: a person ended it, or a proof ended at the door. */
  ended: z.boolean().default(false),
  /** Of a probe that no receipt will end (see the report of `protocols/messages/alarm.ts`). */
  proof: z.enum(['door', 'none']).optional(),
  /** Of a sum: its latest presses, whose lamps follow it. */
  presses: z.array(origin).optional(),
});
export type AlarmRecord = z.infer<typeof alarmRecord>;

/** Of an alarm that was raised a moment ago. */
export function newRecord(name: SignalName, facts: SignalFacts, ageMs: number): AlarmRecord {
  return {
    name,
    digest: digestOf(facts),
    facts,
    age_at_first_byte_ms: ageMs,
    stages: { first_byte: 0 },
    delivered: false,
    cloud: null,
    centres: [],
    direct: [],
    log_head: null,
    lamp: 'received',
    lamp_confirmed: null,
    revision: 0,
    refused_in: null,
    ended: false,
  };
}
