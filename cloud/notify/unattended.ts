import type { Clock, Log } from '#platform/ports.ts';
import type { ApiAlert } from '#protocols/api.ts';
import type { ReadAlerts } from '../alerts/reading.ts';
import type { Feed } from '../feed.ts';
import type { Store } from '../store/store.ts';
import type { Escalation } from './config.ts';
import { insertion } from './queue.ts';

/** Alerts that are watched at once; the newest, should there be more. */
const watchedLimit = 1_000;
/** Looks that follow one another are at least so far apart. */
const paceMs = 1_000;
const minuteMs = 60_000;

/**
 * Goes a step further with each critical alert that nobody has acknowledged in time: other people are told, and the
 * last of them again, within bounds. What is silenced or under maintenance does not climb. Returns what stops it.
 */
export function watchUnattended(
  parts: { clock: Clock; log: Log; store: Store; feed: Feed; read: ReadAlerts },
  escalation: Escalation,
): () => void {
  const { clock, log, store, feed, read } = parts;
  const { steps, repeat_min, at_most } = escalation;
  const last = steps.at(-1)!;
  const stepCount = steps.length + at_most;
  const longestMs = (last.after_min + at_most * repeat_min) * minuteMs;
  const dueAfterMs = (step: number) =>
    (steps[step]?.after_min ?? last.after_min + (step - steps.length + 1) * repeat_min) * minuteMs;
  /** When each alert opened, on the monotonic clock: a clock that is set neither delays nor hurries anybody. */
  let opened = new Map<number, number>();
  let cancel = () => {};
  let looking = false;
  let closed = false;
  let lookedAt = -Infinity;

  async function look(): Promise<number | null> {
    const where = `closed_at IS NULL AND severity = 'critical' AND acknowledged_by IS NULL AND escalated < ?`;
    const alerts = (await read(where, [stepCount], watchedLimit)).filter(({ state }) => state === 'open');
    const now = clock.monotonic();
    const ages = (alert: ApiAlert) => Math.min(longestMs, Math.max(0, clock.wall() - alert.opened_at));
    opened = new Map(alerts.map((alert) => [alert.id, opened.get(alert.id) ?? now - ages(alert)]));
    let next: number | null = null;
    for (const alert of alerts) {
      const at = opened.get(alert.id)! + dueAfterMs(alert.escalated);
      if (at > now) next = Math.min(next ?? at, at);
      else {
        await climb(alert);
        next = now;
      }
    }
    return next;
  }

  async function climb(alert: ApiAlert): Promise<void> {
    const step = alert.escalated + 1;
    const { channels } = steps[alert.escalated] ?? last;
    log.warn('nobody has acknowledged an alert; it goes a step further', { alert: alert.id, step, channels });
    await store.commit(
      [
        { sql: 'UPDATE alerts SET escalated = ? WHERE id = ?', params: [step, alert.id] },
        ...channels.map((channel) => insertion(alert, `escalated-${step}`, channel)),
      ],
      [{ type: 'alert', subject: String(alert.id) }],
    );
  }

  function soon(at: number): void {
    if (closed || looking) return;
    cancel();
    cancel = clock.after(Math.max(0, Math.max(at, lookedAt + paceMs) - clock.monotonic()), () => {
      looking = true;
      lookedAt = clock.monotonic();
      look()
        .catch((error: unknown) => {
          log.error('unacknowledged alerts could not be looked at', { error });
          return clock.monotonic() + minuteMs;
        })
        .then((next) => {
          looking = false;
          if (woken) {
            woken = false;
            soon(clock.monotonic());
          } else if (next !== null) soon(next);
        });
    });
  }

  let woken = false;
  const unsubscribe = feed.subscribe(() => {
    if (looking) woken = true;
    else soon(clock.monotonic());
  });
  soon(clock.monotonic());
  return () => {
    closed = true;
    cancel();
    unsubscribe();
  };
}
