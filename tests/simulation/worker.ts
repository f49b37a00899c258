import { registerHooks } from 'node:module';
import { parentPort, workerData } from 'node:worker_threads';
import type { Living } from './day.ts';
import type { DayOptions } from './plan.ts';

/** A mistake that somebody could make: in `file` the text `from`, which stands there once, becomes `to`. */
export interface Mutation {
  file: string;
  from: string;
  to: string;
}

export interface Errand {
  options: DayOptions;
  how: Living;
}

/** Lives days in a thread of its own, with the code as it is, or with one mistake in it. */
const { mutation } = workerData as { mutation: Mutation | null };
if (mutation !== null) {
  let made = false;
  registerHooks({
    load(url, context, nextLoad) {
      const loaded = nextLoad(url, context);
      if (!url.endsWith(`/${mutation.file}`) || made) return loaded;
      const text = String(loaded.source);
      if (text.split(mutation.from).length !== 2)
        throw new Error(`${mutation.file} does not say once: ${mutation.from}`);
      made = true;
      return { ...loaded, source: text.replace(mutation.from, () => mutation.to) };
    },
  });
}

const { liveThrough } = await import('./day.ts');
parentPort!.on('message', async ({ options, how }: Errand) => {
  // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread, not a window
  parentPort!.postMessage(await liveThrough(options, how));
});
