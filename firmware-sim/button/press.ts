import { deliveredDeadlineMs, hostAckDeadlineMs } from '#protocols/button-frame/timing.ts';
import type { PressOrigin } from '#protocols/button-frame/frame.ts';
import type { Clock } from '#platform/ports.ts';
import type { LampState } from '#protocols/signal.ts';

export type PressLamp = 'sending' | LampState;
export type LampCause = 'press' | 'host-ack' | 'command' | 'host-ack overdue' | 'delivered overdue';

/** One press as the unit knows it. Times are those of the unit's monotonic clock. */
export interface PressRecord {
  readonly origin: PressOrigin;
  readonly pressedAt: number;
  readonly ageIsLowerBound: boolean;
  /** Copies sent so far. */
  copies: number;
  ackedAt: number | null;
  lamp: PressLamp;
  /** Each state that its lamp took, also where a silent unit shows nothing of it. */
  readonly lamps: { at: number; lamp: PressLamp; cause: LampCause }[];
}

const rank: Record<PressLamp, number> = { sending: 0, received: 1, failed: 2, delivered: 3 };

/** The lamp of a press only climbs (docs/serial-protocol.md, section 5). Says whether it did. */
export function climb(press: PressRecord, to: PressLamp, cause: LampCause, at: number): boolean {
  if (rank[to] <= rank[press.lamp]) return false;
  press.lamp = to;
  press.lamps.push({ at, lamp: to, cause });
  return true;
}

/** The two limits after which a lamp says failed by itself, counted from `from`. */
export function watchLimits(
  clock: Clock,
  press: PressRecord,
  from: number,
  fail: (cause: LampCause) => void,
): void {
  const left = (limit: number): number => Math.max(0, from + limit - clock.monotonic());
  clock.after(left(hostAckDeadlineMs), () => {
    if (press.ackedAt === null) fail('host-ack overdue');
  });
  clock.after(left(deliveredDeadlineMs), () => {
    if (press.lamp !== 'delivered') fail('delivered overdue');
  });
}
