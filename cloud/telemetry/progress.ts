/** Ranges (first and last n) that are asked for in one receipt; the schema of the receipt allows no more. */
const rangesAtOnce = 20;
/** Messages of one epoch that are stored ahead of a gap and remembered; those beyond come again. */
const aheadLimit = 2_000;
/** Batches overtake one another on the way: a gap is asked for when it is older than this, ms. */
const gapIsOneAfterMs = 2_000;
/** A gap that its gateway answers neither with the batches nor with the word *gone* is no longer waited for, ms. */
export const gapGivenUpAfterMs = 600_000;

/** Up to which number all of an epoch is stored or known to be gone, and what is missing behind that. */
export class Progress {
  n: number;
  /** What came ahead of a gap. */
  readonly #ahead = new Set<number>();
  /** Monotonic time since which the first gap has been open; null without one. */
  #gapSince: number | null = null;

  constructor(n: number) {
    this.n = n;
  }

  /** True when it is stored already, or cannot be remembered: then it need not be written. */
  has(n: number): boolean {
    return n <= this.n || this.#ahead.has(n);
  }

  /** These are stored, or gone for good. */
  settled(from: number, to: number, now: number): void {
    if (from <= this.n + 1) this.n = Math.max(this.n, to);
    else for (let n = from; n <= to && this.#ahead.size < aheadLimit; n++) this.#ahead.add(n);
    const before = this.#ahead.size;
    for (const n of this.#ahead) if (n <= this.n) this.#ahead.delete(n);
    while (this.#ahead.delete(this.n + 1)) this.n += 1;
    if (this.#ahead.size === 0) this.#gapSince = null;
    else if (this.#gapSince === null || this.#ahead.size < before) this.#gapSince = now;
  }

  /** How long the first gap has been open, ms; 0 without one. */
  gapFor(now: number): number {
    return this.#gapSince === null ? 0 : now - this.#gapSince;
  }

  /** The gaps, oldest first, once they can be no mere overtaking. */
  missing(now: number): [number, number][] {
    return this.gapFor(now) < gapIsOneAfterMs ? [] : this.gaps().slice(0, rangesAtOnce);
  }

  gaps(): [number, number][] {
    const gaps: [number, number][] = [];
    let next = this.n + 1;
    for (const n of [...this.#ahead].toSorted((a, b) => a - b)) {
      if (n > next) gaps.push([next, n - 1]);
      next = n + 1;
    }
    return gaps;
  }
}
