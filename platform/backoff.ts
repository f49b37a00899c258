import type { Randomness } from './ports.ts';

export interface BackoffOptions {
  /** Ceiling of the first delay, in milliseconds. */
  firstMs: number;
  /** No delay is above this, in milliseconds. */
  maxMs: number;
}

export interface Backoff {
  /** Milliseconds to wait before the next try. */
  next(): number;
  /** Begins again at `firstMs`: call it when a try has held. */
  reset(): void;
}

/**
 * Exponential back-off with full jitter: each delay is uniform below a doubling ceiling, so that a campus which
 * lost its power does not come back in step ("Exponential Backoff And Jitter", AWS Architecture Blog, 2015).
 * A tenth of the ceiling is the least, lest a run of small draws become a busy loop.
 */
export function backoff({ firstMs, maxMs }: BackoffOptions, random: Randomness): Backoff {
  let ceiling = Math.min(firstMs, maxMs);
  return {
    next() {
      const delay = ceiling * (0.1 + 0.9 * random.fraction());
      ceiling = Math.min(maxMs, ceiling * 2);
      return delay;
    },
    reset() {
      ceiling = Math.min(firstMs, maxMs);
    },
  };
}
