import type { z } from 'zod';
import type { apiReadiness } from '#protocols/api.ts';
import type { Bilingual } from '#protocols/messages/bilingual.ts';
import type { ApiParts } from './parts.ts';

/** Whether a press would get through now: a button or sensor on an open line, its gateway here, 110 answering. */
export function readinessOf({
  centres,
  liveness,
}: Pick<ApiParts, 'centres' | 'liveness'>): z.infer<typeof apiReadiness> {
  const waiting: Bilingual[] = [];
  const primary = centres().find((centre) => centre.primary);
  if (!primary?.doors.some((door) => door.supervision === 'answering')) {
    waiting.push({
      zh: '等待主用接警中心应答巡检（NULL）',
      en: 'the primary centre to answer a supervision message (NULL)',
    });
  }
  const online = liveness.gateways().filter((gateway) => gateway.state === 'online');
  if (online.length === 0) waiting.push({ zh: '等待网关报到', en: 'a gateway to report' });
  const alarmLines = online.flatMap((gateway) =>
    [...gateway.devices.values()].filter(
      ({ report }) => report?.kind === 'button' || report?.kind === 'smoke',
    ),
  );
  if (online.length > 0 && !alarmLines.some(({ report }) => report?.line_open)) {
    waiting.push({ zh: '等待按钮或烟感的线路接通', en: 'the line of a button or smoke sensor to open' });
  }
  return { ready: waiting.length === 0, waiting_for: waiting };
}
