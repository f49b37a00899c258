/** No host-ack by then: the lamp says failed. */
export const hostAckDeadlineMs = 1000;
/** No *delivered* by then: the lamp says failed, by the edge's command or by the unit itself. */
export const deliveredDeadlineMs = 10_000;
/** Least time between two lamp commands of one line, so that a 9600 baud line has room for presses. */
export const lampSpacingMs = 50;
/** A unit's heartbeat, unless it is configured otherwise. */
export const heartbeatIntervalMs = 30_000;
/** Presses that a unit keeps until their host-ack. */
export const maxWaitingPresses = 8;

const firstRetransmitMs = 200;
const longestRetransmitMs = 10_000;

/**
 * How long a unit waits for the host-ack after copy `copy` (1, 2, 3 …) before it sends the next one: 200 ms
 * doubling to 10 s, for ever, stretched by 0 to 25 % out of the serial number, so that units that were pressed
 * together do not stay in step.
 */
export function retransmitDelayMs(serial: number, copy: number): number {
  const base = Math.min(firstRetransmitMs * 2 ** (copy - 1), longestRetransmitMs);
  const stretch = (serial + 37 * copy) % 256;
  return Math.floor((base * (1024 + stretch)) / 1024);
}

/**
 * How long the edge waits for a lamp-confirm after copy `copy` of a lamp command: 250 ms doubling to 10 s, for
 * ever, stretched by 0 to 25 % at random (`fraction` in [0, 1)).
 */
export function lampRepeatDelayMs(copy: number, fraction: number): number {
  return Math.min(250 * 2 ** (copy - 1), 10_000) * (1 + fraction / 4);
}
