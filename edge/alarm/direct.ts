import type { Door, DoorSignal } from '#platform/doors/door.ts';
import type { CentreReceipt } from '#protocols/messages/alarm.ts';
import { sequenceOf } from '#protocols/signal.ts';
import { backoffMs } from '../backoff.ts';
import type { Alarm, AlarmPath } from './alarm.ts';

const again = { firstMs: 500, capMs: 10_000 };

/** Delivers by the edge's own way to 110 unless *delivered* is known within `waitMs`. */
export function armDirect(path: AlarmPath, alarm: Alarm, got: Got, waitMs: number): void {
  if (!path.direct) return;
  alarm.stop.direct();
  alarm.stop.direct = path.clock.after(waitMs, () => deliverDirectly(path, alarm, got));
}
type Got = (receipt: CentreReceipt) => void;

/**
 * Delivers at once, and again with back-off until *delivered* is known
 * from whichever path. A receipt that comes after that is told all the same: 110 has then got it twice.
 */
export function deliverDirectly(path: AlarmPath, alarm: Alarm, got: Got): void {
  alarm.stop.direct();
  const { direct } = path;
  if (!direct || alarm.delivering || alarm.record.delivered || path.closed) return;
  alarm.delivering = true;
  path.log.info('alarm goes the direct way', { alarm: alarm.text, centre: direct.centre });
  void round(0);

  async function round(tries: number): Promise<void> {
    const receipt = await tryDoor(path, alarm, direct!.centre, direct!.door);
    if (receipt) {
      alarm.delivering = false;
      got(receipt);
      return;
    }
    if (alarm.record.delivered || path.closed) {
      alarm.delivering = false;
      return;
    }
    alarm.stop.direct = path.clock.after(backoffMs(path.random, again, tries), () => void round(tries + 1));
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
  const { mode, account, zone, code, occurred_at, clock_known } = record.facts;
  return {
    name: text,
    mode,
    account,
    zone,
    code,
    sequence: sequenceOf(record.name),
    occurredAt: occurred_at,
    clockKnown: clock_known,
    pressedAtMonotonic: pressedAt,
  };
}
