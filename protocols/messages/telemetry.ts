import { z } from 'zod';
import { id } from '../signal.ts';

export const point = z.object({
  device: id,
  field: z.string().regex(/^[a-z][a-z0-9_]{0,40}$/),
  value: z.number(),
  unit: z.string().max(12),
  at: z.int(),
});
export type Point = z.infer<typeof point>;

/**
 * What happened at a device and is evidence, not an alarm. `details` hold what the kind needs (`check-in`: `card`,
 * `reader`; `operation`: `operator`, `what`), and never a person's name.
 */
export const recordKind = z.enum([
  'check-in',
  'opened',
  'closed',
  'passed',
  'operation',
  'component',
  'duty-poll',
  'motion',
  'scene',
  'storage',
  'rebooted',
  'self-test',
  'event',
]);
export const deviceRecord = z.object({
  device: id,
  kind: recordKind,
  /** UTC ms by the cloud's clock as the edge knows it. */
  at: z.int(),
  details: z.record(z.string(), z.union([z.string(), z.number(), z.boolean()])),
});
export type DeviceRecord = z.infer<typeof deviceRecord>;

/** Telemetry lane: one outbox row; n is dense within the epoch, so a gap can be seen. */
export const telemetryMessage = z.object({
  kind: z.literal('telemetry'),
  session: z.string(),
  epoch: z.string(),
  n: z.int().min(1),
  points: z.array(point).max(500),
  records: z.array(deviceRecord).max(500).default([]),
});
export type TelemetryMessage = z.infer<typeof telemetryMessage>;

/** Batches that the cloud may not wait for: the bound of the file, or a pace, has dropped them. */
export const telemetryGone = z.object({
  kind: z.literal('gone'),
  session: z.string(),
  epoch: z.string(),
  from: z.int().min(1),
  to: z.int().min(1),
  /** Values and records in them, where still known. */
  values: z.int().min(0),
  why: z.enum(['too-many', 'too-old', 'sampled', 'refused', 'unreadable']),
});
export type TelemetryGone = z.infer<typeof telemetryGone>;

export const telemetryLaneMessage = z.discriminatedUnion('kind', [telemetryMessage, telemetryGone]);
export type TelemetryLaneMessage = z.infer<typeof telemetryLaneMessage>;
