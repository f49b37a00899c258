import { Worker } from 'node:worker_threads';
import type { Day, Living } from './day.ts';
import type { DayOptions } from './plan.ts';
import type { Mutation } from './worker.ts';

/** One thread that lives days. A day that breaks the thread itself is a wrong like others. */
export class Hand {
  readonly #mutation: Mutation | null;
  #worker: Worker | null = null;

  constructor(mutation: Mutation | null = null) {
    this.#mutation = mutation;
  }

  live(options: DayOptions, how: Living): Promise<Day> {
    const worker = (this.#worker ??= new Worker(new URL('./worker.ts', import.meta.url), {
      workerData: { mutation: this.#mutation },
      execArgv: ['--disable-warning=ExperimentalWarning'],
    }));
    return new Promise((resolve) => {
      const done = (day: Day) => {
        worker.off('message', done);
        worker.off('error', failed);
        resolve(day);
      };
      const failed = (error: unknown) => {
        this.#worker = null;
        done(broken(String(error)));
      };
      worker.on('message', done);
      worker.on('error', failed);
      // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread, not a window
      worker.postMessage({ options, how });
    });
  }

  async close(): Promise<void> {
    await this.#worker?.terminate();
    this.#worker = null;
  }
}

function broken(reason: string): Day {
  const nothing = { presses: 0, events: 0, twins: 0, forgotten: 0, repeats: 0, trace: [], story: [] };
  return { ...nothing, wrongs: { broken: [reason] } };
}

/** Lives all these days, `jobs` at a time; `lived` is told of each as it ends. */
export async function liveAll(
  days: readonly DayOptions[],
  jobs: number,
  lived: (options: DayOptions, day: Day) => void,
): Promise<void> {
  const left = days.values();
  await Promise.all(
    Array.from({ length: jobs }, async () => {
      const hand = new Hand();
      for (const options of left)
        lived(options, await hand.live(options, { stopAtFirst: true, tracing: false }));
      await hand.close();
    }),
  );
}
