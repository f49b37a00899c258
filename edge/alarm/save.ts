import { type Backoff, backoff } from '#platform/backoff.ts';
import { reasonOf } from '#platform/reason.ts';
import { type Alarm, type AlarmPath, reached } from './alarm.ts';

const retry = { firstMs: 250, maxMs: 30_000 };

/**
 * Brings the alarm's row up to what is known of it, one write at a time, and tries again for ever. The first
 * write that succeeds makes the alarm durable.
 */
export function save(path: AlarmPath, alarm: Alarm): void {
  if (alarm.write === 'idle') void write(path, alarm, backoff(retry, path.random));
  else alarm.write = 'again';
}

async function write(path: AlarmPath, alarm: Alarm, pace: Backoff): Promise<void> {
  const { clock, log, outbox } = path;
  alarm.write = 'writing';
  const waiting = alarm.whenWritten.splice(0);
  const tried = () => waiting.splice(0).forEach((then) => then());
  try {
    const rise = !alarm.committed && alarm.rise && path.isUpFrom(alarm.rise) ? { rise: alarm.rise } : {};
    const written = await outbox.write(alarm.record, { left: alarm.left, ...rise });
    path.notices.close('outbox', 'alarms');
    const again = (alarm.write as Alarm['write']) === 'again';
    alarm.write = 'idle';
    if (written.kind === 'known') {
      tried();
      if (written.record) path.onKnown(alarm, written.record);
      else log.error('the disk knows this press by a row that cannot be read', { alarm: alarm.text });
      return;
    }
    if (!alarm.committed) {
      alarm.committed = true;
      reached(alarm, 'stored_edge', clock.monotonic());
      alarm.durable.resolve();
      log.info('alarm on disk', { alarm: alarm.text, ms: alarm.record.stages.stored_edge });
    }
    tried();
    if (again) save(path, alarm);
  } catch (error) {
    if (path.closed) return;
    tried();
    const reason = reasonOf(error);
    log.warn('alarm not on disk', { alarm: alarm.text, reason });
    path.notices.open('outbox', 'alarms', {
      zh: `网关磁盘没有保存报警：${reason}`,
      en: `The gateway's disk has not stored an alarm: ${reason}`,
    });
    clock.after(pace.next(), () => void write(path, alarm, pace));
  }
}
