import type { z } from 'zod';
import type { SqlValue } from '#platform/ports.ts';
import type { apiAlertLoad } from '#protocols/api.ts';
import type { Store } from '../store/store.ts';

const bucketMs = 600_000;
/** ISA-18.2-2016, 16.5: more than ten in ten minutes is an alarm flood. */
const floodFrom = 11;

/** Alerts that opened in each ten minutes of `[from, to)`; both are moved out to whole ten minutes. */
export async function alertLoad(
  store: Store,
  asked: { from: number; to: number; where: string; params: readonly SqlValue[] },
): Promise<z.infer<typeof apiAlertLoad>> {
  const from = Math.floor(asked.from / bucketMs) * bucketMs;
  const to = Math.ceil(asked.to / bucketMs) * bucketMs;
  const rows = await store.read<{ bucket: number; opened: number }>(
    `SELECT opened_at / ${bucketMs} AS bucket, COUNT(*) AS opened FROM alerts
     WHERE opened_at >= ? AND opened_at < ? AND ${asked.where} GROUP BY bucket`,
    [from, to, ...asked.params],
  );
  const counted = new Map(rows.map(({ bucket, opened }) => [bucket, opened]));
  const items = Array.from({ length: (to - from) / bucketMs }, (_, i) => ({
    at: from + i * bucketMs,
    opened: counted.get(from / bucketMs + i) ?? 0,
  }));
  const sum = items.reduce((total, { opened }) => total + opened, 0);
  return {
    from,
    to,
    items,
    mean: items.length === 0 ? 0 : sum / items.length,
    most: Math.max(0, ...items.map(({ opened }) => opened)),
    floods: items.filter(({ opened }) => opened >= floodFrom).length,
    flood_from: floodFrom,
  };
}
