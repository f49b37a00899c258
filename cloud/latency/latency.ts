import type { Clock } from '#platform/ports.ts';
import type { ApiLatency } from '#protocols/api.ts';
import type { Mode } from '#protocols/signal.ts';
import type { Store } from '../store/store.ts';
import { type PassageRow, passageColumns, passageOf } from './passage.ts';
import { countedAs, percentile } from './stages.ts';

/** Percentiles of press to 110 over the alarms that came in within the last `windowMs`. */
export async function latencyOf(
  parts: { store: Store; clock: Clock; boundMs: number },
  asked: { campus: string | null; windowMs: number; mode: Mode },
): Promise<ApiLatency> {
  const now = parts.clock.wall();
  const from = now - asked.windowMs;
  const rows = await parts.store.read<PassageRow & { crossed_restart: number }>(
    `SELECT ${passageColumns}, crossed_restart FROM signals
     WHERE ingested_at >= ? AND same_as IS NULL AND mode = ? ${asked.campus === null ? '' : 'AND campus = ?'}`,
    [from, asked.mode, ...(asked.campus === null ? [] : [asked.campus])],
  );
  const figures = rows.map((row) => countedAs(passageOf(row), now)).sort((a, b) => a - b);
  return {
    campus: asked.campus,
    from: Math.round(from),
    to: Math.round(now),
    bound_ms: parts.boundMs,
    count: rows.length,
    undelivered: rows.filter((row) => row.delivered_at === null).length,
    crossed_restart: rows.filter((row) => row.crossed_restart === 1).length,
    breaches: figures.filter((ms) => ms > parts.boundMs).length,
    p50_ms: percentile(figures, 50),
    p95_ms: percentile(figures, 95),
    p99_ms: percentile(figures, 99),
  };
}
