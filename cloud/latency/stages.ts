import type { z } from 'zod';
import type { stage } from '#protocols/api.ts';
import { stageNames } from '#protocols/api.ts';
import type { EdgeStages } from '#protocols/messages/alarm.ts';

/** What the cloud has recorded of one alarm's way. Instants are UTC ms of the cloud's clock. */
export interface Passage {
  age_at_first_byte_ms: number;
  /** Where the first byte lies on the cloud's clock, by the edge's offset estimate. */
  first_byte_at: number;
  ingested_at: number;
  committed_at: number;
  dispatched_at: number | null;
  delivered_at: number | null;
  edge: EdgeStages;
}

/**
 * The waterfall: every stage reached, in ms since the first byte. The edge's own are exact (one monotonic
 * clock); the cloud's carry the error of the offset estimate and may even lie before an edge's.
 */
export function stagesOf(passage: Passage): z.infer<typeof stage>[] {
  const at = (instant: number | null) => (instant === null ? undefined : instant - passage.first_byte_at);
  const ms = {
    ...passage.edge,
    ingested: at(passage.ingested_at),
    committed: at(passage.committed_at),
    dispatched: at(passage.dispatched_at),
  };
  return stageNames.flatMap((name) => (ms[name] === undefined ? [] : [{ name, ms: ms[name] }]));
}

/**
 * The figure of record, ms: age of the press at its first byte + the edge's own loop until it knew of 110's
 * receipt. One clock each, no offset estimate. Null until the edge has told it.
 */
export function totalOf(passage: Pick<Passage, 'age_at_first_byte_ms' | 'edge'>): number | null {
  const { delivered } = passage.edge;
  return delivered === undefined ? null : passage.age_at_first_byte_ms + delivered;
}

/**
 * What an alarm counts as in statistics: the figure of record; until the edge has told it, the cloud's own
 * receipt placed by the offset estimate; without any receipt its age so far. So nothing slow is ever left out.
 */
export function countedAs(passage: Passage, now: number): number {
  const total = totalOf(passage);
  if (total !== null) return total;
  const until = passage.delivered_at ?? now;
  return passage.age_at_first_byte_ms + Math.max(0, until - passage.first_byte_at);
}

/**
 * Nearest-rank percentile: the smallest value that at least `p` percent of the values do not exceed. It is
 * always a value that occurred. Null for none.
 */
export function percentile(sorted: readonly number[], p: number): number | null {
  return sorted[Math.max(0, Math.ceil((p / 100) * sorted.length) - 1)] ?? null;
}
