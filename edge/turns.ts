/**
 * Shares what is scarce on an edge (its processor, the campus network) between all lines of all drivers: at most
 * so many pieces of heavy work at once, first come first served.
 */
export interface Turns {
  /**
   * Does the work when it is its turn; undefined when `stop` came first. `suspect`: work that failed the last time
   * and may hang again: only one such runs at once, so that the sick never hold up the others.
   */
  take<T>(work: () => Promise<T>, stop: AbortSignal, suspect?: boolean): Promise<T | undefined>;
  /** A phase in [0, 1) for each caller: however many ask, they are spread evenly. */
  phase(): number;
}

interface Waiting {
  suspect: boolean;
  begin(): void;
}

/** Multiples of the golden ratio spread evenly over the circle at every count (the three-gap theorem). */
const golden = (Math.sqrt(5) - 1) / 2;

export function turns(atOnce: number): Turns {
  let waiting: Waiting[] = [];
  let running = 0;
  let suspects = 0;
  let phases = 0;

  function advance(): void {
    while (running < atOnce) {
      const next = waiting.find(({ suspect }) => !suspect || suspects === 0);
      if (!next) return;
      waiting = waiting.filter((w) => w !== next);
      running += 1;
      if (next.suspect) suspects += 1;
      next.begin();
    }
  }

  return {
    async take(work, stop, suspect = false) {
      if (stop.aborted) return undefined;
      const given = await new Promise<boolean>((resolve) => {
        const entry: Waiting = { suspect, begin: () => done(true) };
        const leave = () => {
          waiting = waiting.filter((w) => w !== entry);
          done(false);
        };
        const done = (begins: boolean) => {
          stop.removeEventListener('abort', leave);
          resolve(begins);
        };
        stop.addEventListener('abort', leave);
        waiting.push(entry);
        advance();
      });
      if (!given) return undefined;
      try {
        return await work();
      } finally {
        running -= 1;
        if (suspect) suspects -= 1;
        advance();
      }
    },
    phase() {
      phases += 1;
      return (phases * golden) % 1;
    },
  };
}
