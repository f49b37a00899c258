import type { Door, DoorSignal } from '#platform/doors/door.ts';
import type { CentreReceipt } from '#protocols/messages/alarm.ts';
import { sequenceOf } from '#protocols/signal.ts';
import { backoff } from '#platform/backoff.ts';
import { type Alarm, type AlarmPath, mayGoDirect } from './alarm.ts';
import { inTurn } from './pending.ts';

const again = { firstMs: 500, maxMs: 10_000 };

/** Delivers by the edge's own way to 110 unless *delivered* is known within `waitMs`. */
export function armDirect(path: AlarmPath, alarm: Alarm, deliver: () => void, waitMs: number): void {
  if (alarm.delivering || !mayGoDirect(path, alarm)) return;
  alarm.stop.direct();
  alarm.stop.direct = path.clock.after(waitMs, deliver);
}
type Got = (receipt: CentreReceipt) => void;

/**
 * Delivers at once (a pending alarm: when it is its turn), and again with back-off until *delivered* is known from whichever path (or nobody is to try
 * any more: `gone`). A receipt that comes after that is told all the same: 110 has then got it twice.
 */
export function deliverDirectly(path: AlarmPath, alarm: Alarm, got: Got, gone: () => void): void {
  const { direct } = path;
  // Already at it: its pause between two tries must not be cancelled.
  if (!direct || alarm.delivering || !mayGoDirect(path, alarm) || path.closed) return;
  alarm.stop.direct();
  alarm.delivering = true;
  path.log.info('alarm goes the direct way', { alarm: alarm.text, centre: direct.centre });
  const pace = backoff(again, path.random);
  next();

  function next(): void {
    inTurn(path, 'direct', alarm, () => void round());
  }

  async function round(): Promise<void> {
    if (isOver()) return;
    alarm.atDoor = true;
    const receipt = await tryDoor(path, alarm, direct!.centre, direct!.door);
    alarm.atDoor = false;
    if (receipt) {
      path.turns.direct.answered(alarm);
      alarm.delivering = false;
      got(receipt);
      return;
    }
    path.turns.direct.unanswered(alarm);
    if (!isOver()) alarm.stop.direct = path.clock.after(pace.next(), next);
  }

  function isOver(): boolean {
    if (mayGoDirect(path, alarm) && !path.closed) return false;
    path.turns.direct.leave(alarm);
    alarm.delivering = false;
    gone();
    return true;
  }
}

async function tryDoor(
  path: AlarmPath,
  alarm: Alarm,
  centre: string,
  door: Door,
): Promise<CentreReceipt | null> {
  const result = await door.deliver(doorSignal(alarm));
  if (result.kind === 'next') {
    path.log.warn('the direct way gave no receipt', {
      alarm: alarm.text,
      door: door.id,
      fault: result.fault,
      reason: result.reason,
    });
    return null;
  }
  return {
    centre,
    door: door.id,
    primary: true,
    path: 'direct',
    reference: result.reference,
    at: Math.round(result.at),
    raw: Buffer.from(result.raw).toString('hex'),
  };
}

/** Equal to what the cloud sends, so that two copies at 110 are the same frame. */
function doorSignal({ record, text, pressedAt }: Alarm): DoorSignal {
  const { type, mode, account, zone, code, occurred_at, clock_known, sum } = record.facts;
  return {
    name: text,
    digest: record.digest,
    type,
    mode,
    account,
    zone,
    code,
    sequence: sequenceOf(record.name),
    occurredAt: occurred_at,
    clockKnown: clock_known,
    pressedAtMonotonic: pressedAt,
    ...(sum && { count: sum.count }),
  };
}
