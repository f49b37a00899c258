import type { Clock } from './ports.ts';

/** Waits for `work`, but for no longer than `ms` milliseconds. Rejects when `work` does so in that time. */
export async function within(clock: Clock, ms: number, work: Promise<unknown>): Promise<void> {
  let cancel = () => {};
  const outOfTime = new Promise<void>((resolve) => (cancel = clock.after(ms, resolve)));
  try {
    await Promise.race([work, outOfTime]);
  } finally {
    cancel();
  }
}
