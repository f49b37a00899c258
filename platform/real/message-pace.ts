import type { Clock } from '#platform/ports.ts';

/** Seconds' worth of messages that may come at once: a bridge says all that it knows when it connects. */
const burstSeconds = 10;
/** Messages that may wait for their turn. */
const waitingLimit = 1000;

/**
 * Holds a sender to so many messages a second, in their order: what is early waits (the generic cell rate algorithm,
 * ITU-T I.371). `too-many`: more wait than may, and this message was dropped.
 */
export function messagePace(clock: Clock, perSecond: number) {
  const apart = 1000 / perSecond;
  let nextAt = Number.NEGATIVE_INFINITY;
  let waiting = 0;
  return (then: () => void): 'in-time' | 'late' | 'too-many' => {
    if (waiting >= waitingLimit) return 'too-many';
    const now = clock.monotonic();
    nextAt = Math.max(nextAt, now) + apart;
    const wait = nextAt - now - burstSeconds * 1000;
    // Never past one that still waits, though its timer be due.
    if (wait <= 0 && waiting === 0) {
      then();
      return 'in-time';
    }
    waiting += 1;
    clock.after(Math.max(0, wait), () => {
      waiting -= 1;
      then();
    });
    return 'late';
  };
}
