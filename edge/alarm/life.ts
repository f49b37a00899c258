import type { CentreReceipt } from '#protocols/messages/alarm.ts';
import { type Alarm, type AlarmPath, heldByCloud, reached, refusedByCloud, reportDue } from './alarm.ts';
import { armDirect, deliverDirectly } from './direct.ts';
import { armFailed, lampIsDone, showLamp } from './lamp.ts';
import { slowDown, speakAfresh } from './resend.ts';
import { save } from './save.ts';

/** How long the disk may take before an alarm goes out without it, ms. */
export const diskPatienceMs = 50;
/** How long a probe of the edge's own way waits for a receipt, ms. */
const probePatienceMs = 60_000;

/** A new alarm: commit, then publish; a disk that does not answer does not hold it up. */
export function begin(path: AlarmPath, alarm: Alarm): void {
  save(path, alarm);
  armFailed(path, alarm, () => fail(path, alarm));
  let gone = false;
  const go = () => {
    if (gone || alarm.left) return;
    gone = true;
    publishFirst(path, alarm);
    path.onSent?.(alarm.record);
  };
  const cancel = path.clock.after(diskPatienceMs, () => {
    path.log.warn('the disk is slow: the alarm goes out before it is stored', { alarm: alarm.text });
    go();
  });
  void alarm.durable.promise.then(() => {
    cancel();
    go();
  });
}

/** An alarm that an earlier life of the process left in the outbox. */
export function resume(path: AlarmPath, alarm: Alarm): void {
  const { record } = alarm;
  path.log.info('alarm resumed', { alarm: alarm.text, delivered: record.delivered });
  // We died between the receipt of 110 and the lamp.
  if (record.delivered) record.lamp = 'delivered';
  armFailed(path, alarm, () => fail(path, alarm));
  show(path, alarm);
  if (!leaveIfDone(path, alarm)) publishFirst(path, alarm);
}

function publishFirst(path: AlarmPath, alarm: Alarm): void {
  const { direct, link } = path;
  const atOnce = alarm.record.facts.route === 'direct';
  if (atOnce) armGivingUp(path, alarm);
  if (direct && !link.down && !refusedByCloud(path, alarm) && !atOnce) {
    armDirect(path, alarm, () => goDirect(path, alarm), direct.afterMs);
  } else goDirect(path, alarm);
  tell(path, alarm);
}

/** A probe of the edge's own way ends by itself: that no receipt came is what it has found. */
function armGivingUp(path: AlarmPath, alarm: Alarm): void {
  const due = alarm.waitedFrom + probePatienceMs - path.clock.monotonic();
  alarm.stop.failed = path.clock.after(Math.max(0, due), () => {
    const { record } = alarm;
    if (alarm.left || record.delivered || record.proof !== undefined) return;
    record.proof = 'none';
    alarm.stop.direct();
    changed(path, alarm);
  });
}

/** Something has changed for this alarm (the link is up, the cloud is another): tell the cloud from the beginning. */
export function tell(path: AlarmPath, alarm: Alarm): void {
  speakAfresh(path, alarm, () => goDirect(path, alarm));
}

/** The lamps of its device can be commanded (again). */
export function show(path: AlarmPath, alarm: Alarm): void {
  showLamp(path, alarm, () => changed(path, alarm));
}

/** The link is gone: nobody waits for what cannot come. */
export function goDirect(path: AlarmPath, alarm: Alarm): void {
  deliverDirectly(
    path,
    alarm,
    (receipt) => deliveredDirectly(path, alarm, receipt),
    () => void leaveIfDone(path, alarm),
  );
}

function deliveredDirectly(path: AlarmPath, alarm: Alarm, receipt: CentreReceipt): void {
  alarm.record.direct.push(receipt);
  path.log.info('110 has acknowledged on the direct way', {
    alarm: alarm.text,
    reference: receipt.reference,
  });
  if (alarm.record.delivered) return changed(path, alarm);
  note(path, alarm);
  if (!alarm.committed) {
    // The disk has not taken the alarm itself: nobody waits for it.
    alarm.durable.resolve();
    return lightDelivered(path, alarm);
  }
  // The lamp says what our disk knows too; a disk that is not well does not hold it up.
  let shown = false;
  const light = () => {
    if (shown || path.closed) return;
    shown = true;
    cancel();
    if (!alarm.left) lightDelivered(path, alarm);
  };
  const cancel = path.clock.after(diskPatienceMs, light);
  alarm.whenWritten.push(light);
  changed(path, alarm);
}

/**
 * The cloud has it on its disk: durable somewhere, so the slower pace will do. Not worth a trip to our own disk: the
 * next change of the alarm takes it along, and after a start the cloud is asked anyway.
 */
