import type { Clock, Log } from '#platform/ports.ts';
import type { Alerts, AlertText } from '../alerts/alerts.ts';
import { gatewayCalled, type Names } from '../names.ts';
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

const gapWords: Record<ClosedGap['why'], { zh: string; en: string }> = {
  'too-many': { zh: '网关的缓存已满', en: "the gateway's buffer was full" },
  'too-old': { zh: '数据已过保存期', en: 'they were too old to keep' },
  sampled: { zh: '云端过载时被抽样', en: 'they were sampled while the cloud was overloaded' },
  refused: { zh: '云端过载时被拒收', en: 'they were refused while the cloud was overloaded' },
  unreadable: { zh: '网关的缓存损坏', en: "the gateway's buffer was damaged" },
  unanswered: { zh: '网关没有说明原因', en: 'the gateway did not say why' },
};

/** A hole in what was measured: for whoever reads the figures of that time. */
function telemetryGap(gap: ClosedGap, names: Names): AlertText {
  const who = gatewayCalled(names, gap.campus, gap.gateway);
  const why = gapWords[gap.why];
  const batches = gap.to - gap.from + 1;
  return {
    code: 'telemetry-gap',
    severity: 'warning',
    subject: gap.gateway,
    text: {
      zh: `${who.zh} 有 ${batches} 批测量数据缺失：${why.zh}`,
      en: `${who.en}: ${batches} ${batches === 1 ? 'batch' : 'batches'} of measured values will never come; ${why.en}`,
    },
  };
}
