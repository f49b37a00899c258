import { reasonOf } from '#platform/reason.ts';
import { nameText, type SignalName } from '#protocols/signal.ts';
import type { Alarm, AlarmPath } from './alarm.ts';
import { neverHeardOf, reportOf } from './resend.ts';

/**
 * The edge's word on one alarm that the cloud holds without a receipt: every receipt that it knows of. `live`: where the
 * alarm has not left. Never rejects: the cloud asks again.
 */
export async function giveWord(path: AlarmPath, name: SignalName, live: Alarm | undefined): Promise<void> {
  const { link, log, outbox } = path;
  try {
    // A word is the first report where there was none: what comes later must have a higher revision.
    if (live) live.record.revision ||= 1;
    const record = live ? live.record : await outbox.find(name);
    const word = record
      ? {
          ...reportOf(path, record, live?.firstByteAt === null),
          direct: [...record.direct, ...record.centres],
        }
      : neverHeardOf(path, name);
    await link.publish(JSON.stringify(word));
  } catch (error) {
    log.warn('the word on an alarm was not given', { alarm: nameText(name), reason: reasonOf(error) });
  }
}
