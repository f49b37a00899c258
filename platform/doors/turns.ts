import type { Clock } from '#platform/ports.ts';

/**
 * So many may do something at once; the others wait, first come first served, `patienceMs` at most. Not limited in
 * number: it holds only what waits, for that time.
 */
export class Turns {
  readonly #clock: Clock;
  readonly #patienceMs: number;
  readonly #waiting = new Set<(got: boolean) => void>();
  #free: number;

  constructor(count: number, clock: Clock, patienceMs: number) {
    this.#free = count;
    this.#clock = clock;
    this.#patienceMs = patienceMs;
  }

  /** True: it is your turn, and you will `pass` it on. False: there was none in time, or it is closed. */
  async take(): Promise<boolean> {
    if (this.#free > 0) {
      this.#free--;
      return true;
    }
    return new Promise((settle) => {
      const waiting = (got: boolean): void => {
        cancel();
        this.#waiting.delete(waiting);
        settle(got);
      };
      const cancel = this.#clock.after(this.#patienceMs, () => waiting(false));
      this.#waiting.add(waiting);
    });
  }

  pass(): void {
    const [next] = this.#waiting;
    if (next) next(true);
    else this.#free++;
  }

  close(): void {
    for (const waiting of this.#waiting) waiting(false);
  }
}