export function storedByCloud(path: AlarmPath, alarm: Alarm): void {
  path.log.info('alarm stored by the cloud', { alarm: alarm.text });
  alarm.durable.resolve();
  slowDown(path, alarm, () => goDirect(path, alarm));
}

/** *Delivered*, by the word of the cloud: it is on its disk. */
export function delivered(path: AlarmPath, alarm: Alarm): void {
  if (alarm.record.delivered) return;
  note(path, alarm);
  alarm.durable.resolve();
  lightDelivered(path, alarm);
}

/** The primary centre has acknowledged it. */
function note(path: AlarmPath, alarm: Alarm): void {
  const { record } = alarm;
  record.delivered = true;
  reached(alarm, 'delivered', path.clock.monotonic());
  path.log.info('alarm delivered', { alarm: alarm.text, ms: record.stages.delivered });
  alarm.stop.direct();
  alarm.stop.failed();
}

function lightDelivered(path: AlarmPath, alarm: Alarm): void {
  if (alarm.record.lamp === 'delivered') return;
  alarm.record.lamp = 'delivered';
  changed(path, alarm);
  show(path, alarm);
}

/** Nobody tries any more, by the word of the cloud: nor do we. */
export function ended(path: AlarmPath, alarm: Alarm): void {
  const { record } = alarm;
  if (record.ended) return;
  path.log.warn('the delivery was ended', { alarm: alarm.text, delivered: record.delivered });
  record.ended = true;
  alarm.durable.resolve();
  alarm.stop.resend();
  alarm.stop.direct();
  alarm.stop.failed();
  if (record.facts.mode === 'real' && !record.delivered && record.lamp !== 'failed') fail(path, alarm);
  else save(path, alarm);
  // What is left to tell is told to the end.
  tell(path, alarm);
}

/** The cloud cannot read it: deliver here and now, and leave the cloud alone until it is another. */
export function refused(path: AlarmPath, alarm: Alarm, what: 'alarm' | 'report', epoch: string): void {
  path.log.error('the cloud cannot read what was sent', { alarm: alarm.text, what });
  if (what === 'report') alarm.reportRefusedIn = epoch;
  else {
    alarm.record.refused_in = epoch;
    alarm.stop.resend();
    save(path, alarm);
    if (!path.direct && !alarm.record.delivered) {
      path.notices.open('alarm-refused', alarm.text, {
        zh: '云端无法读取该报警，且网关未配置直连通道，报警尚未送达',
        en: 'The cloud cannot read this alarm and the gateway has no direct path: it is not delivered',
      });
    }
    goDirect(path, alarm);
  }
  leaveIfDone(path, alarm);
}

function fail(path: AlarmPath, alarm: Alarm): void {
  if (alarm.record.delivered || alarm.left) return;
  path.log.warn('no receipt of 110 in time: the lamp says failed', { alarm: alarm.text });
  alarm.record.lamp = 'failed';
  save(path, alarm);
  show(path, alarm);
}

/** There is more to report: raise its revision, keep it, tell it. */
function changed(path: AlarmPath, alarm: Alarm): void {
  alarm.record.revision++;
  save(path, alarm);
  tell(path, alarm);
  leaveIfDone(path, alarm);
}

/**
 * An alarm leaves the outbox only when it is settled, no door is at it any more, and nothing more is to be
 * expected of the lamp.
 */
export function leaveIfDone(path: AlarmPath, alarm: Alarm): boolean {
  if (alarm.left) return true;
  if (!isSettled(path, alarm) || alarm.atDoor || !lampIsDone(path, alarm)) return false;
  path.log.info('alarm leaves the outbox', { alarm: alarm.text });
  end(path, alarm);
  save(path, alarm);
  return true;
}

/**
 * The cloud holds its *delivered* and its last report, or will not hold what is delivered; or a person has ended
 * it. A probe also ends by what it has found, once the cloud holds that.
 */
function isSettled(path: AlarmPath, alarm: Alarm): boolean {
  const { record } = alarm;
  const told = !reportDue(path, alarm);
  if (record.ended) return told;
  const held = heldByCloud(path, alarm);
  const refused = refusedByCloud(path, alarm);
  if (record.facts.mode === 'probe') {
    if (record.facts.route === 'cloud' && refused) return true;
    const found = record.proof !== undefined || record.direct.length > 0;
    if (found) return refused || (held !== 'none' && told);
  }
  return record.delivered && (refused || (held === 'delivered' && told));
}

/** Stops everything that runs for it. */
export function end(path: AlarmPath, alarm: Alarm): void {
  alarm.left = true;
  for (const stop of Object.values(alarm.stop)) stop();
  for (const turns of Object.values(path.turns)) turns.leave(alarm);
  path.notices.close('alarm-refused', alarm.text);
  path.onLeft(alarm);
}
