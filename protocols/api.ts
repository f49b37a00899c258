import { z } from 'zod';
import { apiAlert, apiMaintenance } from './api-alerts.ts';
import { apiVerdict } from './api-four-hundred.ts';
import { apiInventoryNow } from './api-inventory.ts';
import { apiCommand, apiDrill } from './api-commands.ts';
import { centreReceipt } from './messages/alarm.ts';
import { bilingual } from './messages/bilingual.ts';
import { deviceActName } from './messages/command.ts';
import { deviceKind } from './messages/state.ts';
import { id, lampState, mode, signalType, summed } from './signal.ts';

export { type ApiCommand, apiCommand, type ApiDrill, apiDrill } from './api-commands.ts';
export * from './api-alerts.ts';

/** Every step of a press on its way to 110 and back, in order. */
export const stageNames = [
  'first_byte',
  'decoded',
  'stored_edge',
  'published',
  'ingested',
  'committed',
  'dispatched',
  'delivered',
  'lamp',
] as const;
export const stageName = z.enum(stageNames);

/** Milliseconds since the first byte; the cloud's own stages are placed by the clock offset estimate. */
export const stage = z.object({ name: stageName, ms: z.number() });

/** Campus, gateway and device with the names that people call them by (null: not in the cloud's campus file). */
export const place = z.object({
  campus: id,
  campus_name: bilingual.nullable(),
  gateway: id,
  device: id,
  device_name: bilingual.nullable(),
  /** Where it is: each only as far as the campus file says. */
  address: bilingual.optional(),
  building: bilingual.optional(),
  storey: bilingual.optional(),
  room: bilingual.optional(),
  /** The cameras that look there, nearest first; left out where there are none. */
  cameras: z
    .array(z.object({ gateway: id, device: id, name: bilingual, picture_url: z.string().nullable() }))
    .optional(),
});

export const probeRoute = z.enum(['cloud', 'direct']);

/** Whether it reached 110 in time: `late` is over five minutes after the press. */
export const apiAlarm = z.object({
  id: z.string(),
  place,
  type: signalType,
  mode,
  account: z.string(),
  zone: z.int(),
  code: z.string(),
  sequence: z.int(),
  occurred_at: z.int(),
  received_at: z.int(),
  /** Of its facts, fixed at the press: with its name, what tells two alarms apart. */
  digest: z.string(),
  /** `originText` of the press (serial-boot-counter-type); null for levels. */
  origin: z.string().nullable(),
  incident: z.int().nullable(),
  /** Of a sum: the plain presses that it stands for. */
  sum: summed.nullable(),
  /** Of a probe: the path that it proves. */
  route: probeRoute.nullable(),
  /** `ended`: not delivered, and no longer tried; `ended` says who ended it and why. */
  state: z.enum(['stored', 'delivered', 'ended']),
  ended: z.object({ by: z.string(), reason: z.string(), at: z.int() }).nullable(),
  late: z.boolean(),
  /** Timings that crossed a restart of the edge rest on wall clocks. */
  crossed_restart: z.boolean(),
  lamp: lampState.nullable(),
  centres: z.array(centreReceipt),
  /**
   * The figure of record: age of the press at its first byte + the edge's own loop until it knew of 110's
   * receipt, ms. Null until then.
   */
  total_ms: z.number().nullable(),
  age_at_first_byte_ms: z.number(),
  stages: z.array(stage),
});
export type ApiAlarm = z.infer<typeof apiAlarm>;

/** One try of a centre's door, and what came of it: `receipt`, or the door's fault and its own words. */
export const apiAttempt = z.object({
  centre: id,
  door: id,
  at: z.int(),
  outcome: z.string(),
  reason: z.string(),
});
/** One alarm by its name: with the newest of its attempts, oldest first. */
export const apiAlarmInFull = apiAlarm.extend({ attempts: z.array(apiAttempt) });

/** How far a probe was proved, in the order of the way; `door`: the centre takes no tests, and its door answers. */
export const provedUpTo = z.enum(['nothing', 'edge', 'cloud', 'door', 'centre']);

/** The last good proof of a device on one path. */
export const apiProof = z.object({
  route: probeRoute,
  at: z.int(),
  proved: provedUpTo,
  latency_ms: z.number().nullable(),
});

/** `unknown`: nobody can say now (its gateway is cut off, or it has not spoken since the cloud started). */
export const deviceState = z.enum(['good', 'alarm', 'fault', 'offline', 'unknown']);
export const apiDevice = z.object({
  place,
  kind: deviceKind.nullable(),
  driver: z.string().nullable(),
  state: deviceState,
  /** Why, when it is not good. */
  reason: bilingual.nullable(),
  since: z.int(),
  /** UTC ms of the last proof of life by the cloud's clock; null: never since this cloud started. */
  heard_at: z.int().nullable(),
  heartbeat_s: z.number().nullable(),
  line_open: z.boolean().nullable(),
  facts: z.record(z.string(), z.union([z.string(), z.number(), z.boolean()])),
  /** What it can be asked to do. */
  acts: z.array(deviceActName),
  /** Its last good proof end to end on each path. */
  proofs: z.array(apiProof),
  /** `unlisted`: only the edge's file names it; `missing`: only the cloud's campus file does. */
  listing: z.enum(['listed', 'unlisted', 'missing']),
});
export type ApiDevice = z.infer<typeof apiDevice>;

