import type { Backoff } from '#platform/backoff.ts';
import { freshForMs } from '#platform/oldest-first.ts';
import type { Clock, Log, Randomness } from '#platform/ports.ts';
import type { Door } from '#platform/doors/door.ts';
import type { EdgeStages } from '#protocols/messages/alarm.ts';
import { nameText, type Origin } from '#protocols/signal.ts';
import type { DriverRun } from '../driver.ts';
import type { Notices } from '../notices.ts';
import type { Outbox, Rise } from '../outbox/outbox.ts';
import type { AlarmRecord } from '../outbox/record.ts';
import type { AlarmLink } from '../uplink/alarm-link.ts';
import type { CloudClock } from '../uplink/offset.ts';
import type { PendingTurns } from './pending.ts';

/** One alarm in the outbox: what is kept of it, and what only this life of the process knows. */
export interface Alarm {
  readonly text: string;
  readonly record: AlarmRecord;
  /** Monotonic time of its first byte; null when it was raised in an earlier life (crossed a restart). */
  readonly firstByteAt: number | null;
  /** The press on our monotonic clock; after a restart estimated by the wall clock. */
  readonly pressedAt: number;
  /** What people wait for counts from here, monotonic: the press, or the restart where its age is not to be trusted. */
  readonly waitedFrom: number;
  /** Until then, monotonic, it goes before all that is pending; of an age that is not to be trusted it never does. */
  readonly freshUntil: number;
  /** The rise of the level that it tells of, written with it. */
  readonly rise: Rise | null;
  /** Resolved when it is durable somewhere: on our disk, at the cloud (*stored*) or at 110 (*delivered*). */
  readonly durable: PromiseWithResolvers<void>;
  /** Its row is on our disk. */
  committed: boolean;
  write: 'idle' | 'writing' | 'again';
  left: boolean;
  copies: number;
  /** SHA-256 of the payloads sent lately, so that a `refused` finds what it is about. */
  sent: Map<string, 'alarm' | 'report'>;
  /** The cloud's epoch in which it refused the report. */
  reportRefusedIn: string | null;
  /** Of the copies and reports that are sent again. */
  pace: Backoff;
  /** Its pace is that of what the cloud has stored. */
  slow: boolean;
  delivering: boolean;
  /** A door is at it now: its receipt may come at any moment. */
  atDoor: boolean;
  /** Called when the record as it is now is on disk, or the disk has failed at it. */
  whenWritten: (() => void)[];
  stop: { resend: Cancel; direct: Cancel; failed: Cancel; lamp: Cancel };
}
type Cancel = () => void;
export const nothing: Cancel = () => {};

/** What the life of an alarm asks of the edge around it. */
export interface AlarmPath {
  readonly clock: Clock;
  readonly random: Randomness;
  readonly log: Log;
  readonly outbox: Outbox;
  readonly cloudClock: CloudClock;
  readonly notices: Notices;
  readonly link: Pick<AlarmLink, 'up' | 'down' | 'publish'>;
  readonly turns: PendingTurns;
  /** The session of the last birth. */
  session(): string;
  /** The edge's own way to the primary centre; null where the file names none. */
  readonly direct: { centre: string; door: Door; afterMs: number; takesTests: boolean } | null;
  readonly failedAfterMs: number;
  /** The lamps of a device's driver; null while that is not running. */
  lampOf(device: string): DriverRun['lamp'] | null;
  /** Whether a level is still up from this rise. */
  isUpFrom(rise: Rise): boolean;
  /** How long these units of a device, by serial number, have given no proof of life, ms (since our start when never). */
  silentFor(device: string, units: readonly number[]): number;
  /** The edge is going down: nothing new is begun, nothing is repeated. */
  closed: boolean;
  /** The cloud's epoch by its last answer; null before the first. */
  cloudEpoch: string | null;
  /** Called when a new alarm was committed (or its disk was too slow) and sent. Must return at once. */
  onSent?(alarm: AlarmRecord): void;
  /** Called when an alarm has left the outbox. */
  onLeft(alarm: Alarm): void;
  /** Called when the disk knows the same press under another name. */
  onKnown(alarm: Alarm, record: AlarmRecord): void;
}

