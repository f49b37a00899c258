import { z } from 'zod';
import { TelemetryUnavailable } from './telemetry-store.ts';
import type { TelemetryBucket, TelemetryQuestion } from './telemetry-store.ts';

/** The question in InfluxQL, with its values as bound parameters. */
export function influxQl({ device: point, field, from, to, everyMs }: TelemetryQuestion): {
  q: string;
  params: string;
} {
  const [gateway = '', device = ''] = point.split('/');
  const f = `"${field.replaceAll(/[^a-z0-9_]/g, '')}"`;
  return {
    q: `SELECT MEAN(${f}), MIN(${f}), MAX(${f}), COUNT(${f}) FROM "telemetry"
        WHERE "gateway" = $gateway AND "device" = $device AND time >= ${from}ms AND time < ${to}ms
        GROUP BY time(${everyMs}ms) fill(none)`,
    params: JSON.stringify({ gateway, device }),
  };
}

const row = z.tuple([z.number(), z.number(), z.number(), z.number(), z.number()]);
const answer = z.object({
  results: z
    .array(
      z.object({
        error: z.string().optional(),
        series: z.array(z.object({ values: z.array(row) })).optional(),
      }),
    )
    .min(1),
});

export function influxQlBuckets(body: string): TelemetryBucket[] {
  const [result] = answer.parse(JSON.parse(body)).results;
  // Before the first point there is no database: it holds nothing.
  if (result!.error?.startsWith('database not found')) return [];
  if (result!.error !== undefined) throw new TelemetryUnavailable(`InfluxDB says: ${result!.error}`);
  return (result!.series?.[0]?.values ?? []).map(([at, mean, min, max, count]) => ({
    at,
    mean,
    min,
    max,
    count,
  }));
}
