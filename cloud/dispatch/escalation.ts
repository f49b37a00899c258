import type { Clock } from '#platform/ports.ts';
import type { Alerts, AlertText } from '../alerts/alerts.ts';

/** Between two tellings that an alarm is not delivered, ms: growing, and never the last. */
const tellAgain = { firstMs: 30_000, maxMs: 900_000 };

/**
 * Tells people when the primary's receipt has not come so long after the press, and again for as long as it does not
 * come. `alert`: its words when the press is so old (null: not worth saying). Returns what stops it.
 */
export function escalate(
  { clock, alerts }: { clock: Clock; alerts: Alerts },
  late: { pressedAtMonotonic: number; undeliveredAfterMs: number; alert(ageMs: number | null): AlertText },
): () => void {
  const age = () => clock.monotonic() - late.pressedAtMonotonic;
  let pause = tellAgain.firstMs;
  const again = () => {
    const alert = late.alert(age());
    // The disk may have refused it when it was due.
    if (alerts.isOpen(alert.code, alert.subject)) void alerts.repeat(alert.code, alert.subject, alert.text);
    else void alerts.raise(alert);
    pause = Math.min(2 * pause, tellAgain.maxMs);
    cancel = clock.after(pause, again);
  };
  let cancel = clock.after(Math.max(0, late.undeliveredAfterMs - age()), () => {
    void alerts.raise(late.alert(null));
    cancel = clock.after(pause, again);
  });
  return () => cancel();
}
