import { createHash } from 'node:crypto';
import { z } from 'zod';

/** Ids that are written by people: campus, gateway, device, centre, door. Safe as one MQTT topic level. */
export const id = z
  .string()
  .regex(/^[a-z0-9](?:[a-z0-9-]{0,62}[a-z0-9])?$/, 'use 1 to 64 of a-z, 0-9 and inner hyphens');

/** What a signal is, on every hop: only a frame of type `test` is a test; in every doubt an alarm is real. */
export const mode = z.enum(['real', 'test', 'drill', 'probe']);
export type Mode = z.infer<typeof mode>;

/**
 * What happened. `sum` stands for many plain presses of one point; `probe` is a scheduled end-to-end test;
 * `panel` is an alarm panel's own event, which brings its Contact ID code. The rest are levels of sensors.
 */
export const signalType = z.enum([
  'press',
  'long-press',
  'second-press',
  'duress',
  'test',
  'sum',
  'probe',
  'panel',
  'fire',
  'smoke',
  'heat',
  'gas',
  'carbon-monoxide',
  'call-point',
  'intrusion',
  'tamper',
  'water',
]);
export type SignalType = z.infer<typeof signalType>;

/** What the button's lamp can say: durable somewhere, acknowledged by the primary centre, or not in time. */
export const lampState = z.enum(['received', 'delivered', 'failed']);
export type LampState = z.infer<typeof lampState>;

/**
 * (gateway, epoch, lane, n): the name under which a signal lives on every hop. `n` only grows within an
 * epoch; an epoch is the life of one outbox file.
 */
export const signalName = z.object({
  gateway: id,
  epoch: z.string().regex(/^[0-9a-f]{16}$/),
  lane: z.literal('alarm'),
  n: z.int().min(1).max(Number.MAX_SAFE_INTEGER),
});
export type SignalName = z.infer<typeof signalName>;

/** `gateway.epoch.alarm.n`: the name as one string, as in logs, URLs and Idempotency-Key. */
export function nameText(name: SignalName): string {
  return `${name.gateway}.${name.epoch}.${name.lane}.${name.n}`;
}

/** The finger itself, wherever its frames travel: what edge and cloud deduplicate presses by, for 30 days. */
export const origin = z.object({
  serial: z.int().min(0).max(0xffff_ffff),
  boot: z.int().min(0).max(0xffff),
  counter: z.int().min(0).max(0xffff),
  type: signalType,
});
export type Origin = z.infer<typeof origin>;

/** `serial-boot-counter-type`: the key of the UNIQUE columns by which presses are deduplicated. */
export function originText(o: Origin): string {
  return `${o.serial.toString(16).padStart(8, '0')}-${o.boot}-${o.counter}-${o.type}`;
}

/** Contact ID account (3 to 16 hex digits) and zone (001 to 999): how a centre's database knows the point. */
export const account = z.string().regex(/^[0-9A-F]{3,16}$/, 'use 3 to 16 of 0-9 and A-F');
export const zone = z.int().min(1).max(999);
/** Contact ID event, three digits (SIA DC-05). */
export const eventCode = z.string().regex(/^[1-9][0-9]{2}$/);

/** The plain presses that one `sum` stands for. */
export const summed = z.object({ count: z.int().min(1), first: origin, last: origin });
export type Summed = z.infer<typeof summed>;

/** What never changes in a signal. Its digest is one half of the signal's identity. */
export const signalFacts = z.object({
  type: signalType,
  device: id,
  mode,
  /** UTC milliseconds of the press by the cloud's clock as the edge knew it; fixed at the press. */
  occurred_at: z.int(),
  /** False: the gateway's clock was never compared with the cloud's, so the frame to 110 carries no [H]. */
  clock_known: z.boolean(),
  account,
  zone,
  code: eventCode,
  origin: origin.nullable(),
  /** Of a `sum` only. */
  sum: summed.optional(),
  /** Of a probe only: the path that it proves. */
  route: z.enum(['cloud', 'direct']).optional(),
});
export type SignalFacts = z.infer<typeof signalFacts>;

/** SHA-256 (hex) over the facts in a fixed order; receipts with another digest are not for this signal. */
export function digestOf(f: SignalFacts): string {
  const fields = [
    f.type,
    f.device,
    f.mode,
    f.occurred_at,
    f.clock_known,
    f.account,
    f.zone,
    f.code,
    f.origin === null ? null : originText(f.origin),
    // Only where they are: the digest of an alarm that has neither never changes.
    ...(f.sum ? [`sum ${f.sum.count} ${originText(f.sum.first)} ${originText(f.sum.last)}`] : []),
    ...(f.route ? [`route ${f.route}`] : []),
  ];
  return createHash('sha256').update(JSON.stringify(fields)).digest('hex');
}

/** DC-09 counts 0001 to 9999. */
export const sequences = 9999;

/** DC-09 sequence number of an alarm, 1 to 9999: the same on both paths, because it follows from the name. */
export function sequenceOf(name: SignalName): number {
  return 1 + ((name.n - 1) % sequences);
}
