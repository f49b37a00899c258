import { setImmediate as macrotask } from 'node:timers/promises';

interface Event {
  at: number;
  order: number;
  run: (() => void) | null;
}

export interface RunOptions {
  /** Virtual milliseconds at which to stop; the time then is exactly this. */
  until?: number;
  /** Asked before each event: goes on while true. */
  whileTrue?: () => boolean;
  /** Throws above this number of events: something runs in circles. Default one million. */
  maxEvents?: number;
}

/** The virtual time of a world and what is to happen in it, in order of time and then of insertion. */
export class Timeline {
  now = 0;
  events = 0;
  #order = 0;
  readonly #heap: Event[] = [];

  /** Runs `then` after `ms`. Returns what cancels it. */
  after(ms: number, then: () => void): () => void {
    if (!(ms >= 0)) throw new Error(`cannot wait for ${ms} ms`);
    const event: Event = { at: this.now + ms, order: this.#order++, run: then };
    this.#push(event);
    return () => {
      event.run = null;
    };
  }

  /**
   * Takes events one by one and lets every promise settle after each. Returns when the time or the condition
   * is reached, or when nothing is left to happen.
   */
  async run({ until = Infinity, whileTrue = () => true, maxEvents = 1_000_000 }: RunOptions): Promise<void> {
    // A turn of the real event loop is the one real thing here: it comes after all microtasks.
    await macrotask();
    for (let count = 0; whileTrue();) {
      const next = this.#heap[0];
      if (next === undefined || next.at > until) {
        if (until !== Infinity && until > this.now) this.now = until;
        return;
      }
      this.#pop();
      if (next.run === null) continue;
      if (++count > maxEvents)
        throw new Error(`more than ${maxEvents} events: does something run in circles?`);
      this.now = next.at;
      this.events++;
      next.run();
      await macrotask();
    }
  }

  #push(event: Event): void {
    const heap = this.#heap;
    let i = heap.push(event) - 1;
    while (i > 0) {
      const parent = (i - 1) >> 1;
      if (!before(event, heap[parent]!)) break;
      heap[i] = heap[parent]!;
      i = parent;
    }
    heap[i] = event;
  }

  #pop(): void {
    const heap = this.#heap;
    const last = heap.pop()!;
    if (heap.length === 0) return;
    let i = 0;
    for (;;) {
      let child = 2 * i + 1;
      if (child >= heap.length) break;
      if (child + 1 < heap.length && before(heap[child + 1]!, heap[child]!)) child++;
      if (!before(heap[child]!, last)) break;
      heap[i] = heap[child]!;
      i = child;
    }
    heap[i] = last;
  }
}

function before(a: Event, b: Event): boolean {
  return a.at < b.at || (a.at === b.at && a.order < b.order);
}
