import type { Clock, Log } from '#platform/ports.ts';
import type { Alerts } from '../alerts/alerts.ts';
import { telemetryGap } from '../ingest/ingest-alerts.ts';
import type { Names } from '../names.ts';
import type { Store } from '../store/store.ts';
import type { ClosedGap } from './receiving.ts';

/** A gap cannot be mended: its alert ends when none has followed it for so long, ms. */
const tellsForMs = 3_600_000;
const lookEveryMs = 600_000;

/** Alerts about gaps. Returns where gaps are told, and what ends it. */
export function gapAlerts(parts: { clock: Clock; log: Log; store: Store; alerts: Alerts; names: Names }) {
  const { clock, log, store, alerts, names } = parts;
  const startedAt = clock.monotonic();
  const lastGap = new Map<string, number>();
  let cancel = clock.after(lookEveryMs, look);

  function look(): void {
    cancel = clock.after(lookEveryMs, look);
    store
      .read<{ subject: string }>(
        `SELECT subject FROM alerts WHERE code = 'telemetry-gap' AND closed_at IS NULL`,
      )
      .then(
        (rows) => {
          for (const { subject } of rows) {
            if (clock.monotonic() - (lastGap.get(subject) ?? startedAt) < tellsForMs) continue;
            lastGap.delete(subject);
            void alerts.clear('telemetry-gap', subject);
          }
        },
        (error: unknown) => log.warn('old gap alerts were not looked at', { error }),
      );
  }

  return {
    onGap(gap: ClosedGap): void {
      lastGap.set(gap.gateway, clock.monotonic());
      void alerts.raise(telemetryGap(gap, names));
    },
    close: () => cancel(),
  };
}
