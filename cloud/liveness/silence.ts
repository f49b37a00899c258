/**
 * Who has not been heard of for too long: a timing wheel (Varghese and Lauck 1987, scheme 6). To hear from
 * one costs the same whatever the number of others, and finding the silent ones costs only the silent ones.
 */
export class SilenceWatch<K> {
  readonly #slotMs: number;
  readonly #slots = new Map<number, Set<K>>();
  readonly #slotOf = new Map<K, number>();
  #swept: number;
  /** Slots and keys touched so far: what the cost is counted by. */
  operations = 0;

  /** `now` and all deadlines are milliseconds of one clock that only goes forward. */
  constructor(now: number, slotMs = 500) {
    this.#slotMs = slotMs;
    this.#swept = Math.floor(now / slotMs);
  }

  has(key: K): boolean {
    return this.#slotOf.has(key);
  }

  /** `key` is silent once `deadline` passes (told at most one slot later). Replaces its earlier deadline. */
  expect(key: K, deadline: number): void {
    this.forget(key);
    const slot = Math.max(Math.ceil(deadline / this.#slotMs), this.#swept + 1);
    const keys = this.#slots.get(slot);
    if (keys === undefined) this.#slots.set(slot, new Set([key]));
    else keys.add(key);
    this.#slotOf.set(key, slot);
    this.operations += 1;
  }

  forget(key: K): void {
    const slot = this.#slotOf.get(key);
    if (slot === undefined) return;
    this.#slotOf.delete(key);
    const keys = this.#slots.get(slot);
    keys?.delete(key);
    if (keys?.size === 0) this.#slots.delete(slot);
    this.operations += 1;
  }

  /** Those whose deadline has passed; each is told once, and is then no longer watched. */
  due(now: number): K[] {
    const silent: K[] = [];
    for (const until = Math.floor(now / this.#slotMs); this.#swept < until; this.operations += 1) {
      this.#swept += 1;
      for (const key of this.#slots.get(this.#swept) ?? []) {
        this.#slotOf.delete(key);
        silent.push(key);
      }
      this.#slots.delete(this.#swept);
    }
    this.operations += silent.length;
    return silent;
  }
}

/** Longer than this without a look at the clock means that this process itself stood still, ms. */
const stalledAfterMs = 2_000;

/**
 * Monotonic time in which this process was attentive. A cloud that was stopped for a minute (a suspended
 * machine, a debugger, a full disk) must not blame the campuses for the minute in which it did not listen.
 */
export class AttentiveTime {
  readonly #monotonic: () => number;
  #last: number;
  #stalled = 0;

  constructor(monotonic: () => number) {
    this.#monotonic = monotonic;
    this.#last = monotonic();
  }

  /** Milliseconds; call it at every message and every sweep. */
  now(): number {
    const now = this.#monotonic();
    const gap = now - this.#last;
    if (gap > stalledAfterMs) this.#stalled += gap;
    this.#last = now;
    return now - this.#stalled;
  }
}
