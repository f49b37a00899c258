import type { Clock } from '#platform/ports.ts';

/** A clock whose timers all end with the power. */
export interface PoweredClock extends Clock {
  cut(): void;
}

export function poweredClock(clock: Clock): PoweredClock {
  const running = new Set<() => void>();
  return {
    wall: () => clock.wall(),
    monotonic: () => clock.monotonic(),
    after(ms, then) {
      const cancelTimer = clock.after(ms, () => {
        running.delete(cancel);
        then();
      });
      const cancel = (): void => {
        running.delete(cancel);
        cancelTimer();
      };
      running.add(cancel);
      return cancel;
    },
    cut() {
      for (const cancel of running) cancel();
    },
  };
}
