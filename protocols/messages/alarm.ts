import { z } from 'zod';
import { id, lampState, signalFacts, signalName } from '../signal.ts';

/** A centre's receipt: the only thing that *delivered* may rest on. */
export const centreReceipt = z.object({
  centre: id,
  door: id,
  primary: z.boolean(),
  path: z.enum(['cloud', 'direct']),
  /** The centre's own words that name the alarm (for DC-09 the ACK's account and sequence). */
  reference: z.string(),
  /** UTC ms by the clock of whoever got it. */
  at: z.int(),
  /** The receipt's raw bytes, hex. */
  raw: z.string(),
});
export type CentreReceipt = z.infer<typeof centreReceipt>;

/** The edge's estimate of (cloud clock − edge clock), from the smallest round trip of the last 16 answers. */
export const offsetEstimate = z.object({ offset_ms: z.number(), error_ms: z.number().nonnegative() });
export type OffsetEstimate = z.infer<typeof offsetEstimate>;

/** Milliseconds since the first byte of the press, on the edge's monotonic clock; absent until reached. */
export const edgeStages = z.object({
  first_byte: z.literal(0),
  decoded: z.number().optional(),
  stored_edge: z.number().optional(),
  published: z.number().optional(),
  delivered: z.number().optional(),
  lamp: z.number().optional(),
});
export type EdgeStages = z.infer<typeof edgeStages>;

/** One copy of an alarm (alarm lane, up). Each copy is also the question "what do you hold of it?". */
export const alarmMessage = z.object({
  kind: z.literal('alarm'),
  session: z.string(),
  name: signalName,
  digest: z.string(),
  facts: signalFacts,
  /** Age of the press at the first byte, milliseconds, counted by the button itself. */
  age_at_first_byte_ms: z.number().nonnegative(),
  /** Milliseconds since the first byte when this copy was sent; null after a restart (`crossed_restart`). */
  since_first_byte_ms: z.number().nullable(),
  crossed_restart: z.boolean(),
  /** UTC ms by the edge's wall clock, echoed by every receipt. */
  sent_at: z.int(),
  offset: offsetEstimate.nullable(),
  stages: edgeStages,
  copy: z.int().min(1),
});
export type AlarmMessage = z.infer<typeof alarmMessage>;

/**
 * What the edge has to say of an alarm after the fact (alarm lane, up): direct receipts, how the loop closed.
 * A message of its own, resent until a receipt answers its `revision`; a higher revision replaces a lower one.
 */
export const alarmReport = z.object({
  kind: z.literal('report'),
  session: z.string(),
  name: signalName,
  digest: z.string(),
  revision: z.int().min(1),
  sent_at: z.int(),
  direct: z.array(centreReceipt),
  stages: edgeStages,
  lamp: lampState.nullable(),
  crossed_restart: z.boolean(),
  /**
   * Of a probe that no receipt will end. `door`: the centre takes no tests, but its receiver has answered our
   * supervision lately, so the way is proved up to the door. `none`: given up without a receipt.
   */
  proof: z.enum(['door', 'none']).optional(),
});
export type AlarmReport = z.infer<typeof alarmReport>;

export const alarmLaneMessage = z.discriminatedUnion('kind', [alarmMessage, alarmReport]);
export type AlarmLaneMessage = z.infer<typeof alarmLaneMessage>;
