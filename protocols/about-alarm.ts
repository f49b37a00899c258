import type { AlertCode } from './api-alerts.ts';

const alarmCodes: readonly AlertCode[] = [
  'alarm-undelivered',
  'alarm-late',
  'alarm-unreadable',
  'drill-unknown',
  'drill-end-unanswered',
  'identity-conflict',
];

/**
 * Whether an alert tells of an alarm, or of something that may cost one now. Such an alert is never silenced, covered
 * by maintenance, held for other hours or dropped from a full queue. By itself, so that a page may ask it without the
 * schemas.
 */
export function isAboutAlarm({ code, subject }: { code: AlertCode; subject: string }): boolean {
  return (
    alarmCodes.includes(code) || (code === 'gateway-notice' && subject.split('/')[1] === 'alarm-refused')
  );
}
