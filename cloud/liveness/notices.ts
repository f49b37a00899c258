import type { Notice } from '#protocols/messages/state.ts';
import type { Alerts } from '../alerts/alerts.ts';
import type { Store } from '../store/store.ts';
import type { Gateway } from './fleet.ts';

/** Something that a gateway wants people to know, or that is over. */
export function takeNotice(alerts: Alerts, gateway: Gateway, notice: Notice): void {
  const subject = `${gateway.id}/${notice.code}/${notice.subject}`;
  if (notice.open) {
    gateway.notices.add(subject);
    void alerts.raise({ code: 'gateway-notice', severity: 'warning', subject, text: notice.text });
  } else {
    gateway.notices.delete(subject);
    void alerts.clear('gateway-notice', subject);
  }
}

/**
 * A gateway tells in every session what still holds: what it has not told again was over while it was away.
 * Rejects with a `DatabaseError`.
 */
export async function endOldNotices(
  { store, alerts }: { store: Store; alerts: Alerts },
  gateway: Gateway,
): Promise<void> {
  const open = await store.read<{ subject: string }>(
    `SELECT subject FROM alerts WHERE code = 'gateway-notice' AND closed_at IS NULL`,
  );
  for (const { subject } of open) {
    if (!subject.startsWith(`${gateway.id}/`) || gateway.notices.has(subject)) continue;
    await alerts.clear('gateway-notice', subject);
  }
}
