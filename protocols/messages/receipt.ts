import { z } from 'zod';
import { signalName } from '../signal.ts';
import { centreReceipt } from './alarm.ts';

const answer = {
  /** Changes when the cloud's store is new or restored: what it held before may be gone. */
  cloud_epoch: z.string(),
  received_at: z.int(),
  sent_at: z.int(),
};

/** The cloud's answer to every copy (receipt lane, down): the state it holds, never less than it held before. */
export const alarmReceipt = z.object({
  ...answer,
  kind: z.literal('alarm-receipt'),
  name: signalName,
  digest: z.string(),
  /** `ended`: not delivered, and no longer tried: a person ended it, or a probe's proof ends at the door. */
  state: z.enum(['stored', 'delivered', 'ended']),
  centres: z.array(centreReceipt),
  /** Of the copy that this answers; null when the receipt comes unasked (110 has just answered). */
  echo_sent_at: z.int().nullable(),
  /** The highest report revision that the cloud has committed; 0 when none. */
  reported: z.int().min(0),
  /** Head of the incident's hash chain, so that two parties hold it. */
  log_head: z.string().nullable(),
});
export type AlarmReceipt = z.infer<typeof alarmReceipt>;

/** "I cannot read this": names the SHA-256 (hex) of the payload. The same shape in every version. */
export const refusedReceipt = z.object({
  ...answer,
  kind: z.literal('refused'),
  sha256: z.string(),
  reason: z.string(),
});
export type RefusedReceipt = z.infer<typeof refusedReceipt>;

/** After a start the cloud asks for the edge's word on alarms that it holds without a receipt. */
export const wordQuestion = z.object({
  ...answer,
  kind: z.literal('word'),
  names: z.array(signalName).max(100),
});

/** Answer to a birth or heartbeat: what the cloud knows of this gateway's epoch (a higher n = rewound outbox). */
export const birthAnswer = z.object({
  ...answer,
  kind: z.literal('birth-answer'),
  session: z.string(),
  echo_sent_at: z.int(),
  epoch: z.string(),
  highest_n: z.int().min(0),
});

/**
 * How fast a gateway may send telemetry while the cloud is overloaded. `sampled` keeps one batch in
 * `keep_one_in`, `refused` keeps none; both count what they drop. Alarms know no pace.
 */
export const telemetryPace = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('free') }),
  z.object({ kind: z.literal('slowed'), batches_per_s: z.number().positive() }),
  z.object({ kind: z.literal('sampled'), batches_per_s: z.number().positive(), keep_one_in: z.int().min(2) }),
  z.object({ kind: z.literal('refused'), for_ms: z.int().positive() }),
]);
export type TelemetryPace = z.infer<typeof telemetryPace>;

/**
 * Cumulative: all of this gateway's telemetry up to and including `n` of `epoch` is stored, or said to be gone.
 * `missing` are ranges (first and last n) that later batches have overtaken: they are asked for again.
 */
export const telemetryReceipt = z.object({
  ...answer,
  kind: z.literal('telemetry-receipt'),
  epoch: z.string(),
  n: z.int().min(0),
  missing: z
    .array(z.tuple([z.int().min(1), z.int().min(1)]))
    .max(20)
    .default([]),
  pace: telemetryPace.default({ kind: 'free' }),
});

export const receiptLaneMessage = z.discriminatedUnion('kind', [
  alarmReceipt,
  refusedReceipt,
  wordQuestion,
  birthAnswer,
  telemetryReceipt,
]);
export type ReceiptLaneMessage = z.infer<typeof receiptLaneMessage>;