export const apiGateway = z.object({
  campus: id,
  gateway: id,
  state: z.enum(['online', 'offline', 'unknown']),
  since: z.int(),
  heard_at: z.int().nullable(),
  version: z.string().nullable(),
  pending_alarms: z.int().nullable(),
  clock_offset_ms: z.number().nullable(),
  clock_error_ms: z.number().nullable(),
});
export type ApiGateway = z.infer<typeof apiGateway>;

export const apiCentre = z.object({
  id,
  /** What people call it; null: the cloud's file gives it no name. */
  name: bilingual.nullable(),
  primary: z.boolean(),
  doors: z.array(
    z.object({
      id,
      kind: z.string(),
      supervision: z.enum(['unknown', 'answering', 'silent']),
      since: z.int().nullable(),
      round_trip_ms: z.number().nullable(),
    }),
  ),
});
export type ApiCentre = z.infer<typeof apiCentre>;

export const apiIncident = z.object({
  id: z.int(),
  campus: id,
  gateway: id,
  device: id,
  opened_at: z.int(),
  acknowledged_by: z.string().nullable(),
  acknowledged_at: z.int().nullable(),
  resolved_by: z.string().nullable(),
  resolved_at: z.int().nullable(),
  alarms: z.array(z.string()),
  /** Append-only, chained: each hash covers the one before. */
  log: z.array(
    z.object({ at: z.int(), step: z.string(), detail: z.record(z.string(), z.unknown()), hash: z.string() }),
  ),
});
export type ApiIncident = z.infer<typeof apiIncident>;

export const apiLatency = z.object({
  campus: z.string().nullable(),
  from: z.int(),
  to: z.int(),
  bound_ms: z.number(),
  /** Alarms in the window; those without a receipt count with their age so far. */
  count: z.int(),
  undelivered: z.int(),
  crossed_restart: z.int(),
  breaches: z.int(),
  p50_ms: z.number().nullable(),
  p95_ms: z.number().nullable(),
  p99_ms: z.number().nullable(),
});
export type ApiLatency = z.infer<typeof apiLatency>;

export const apiReadiness = z.object({
  ready: z.boolean(),
  /** What is still missing, in words for people. */
  waiting_for: z.array(bilingual),
});

/** One bucket of a measured field that begins at `at` (UTC ms); buckets without a point are left out. */
export const apiTelemetry = z.object({
  at: z.int(),
  mean: z.number(),
  min: z.number(),
  max: z.number(),
  count: z.int(),
});

export const apiQuarantined = z.object({
  id: z.int(),
  at: z.int(),
  topic: z.string(),
  reason: z.string(),
  sha256: z.string(),
  size: z.int(),
  /** The first bytes, hex. */
  head: z.string(),
});

/** A scheduled probe: a self-test of the button, and its signal's way as far as its centre allows. */
export const apiProbe = z.object({
  id: z.int(),
  place,
  route: probeRoute,
  asked_at: z.int(),
  done_at: z.int().nullable(),
  self_test: z.enum(['passed', 'failed']).nullable(),
  /** Name of its signal. */
  alarm: z.string().nullable(),
  proved: provedUpTo,
  ok: z.boolean(),
  latency_ms: z.number().nullable(),
  /** Why it went no further. */
  why: z.string().nullable(),
});
export type ApiProbe = z.infer<typeof apiProbe>;

/**
 * One entry of the feed; each carries the whole thing as it is now, so that a reader only replaces. On the wire
 * (SSE) `event:` is its type and `data:` this whole object. `event: reset` means: start anew from the lists.
 */
export const feedEvent = z.discriminatedUnion('type', [
  z.object({ type: z.literal('alarm'), data: apiAlarm }),
  z.object({ type: z.literal('device'), data: apiDevice }),
  z.object({ type: z.literal('gateway'), data: apiGateway }),
  z.object({ type: z.literal('alert'), data: apiAlert }),
  z.object({ type: z.literal('centre'), data: apiCentre }),
  z.object({ type: z.literal('command'), data: apiCommand }),
  z.object({ type: z.literal('drill'), data: apiDrill }),
  z.object({ type: z.literal('probe'), data: apiProbe }),
  z.object({ type: z.literal('verdict'), data: apiVerdict }),
  z.object({ type: z.literal('maintenance'), data: apiMaintenance }),
  z.object({ type: z.literal('inventory'), data: apiInventoryNow }),
]);
export type FeedEvent = z.infer<typeof feedEvent>;

/** RFC 9457. */
export const problem = z.object({
  type: z.string(),
  title: z.string(),
  status: z.int(),
  detail: z.string().optional(),
  errors: z.array(z.object({ pointer: z.string(), detail: z.string() })).optional(),
});

export function itemsOf<T extends z.ZodType>(item: T) {
  return z.object({ items: z.array(item), next: z.string().nullable().optional() });
}
