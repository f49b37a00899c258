/** Steps that are queued at once: a turn of the event loop costs more than a step. */
const stepsInTurn = 64;

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
  /** Called after each event, when all promises have settled: for whoever watches a world all the time. */
  onSettled: () => void = () => {};
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
  run({ until = Infinity, whileTrue = () => true, maxEvents = 1_000_000 }: RunOptions): Promise<void> {
    return new Promise((resolve, reject) => {
      let count = 0;
      let over = false;
      const step = () => {
        if (over) return;
        try {
          if (count > 0) this.onSettled();
          const next = whileTrue() ? this.#next(until) : null;
          over = next === null;
          if (next === null) return resolve();
          if (++count > maxEvents)
            throw new Error(`more than ${maxEvents} events: does something run in circles?`);
          next();
        } catch (error) {
          over = true;
          reject(error as Error);
        }
      };
      // Real callbacks of the event loop, the one real thing here: every promise settles between two of them.
      const turn = () => {
        for (let i = 0; i < stepsInTurn; i++) setImmediate(step);
        setImmediate(() => {
          if (!over) turn();
        });
      };
      turn();
    });
  }

  /** Takes the next event off the heap and goes to its time; null: there is none up to then. */
  #next(until: number): (() => void) | null {
    for (;;) {
      const next = this.#heap[0];
      if (next === undefined || next.at > until) {
        if (until !== Infinity && until > this.now) this.now = until;
        return null;
      }
      this.#pop();
      if (next.run === null) continue;
      this.now = next.at;
      this.events++;
      return next.run;
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
