import { createHash } from 'node:crypto';
import type { AlarmMessage, AlarmReport } from '#protocols/messages/alarm.ts';
import type { SignalName } from '#protocols/signal.ts';
import { backoff } from '#platform/backoff.ts';
import { reasonOf } from '#platform/reason.ts';
import type { AlarmRecord } from '../outbox/record.ts';
import { type Alarm, type AlarmPath, heldByCloud, reached, refusedByCloud, reportDue } from './alarm.ts';
import { inTurn } from './pending.ts';

/** While the cloud has said nothing, and once it has it on its disk. */
const asking = { firstMs: 500, maxMs: 10_000 };
const stored = { firstMs: 2000, maxMs: 30_000 };
/** How many payloads of an alarm a `refused` may still name. */
const payloadsKnown = 16;

/**
 * Tells the cloud what it does not hold of an alarm (a copy, which is also the question what it holds; the
 * report), when it is its turn, and again with back-off until it does. Where the alarm lane does not take it,
 * `cut` is called, and the link's return speaks again.
 */
export function speak(path: AlarmPath, alarm: Alarm, cut: () => void): void {
  alarm.stop.resend();
  const { copy, report } = toSay(path, alarm);
  if (!(copy || report)) return path.turns.cloud.leave(alarm);
  if (path.link.up) inTurn(path, 'cloud', alarm, () => sayNow(path, alarm, cut));
  else if (path.link.down) cut();
}

/** What it has to say may have changed while it waited for its turn. */
function sayNow(path: AlarmPath, alarm: Alarm, cut: () => void): void {
  const { copy, report } = toSay(path, alarm);
  if (!path.link.up || !(copy || report)) return path.turns.cloud.leave(alarm);
  // The report first: a cloud that hears of the alarm only now must know that 110 has it already.
  if (report) void publishReport(path, alarm);
  if (copy) void publishCopy(path, alarm, cut);
  alarm.stop.resend = path.clock.after(alarm.pace.next(), () => speak(path, alarm, cut));
}

function toSay(path: AlarmPath, alarm: Alarm): { copy: boolean; report: boolean } {
  const { record } = alarm;
  if (alarm.left || path.closed) return { copy: false, report: false };
  const held = heldByCloud(path, alarm);
  const refused = refusedByCloud(path, alarm);
  return {
    copy: held !== 'delivered' && !record.ended && !refused,
    report: reportDue(path, alarm) && !refused,
  };
}

/** As `speak`, from the short end of the back-off: something has changed. */
export function speakAfresh(path: AlarmPath, alarm: Alarm, cut: () => void): void {
  alarm.slow = heldByCloud(path, alarm) !== 'none';
  alarm.pace = backoff(alarm.slow ? stored : asking, path.random);
  speak(path, alarm, cut);
}

/**
 * The cloud has stored it: what it does not hold yet can be told at the slower pace. Once: of two clouds that answer
 * by turns, each would begin the back-off anew.
 */
export function slowDown(path: AlarmPath, alarm: Alarm, cut: () => void): void {
  if (path.closed || alarm.slow) return;
  alarm.stop.resend();
  alarm.slow = true;
  alarm.pace = backoff(stored, path.random);
  alarm.stop.resend = path.clock.after(alarm.pace.next(), () => speak(path, alarm, cut));
}

async function publishCopy(path: AlarmPath, alarm: Alarm, cut: () => void): Promise<void> {
  const { record, firstByteAt, text } = alarm;
  const copy = ++alarm.copies;
  const message: AlarmMessage = {
    kind: 'alarm',
    session: path.session(),
    name: record.name,
    digest: record.digest,
    facts: record.facts,
    age_at_first_byte_ms: record.age_at_first_byte_ms,
    since_first_byte_ms: firstByteAt === null ? null : Math.max(0, path.clock.monotonic() - firstByteAt),
    crossed_restart: firstByteAt === null,
    sent_at: path.cloudClock.sending(),
    offset: path.cloudClock.estimate(),
    stages: record.stages,
    copy,
  };
  const at = path.clock.monotonic();
  try {
    await publish(path, alarm, 'alarm', message);
    reached(alarm, 'published', at);
    path.log.info('alarm published', { alarm: text, copy });
  } catch (error) {
    path.log.warn('alarm not published', { alarm: text, copy, reason: reasonOf(error) });
    cut();
  }
}

async function publishReport(path: AlarmPath, alarm: Alarm): Promise<void> {
  const { record, text } = alarm;
  const { revision } = record;
  try {
    await publish(path, alarm, 'report', reportOf(path, record, alarm.firstByteAt === null));
    path.log.info('report published', { alarm: text, revision });
  } catch (error) {
    path.log.warn('report not published', { alarm: text, revision, reason: reasonOf(error) });
  }
}

/** What the edge has to say of an alarm after the fact. */
export function reportOf(path: AlarmPath, record: AlarmRecord, crossedRestart: boolean): AlarmReport {
  return {
    kind: 'report',
    session: path.session(),
    name: record.name,
    digest: record.digest,
    revision: record.revision,
    sent_at: path.cloudClock.sending(),
    direct: record.direct,
    stages: record.stages,
    lamp: record.lamp_confirmed,
    crossed_restart: crossedRestart,
    ...(record.proof && { proof: record.proof }),
  };
}

/** The word on an alarm that this outbox does not hold. */
export function neverHeardOf(path: AlarmPath, name: SignalName): AlarmReport {
  return {
    kind: 'report',
    session: path.session(),
    name,
    digest: '',
    revision: 1,
    sent_at: path.cloudClock.sending(),
    direct: [],
    stages: { first_byte: 0 },
    lamp: null,
    crossed_restart: true,
  };
}

function publish(
  path: AlarmPath,
  alarm: Alarm,
  what: 'alarm' | 'report',
  message: AlarmMessage | AlarmReport,
): Promise<void> {
  const payload = JSON.stringify(message);
  alarm.sent.set(createHash('sha256').update(payload).digest('hex'), what);
  if (alarm.sent.size > payloadsKnown) alarm.sent.delete(alarm.sent.keys().next().value!);
  return path.link.publish(payload);
}
