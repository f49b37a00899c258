import type { Clock, Randomness } from '#platform/ports.ts';

/** Resolves after `ms` milliseconds, or at once when `stop` is aborted. */
export function pause(clock: Clock, ms: number, stop: AbortSignal): Promise<void> {
  if (stop.aborted) return Promise.resolve();
  return new Promise((resolve) => {
    const end = () => {
      cancel();
      stop.removeEventListener('abort', end);
      resolve();
    };
    const cancel = clock.after(ms, end);
    stop.addEventListener('abort', end);
  });
}

/** `ms` give or take a fifth, so that the devices of a campus do not march in step. */
export function jittered(random: Randomness, ms: number): number {
  return ms * (0.8 + 0.4 * random.fraction());
}
