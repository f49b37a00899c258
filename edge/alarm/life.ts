import type { CentreReceipt } from '#protocols/messages/alarm.ts';
import { type Alarm, type AlarmPath, heldByCloud, reached, refusedByCloud, reportDue } from './alarm.ts';
import { armDirect, deliverDirectly } from './direct.ts';
import { armFailed, lampIsDone, showLamp } from './lamp.ts';
import { slowDown, speakAfresh } from './resend.ts';
import { save } from './save.ts';

/** How long the disk may take before an alarm goes out without it, ms. */
export const diskPatienceMs = 50;

/** A new alarm: commit, then publish; a disk that does not answer does not hold it up. */
export function begin(path: AlarmPath, alarm: Alarm): void {
  save(path, alarm);
  armFailed(path, alarm, () => fail(path, alarm));
  let gone = false;
  const go = () => {
    if (gone || alarm.left) return;
    gone = true;
    publishFirst(path, alarm);
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
  path.log.info('alarm resumed', { alarm: alarm.text, delivered: alarm.record.delivered });
  armFailed(path, alarm, () => fail(path, alarm));
  show(path, alarm);
  if (!leaveIfDone(path, alarm)) publishFirst(path, alarm);
}

function publishFirst(path: AlarmPath, alarm: Alarm): void {
  const { direct, link } = path;
  if (direct && !link.down && !refusedByCloud(path, alarm)) {
    armDirect(path, alarm, (receipt) => deliveredDirectly(path, alarm, receipt), direct.afterMs);
  } else goDirect(path, alarm);
  tell(path, alarm);
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
  deliverDirectly(path, alarm, (receipt) => deliveredDirectly(path, alarm, receipt));
}

function deliveredDirectly(path: AlarmPath, alarm: Alarm, receipt: CentreReceipt | null): void {
  if (!receipt) {
    leaveIfDone(path, alarm);
    return;
  }
  alarm.record.direct.push(receipt);
  path.log.info('110 has acknowledged on the direct way', {
    alarm: alarm.text,
    reference: receipt.reference,
  });
  if (!delivered(path, alarm)) changed(path, alarm);
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

/** *Delivered*: the primary centre has acknowledged it. False when that was known already. */
export function delivered(path: AlarmPath, alarm: Alarm): boolean {
  const { record } = alarm;
  if (record.delivered) return false;
  record.delivered = true;
  record.lamp = 'delivered';
  reached(alarm, 'delivered', path.clock.monotonic());
  path.log.info('alarm delivered', { alarm: alarm.text, ms: record.stages.delivered });
  alarm.durable.resolve();
  alarm.stop.direct();
  alarm.stop.failed();
  changed(path, alarm);
  show(path, alarm);
  return true;
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
 * An alarm leaves the outbox only when the cloud holds its *delivered* and its last report (or refused it, and
 * the edge has delivered) and nothing more is to be expected of the lamp.
 */
export function leaveIfDone(path: AlarmPath, alarm: Alarm): boolean {
  const { record } = alarm;
  if (alarm.left) return true;
  const told = heldByCloud(path, alarm) === 'delivered' && !reportDue(path, alarm);
  const byItself = refusedByCloud(path, alarm) && record.direct.length > 0;
  // A receipt that is still under way on the direct path is told as well.
  if (!record.delivered || alarm.delivering || !(told || byItself) || !lampIsDone(path, alarm)) return false;
  path.log.info('alarm leaves the outbox', { alarm: alarm.text });
  end(path, alarm);
  save(path, alarm);
  return true;
}

/** Stops everything that runs for it. */
export function end(path: AlarmPath, alarm: Alarm): void {
  alarm.left = true;
  for (const stop of Object.values(alarm.stop)) stop();
  path.notices.close('alarm-refused', alarm.text);
  path.onLeft(alarm);
}
