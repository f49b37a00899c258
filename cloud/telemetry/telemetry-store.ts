import type { z } from 'zod';
import type { apiTelemetry } from '#protocols/api.ts';
import type { Point } from '#protocols/messages/telemetry.ts';

/** Where a point came from. */
export interface TelemetrySource {
  campus: string;
  gateway: string;
}

export interface TelemetryQuestion {
  /** `gateway/device`: a device's id alone is unique within its gateway only. */
  device: string;
  field: string;
  /** UTC ms; `from` is included, `to` is not. */
  from: number;
  to: number;
  /** Length of a bucket, ms. Buckets lie on whole multiples of it since 1970. */
  everyMs: number;
}

export type TelemetryBucket = z.infer<typeof apiTelemetry>;

/** The embedded store and InfluxDB answer alike: one test suite runs over both. */
export interface TelemetryStore {
  /**
   * Resolves when the points are stored, or durably queued for a database that is away. The same point twice
   * (device, field, time) is one. Rejects when neither was possible: the gateway keeps them and sends again.
   */
  write(source: TelemetrySource, points: readonly Point[]): Promise<void>;
  /** In order of time. Rejects with a `TelemetryUnavailable` when the database cannot be asked now. */
  query(question: TelemetryQuestion): Promise<TelemetryBucket[]>;
  close(): Promise<void>;
}

export class TelemetryUnavailable extends Error {}
