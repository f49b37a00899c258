import type { Clock } from '#platform/ports.ts';

/** Waits of one process, all ended at once by `close`. */
export class Pauses {
  readonly #clock: Clock;
  readonly #pending = new Set<() => void>();
  #closed = false;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  get closed(): boolean {
    return this.#closed;
  }

  /** Resolves after `ms`, or at once when closed; so ask `closed` afterwards. */
  wait(ms: number): Promise<void> {
    if (this.#closed) return Promise.resolve();
    return new Promise((resolve) => {
      const end = () => {
        this.#pending.delete(end);
        cancel();
        resolve();
      };
      const cancel = this.#clock.after(ms, end);
      this.#pending.add(end);
    });
  }

  close(): void {
    this.#closed = true;
    for (const end of this.#pending) end();
  }
}
