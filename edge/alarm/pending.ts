import type { Clock } from '#platform/ports.ts';
import { OldestFirst } from '#platform/oldest-first.ts';
import type { Alarm, AlarmPath } from './alarm.ts';

/**
 * Pending alarms that the cloud has not answered, at once. It commits those of a gateway one after another: a press
 * of now waits for so many commits at most. Whose answer does not come in `patienceMs` has had its turn.
 */
export const onCloudsWay = { atOnce: 8, patienceMs: 1000 };
/**
 * Pending alarms at the edge's own door, at once: half of the connections that a DC-09 door has by default, so that
 * a press of now finds one free. A door gives an answer long before `patienceMs`, or is not well.
 */
export const onDirectWay = { atOnce: 2, patienceMs: 60_000 };

/** The turns of pending alarms on each of the two ways. */
export interface PendingTurns {
  readonly cloud: OldestFirst<Alarm>;
  readonly direct: OldestFirst<Alarm>;
}

export function pendingTurns(clock: Clock): PendingTurns {
  return { cloud: new OldestFirst(clock, onCloudsWay), direct: new OldestFirst(clock, onDirectWay) };
}

/** Does it at once for a fresh alarm; for one that is pending, when it is its turn on this way. */
export function inTurn(path: AlarmPath, way: keyof PendingTurns, alarm: Alarm, go: () => void): void {
  if (path.clock.monotonic() < alarm.freshUntil) go();
  else path.turns[way].ask(alarm, alarm.pressedAt, go);
}