export function newAlarm(
  record: AlarmRecord,
  firstByteAt: number | null,
  pressedAt: number,
  rise: Rise | null,
): Alarm {
  return {
    text: nameText(record.name),
    record,
    firstByteAt,
    pressedAt,
    waitedFrom: pressedAt,
    freshUntil: pressedAt + freshForMs,
    rise,
    durable: Promise.withResolvers<void>(),
    committed: false,
    write: 'idle',
    left: false,
    copies: 0,
    sent: new Map(),
    reportRefusedIn: null,
    pace: { next: () => 0, reset: nothing },
    slow: false,
    delivering: false,
    atDoor: false,
    whenWritten: [],
    stop: { resend: nothing, direct: nothing, failed: nothing, lamp: nothing },
  };
}

/** An alarm of an earlier life. */
export function resumedAlarm(record: AlarmRecord, path: Pick<AlarmPath, 'clock' | 'cloudClock'>): Alarm {
  const { at, certain } = pressedBefore(path, record.facts);
  const alarm = newAlarm(record, null, at, null);
  alarm.durable.resolve();
  return certain
    ? { ...alarm, committed: true }
    : { ...alarm, waitedFrom: path.clock.monotonic(), freshUntil: -Infinity, committed: true };
}

/**
 * When a press of an earlier life was, on our monotonic clock; never later than now. Not certain where the clock may
 * have jumped meanwhile: a jump of hours must not make a press of this minute look given up.
 */
export function pressedBefore(
  { clock, cloudClock }: Pick<AlarmPath, 'clock' | 'cloudClock'>,
  { occurred_at, clock_known }: { occurred_at: number; clock_known: boolean },
): { at: number; certain: boolean } {
  const now = clock.monotonic();
  const age = Math.max(0, cloudClock.at(now) - occurred_at);
  return { at: now - age, certain: clock_known && cloudClock.steady };
}

/** Notes a stage of the closed loop, once, in ms since the first byte. */
export function reached(alarm: Alarm, stage: Exclude<keyof EdgeStages, 'first_byte'>, at: number): void {
  if (alarm.firstByteAt === null || alarm.record.stages[stage] !== undefined) return;
  alarm.record.stages[stage] = Math.max(0, Math.round((at - alarm.firstByteAt) * 1000) / 1000);
}

/** The presses whose lamps show how it goes. Never of duress: whoever stands there must see nothing. */
export function lampsOf({ facts, presses }: AlarmRecord): readonly Origin[] {
  if (facts.type === 'duress') return [];
  return facts.origin ? [facts.origin] : (presses ?? []);
}

/** Whether the edge's own way to 110 is open to it. */
export function mayGoDirect({ direct }: AlarmPath, { record }: Alarm): boolean {
  const { mode, route } = record.facts;
  if (!direct || record.delivered || record.ended || record.proof !== undefined) return false;
  if (mode === 'probe' && route === 'cloud') return false;
  return direct.takesTests || (mode !== 'probe' && mode !== 'test');
}

/** What the cloud of today holds of it. What another epoch of the cloud held may be gone. */
export function heldByCloud(path: AlarmPath, { record }: Alarm): 'none' | 'stored' | 'delivered' {
  if (!record.cloud) return 'none';
  return path.cloudEpoch === null || path.cloudEpoch === record.cloud.epoch ? record.cloud.state : 'none';
}

export function refusedByCloud(path: AlarmPath, { record }: Alarm): boolean {
  return record.refused_in !== null && (path.cloudEpoch === null || path.cloudEpoch === record.refused_in);
}

/** Whether the report has something to say that the cloud has not committed. */
export function reportDue(path: AlarmPath, alarm: Alarm): boolean {
  const { record, reportRefusedIn } = alarm;
  if (reportRefusedIn !== null && reportRefusedIn === path.cloudEpoch) return false;
  // What has ended is not told afresh to a cloud that was restored.
  const reported = heldByCloud(path, alarm) === 'none' && !record.ended ? 0 : (record.cloud?.reported ?? 0);
  return reported < record.revision;
}
