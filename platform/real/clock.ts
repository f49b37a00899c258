import type { Clock } from '#platform/ports.ts';

/** The clock of this process. `monotonic` is that of `performance.now()`. */
export const realClock: Clock = {
  wall: () => Date.now(),
  monotonic: () => performance.now(),
  after(ms, then) {
    const timer = setTimeout(then, ms);
    return () => clearTimeout(timer);
  },
};
