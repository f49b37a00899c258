import type { Body } from '#protocols/button-frame/frame.ts';
import { bus } from '#protocols/button-frame/timing.ts';
import type { DriverContext } from '../../driver.ts';
import type { ButtonDevice } from './device.ts';
import { faults } from './faults.ts';
import { createUnit, serialText, type Unit, type WayToUnit } from './unit.ts';

/** A unit is told to be gone after this; shorter, a restart of it would be news. */
const absentMs = 5000;
const minuteMs = 60_000;
/** Answers are judged by so many polls; so many bad ones are a fault, and so few no longer. */
const judged = { polls: 20, fault: 5, over: 1 };
/** Serial numbers that take turns within this are two units; once is a unit that was exchanged. */
const takeTurnsMs = 10 * minuteMs;

export type Outcome = 'ok' | 'damaged' | 'silent';

/** A unit in its place on a bus: how often it is asked, and what its answers are worth. */
export interface Member {
  readonly unit: Unit;
  readonly address: number;
  /** Its answers have been judged bad. */
  readonly isDamaged: boolean;
  isDue(round: number): boolean;
  polled(outcome: Outcome): void;
  hear(body: Body, firstByteAt: number): void;
  /** A frame with its address came in another's turn, or a second one in its own. */
  outOfTurn(): void;
  noise(crcErrors: number, discarded: number): void;
  onOpen(): void;
  minute(): void;
}

export function createMember(
  context: DriverContext,
  device: ButtonDevice,
  place: WayToUnit & { line: string; index: number; neighbours(): readonly Member[] },
): Member {
  const { clock } = context;
  const { id } = device;
  const address = device.unit!;
  const unit = createUnit(context, device, place);
  /** Failures since the last good answer. */
  let failed: { times: number; as: Exclude<Outcome, 'ok'>; since: number } | null = null;
  let window = { polls: 0, bad: 0 };
  let damage: { alone: boolean } | null = null;
  let counted = { polls: 0, crcErrors: 0, discarded: 0 };
  let serial: number | null = null;
  /** The serial number before this one, and when it changed to this one. */
  let exchanged: { from: number; at: number } | null = null;
  let twoSince: number | null = null;

  function judge(): void {
    if (window.polls < judged.polls) return;
    const { bad, polls } = window;
    window = { polls: 0, bad: 0 };
    if (bad >= judged.fault) {
      const alone = !place.neighbours().some((m) => m.address !== address && m.isDamaged);
      if (damage?.alone === alone) return;
      damage = { alone };
      unit.faults.set('damaged', faults.damaged(address, place.line, bad, polls, alone));
      unit.faults.tell();
    } else if (bad <= judged.over && damage !== null) {
      damage = null;
      unit.faults.set('damaged', null);
      unit.faults.tell();
    }
  }

  function whoIsIt(found: number): void {
    const now = clock.monotonic();
    if (serial !== null && found !== serial) {
      if (exchanged?.from === found && now - exchanged.at <= takeTurnsMs) {
        twoSince = now;
        unit.faults.set('sameAddress', faults.sameAddress(address, serialText(serial), serialText(found)));
      }
      context.log.warn('another serial number at this address', { device: id, found: serialText(found) });
      exchanged = { from: serial, at: now };
    }
    serial = found;
  }

  return {
    unit,
    address,
    get isDamaged() {
      return damage !== null;
    },
    /** Who fails is asked less often, each in a round of its own, so that the others do not wait for it. */
    isDue(round) {
      if (failed === null || failed.times < bus.failuresToBackOff) return true;
      return (round + place.index) % bus.roundsBetween[failed.as] === 0;
    },
    polled(outcome) {
      counted.polls += 1;
      window.polls += 1;
      if (outcome === 'ok') {
        if (failed !== null) unit.faults.set('absent', null);
        failed = null;
        unit.faults.tell();
      } else {
        if (outcome === 'damaged') window.bad += 1;
        const now = clock.monotonic();
        failed = { times: (failed?.times ?? 0) + 1, as: outcome, since: failed?.since ?? now };
        const silentMs = now - failed.since;
        if (silentMs >= absentMs && !unit.faults.has('absent') && outcome === 'silent') {
          unit.faults.set('absent', faults.absent(address, place.line, Math.round(silentMs / 1000)));
          unit.faults.tell();
        }
      }
      judge();
    },
    hear(body, firstByteAt) {
      if ('serial' in body) whoIsIt(body.serial);
      unit.understand(body, firstByteAt);
    },
    outOfTurn() {
      window.bad += 1;
    },
    noise(crcErrors, discarded) {
      counted.crcErrors += crcErrors;
      counted.discarded += discarded;
    },
    onOpen() {
      failed = null;
      unit.onOpen();
    },
    minute() {
      context.measure(id, 'polls', counted.polls, 'count');
      context.measure(id, 'crc_errors', counted.crcErrors, 'count');
      context.measure(id, 'discarded_bytes', counted.discarded, 'B');
      counted = { polls: 0, crcErrors: 0, discarded: 0 };
      if (twoSince !== null && clock.monotonic() - twoSince > takeTurnsMs) {
        twoSince = null;
        unit.faults.set('sameAddress', null);
        unit.faults.tell();
      }
      unit.minute();
    },
  };
}
