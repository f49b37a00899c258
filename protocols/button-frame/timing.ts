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

/** A bus (mode 2, docs/serial-protocol.md section 8). */
export const bus = {
  /** Slowest line: below it a press would wait too long among 16 units. */
  leastBaud: 38_400,
  maxUnits: 16,
  maxAddress: 247,
  /** From the poll's last byte to the first of the answer: what a unit may take. */
  turnAroundMs: 5,
  /** Silence that the host keeps after each frame. */
  silenceMs: 2,
  /** After a poll's last byte a unit that has not begun is silent; the adapter's own delay is in it (USB: 16 ms). */
  answerMs: 30,
  /** The same behind a serial device server. */
  answerOverTcpMs: 100,
  /** A gap this long within an answer ends it; an adapter hands over what it has at the latest after 16 ms. */
  gapMs: 20,
  /** So many answers in a row that fail: the unit is polled less often. */
  failuresToBackOff: 3,
  /** A silent unit is polled in every tenth round, one whose answers are damaged in every third. */
  roundsBetween: { silent: 10, damaged: 3 },
} as const;

/** Time that a frame with this many bytes of payload is on the wire, ms: 8 data bits, no parity, 1 stop. */
export function frameMs(payload: number, baud: number): number {
  return ((13 + payload) * 10_000) / baud;
}

/** One unit's turn with nothing to say, ms; a round is never shorter than this for each of its units. */
export function slotMs(baud: number): number {
  return 2 * frameMs(0, baud) + bus.turnAroundMs + bus.silenceMs;
}
