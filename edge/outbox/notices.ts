import type { Log } from '#platform/ports.ts';
import type { Notices } from '../notices.ts';
import type { OutboxEvents } from './outbox.ts';

/** Tells people what becomes of the alarms' file. */
export function outboxNotices(notices: Notices, log: Log): Omit<OutboxEvents, 'late'> {
  return {
    failed(reason) {
      log.error('the outbox cannot be used: the edge runs on without it', { reason });
      notices.open('outbox', 'open', {
        zh: `网关无法使用报警存储，正在不间断重试；期间的报警仍会送出：${reason}`,
        en: `The gateway cannot use its alarm store and keeps trying; alarms are sent all the same: ${reason}`,
      });
    },
    replaced(aside, reason) {
      log.error('the outbox is damaged: it is set aside, and an empty one begins', { aside, reason });
      notices.open('outbox-damaged', aside, {
        zh: `网关的报警存储已损坏，已另存为 ${aside}，并启用了新的存储和编号段；请检查存储介质：${reason}`,
        en: `The gateway's alarm store was damaged and set aside as ${aside}; a new one with a new epoch is in use. Check the storage medium: ${reason}`,
      });
    },
    full() {
      notices.open('disk-full', 'alarms', {
        zh: '网关磁盘已满：为报警预留的空间已启用，请尽快清理磁盘',
        en: "The gateway's disk is full: the room held back for alarms is in use. Free some space soon",
      });
    },
    roomAgain() {
      notices.close('disk-full', 'alarms');
    },
  };
}
