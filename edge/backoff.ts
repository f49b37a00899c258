import type { Randomness } from '#platform/ports.ts';

export interface Pace {
  firstMs: number;
  capMs: number;
}

/**
 * The wait before try `attempt` (0 is the first repeat), milliseconds: doubled each time up to the cap, give or
 * take a quarter, so that many who failed together do not come back together.
 */
export function backoffMs(random: Randomness, pace: Pace, attempt: number): number {
  const base = Math.min(pace.capMs, pace.firstMs * 2 ** Math.min(attempt, 30));
  return base * (0.75 + random.fraction() / 2);
}
