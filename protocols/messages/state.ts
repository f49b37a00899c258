import { z } from 'zod';
import { id } from '../signal.ts';
import { offsetEstimate } from './alarm.ts';
import { bilingual } from './bilingual.ts';
import { deviceActName } from './command.ts';

/** What a driver says of a device. `unknown` is the cloud's own word, never the edge's. */
export const deviceHealth = z.discriminatedUnion('state', [
  z.object({ state: z.literal('good') }),
  z.object({ state: z.literal('fault'), reason: bilingual }),
  z.object({ state: z.literal('offline'), reason: bilingual }),
]);
export type DeviceHealth = z.infer<typeof deviceHealth>;

export const deviceKind = z.enum([
  'button',
  'camera',
  'smoke',
  'heat',
  'gas',
  'carbon-monoxide',
  'electrical',
  'water',
  /** A dry contact on an input module that is none of the others. */
  'input',
  /** An intruder alarm panel, or one of its zones. */
  'panel',
  /** A user information transmission device of fire protection (GB/T 26875), or one of its points. */
  'fire-panel',
  'gate',
  'barrier',
  'turnstile',
  'card-reader',
  /** Measures something and raises nothing. */
  'sensor',
  /** An uninterruptible power supply. */
  'ups',
  'gateway',
  'direct-path',
]);
export type DeviceKind = z.infer<typeof deviceKind>;

export const deviceReport = z.object({
  id,
  kind: deviceKind,
  driver: z.string(),
  heartbeat_s: z.number().positive(),
  /** Null: not heard since the edge started. Otherwise ms since the device last gave proof of life. */
  heard_ago_ms: z.number().nonnegative().nullable(),
  health: deviceHealth.nullable(),
  /** Whether the wire to it (tty, socket) is open. */
  line_open: z.boolean(),
  /** The wire (an address), where others hang on it too: what fails together has one cause. */
  wire: z.string().max(300).optional(),
  /** What the device says of itself: battery, firmware, clock drift. */
  facts: z.record(z.string(), z.union([z.string(), z.number(), z.boolean()])),
  /** What it can be asked to do. */
  acts: z.array(deviceActName).default([]),
});
export type DeviceReport = z.infer<typeof deviceReport>;

/** First message of a session: who is here, with every device that the edge's file names. */
export const birth = z.object({
  kind: z.literal('birth'),
  session: z.string(),
  sent_at: z.int(),
  /** Of the alarm outbox, and the highest n that it has used: tells a rewound outbox. */
  epoch: z.string(),
  highest_n: z.int().min(0),
  version: z.string(),
  account: z.string(),
  /** `planDigest` of the picture plan that it holds, '' for none; left out where it sends no pictures. */
  picture_plan: z.string().max(64).optional(),
  devices: z.array(deviceReport),
});
export type Birth = z.infer<typeof birth>;

/** The broker's word that the session named in it has ended. A will of any other session is ignored. */
export const will = z.object({ kind: z.literal('will'), session: z.string() });

/** The gateway is stopped on purpose (an update, a person): said before the connection is closed in order. */
export const goodbye = z.object({ kind: z.literal('goodbye'), session: z.string() });

/** The gateway lives (default every 5 s), with what has changed or been heard since the last one. */
export const heartbeat = z.object({
  kind: z.literal('heartbeat'),
  session: z.string(),
  /** Dense within the session, from 1, so that a lost heartbeat (and its news) is noticed: the cloud asks for a birth. */
  n: z.int().min(1).optional(),
  sent_at: z.int(),
  offset: offsetEstimate.nullable(),
  /** Alarms in the outbox that have not left yet. */
  pending_alarms: z.int().min(0),
  /** Ids of the declared drills that hold now. */
  drills: z.array(id).optional(),
  devices: z.array(deviceReport),
});
export type Heartbeat = z.infer<typeof heartbeat>;

/** Something the gateway wants people to know (two cloned cards, a disk that does not answer, …). */
export const notice = z.object({
  kind: z.literal('notice'),
  session: z.string(),
  code: z.string(),
  subject: z.string(),
  /** False: it is over. */
  open: z.boolean(),
  text: bilingual,
});
export type Notice = z.infer<typeof notice>;

export const stateLaneMessage = z.discriminatedUnion('kind', [birth, will, goodbye, heartbeat, notice]);
export type StateLaneMessage = z.infer<typeof stateLaneMessage>;
