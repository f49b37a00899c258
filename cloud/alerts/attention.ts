import type { Clock, Log, Statement } from '#platform/ports.ts';
import type { ApiAlert, ApiMaintenance, ApiSilence } from '#protocols/api.ts';
import type { Change, Store } from '../store/store.ts';
import { readMaintenance, readSilences } from './reading.ts';

/** No silence is longer: what nobody wants to hear of for a month is to be mended. */
export const longestSilenceMs = 30 * 86_400_000;
export const longestMaintenanceMs = 7 * 86_400_000;
export const maintenanceAheadMs = 60 * 86_400_000;

export interface Work {
  campus: string;
  gateway: string | null;
  devices: readonly string[] | null;
  from: number;
  until: number;
  reason: string;
  by: string;
}

/** What people do about alerts. None of it closes one: only the end of its cause does. */
export interface Attention {
  /** False: it is not open, or somebody has acknowledged it. */
  acknowledge(alert: number, by: string, note: string | null): Promise<boolean>;
  /** Silences its code and subject, in place of a silence of before. Resolves with the silence. */
  silence(
    alert: Pick<ApiAlert, 'code' | 'subject' | 'severity'>,
    silence: { until: number; reason: string; by: string },
  ): Promise<ApiSilence>;
  /** False: it is over already. */
  endSilence(id: number, by: string): Promise<boolean>;
  /** `gateways`: those of the campus, or the one that is meant. */
  declare(work: Work, gateways: readonly string[]): Promise<ApiMaintenance>;
  /** Ends it before its time, or before it began. False: it is over already. */
  endMaintenance(window: ApiMaintenance, by: string, gateways: readonly string[]): Promise<boolean>;
  close(): void;
}

export async function createAttention(parts: { clock: Clock; log: Log; store: Store }): Promise<Attention> {
  const { clock, log, store } = parts;
  const now = () => Math.round(clock.wall());
  const timers = new Map<string, () => void>();

  const alertsOf = (where: string, params: Statement['params'] = []): Change => ({
    type: 'alert',
    subjectsOf: {
      sql: `SELECT CAST(id AS TEXT) AS subject FROM alerts WHERE closed_at IS NULL AND ${where}`,
      params,
    },
  });
  const silenced = (code: string, subject: string) => alertsOf('code = ? AND subject = ?', [code, subject]);
  /** Alerts whose subject begins with one of these gateways. */
  const onGateways = (gateways: readonly string[]) =>
    alertsOf(
      `EXISTS (SELECT 1 FROM json_each(?) AS g WHERE alerts.subject = g.value OR alerts.subject LIKE g.value || '/%')`,
      [JSON.stringify(gateways)],
    );
  const window = (id: number): Change => ({ type: 'maintenance', subject: String(id) });

  /** When a window or a silence begins or ends by itself, whoever looks on sees it. */
  function announce(key: string, at: number, changes: readonly Change[]): void {
    const left = at - clock.wall();
    if (left < 0) return;
    timers.get(key)?.();
    const cancel = clock.after(left, () => {
      timers.delete(key);
      store
        .commit([], changes)
        .catch((error: unknown) => log.error('the feed could not be written', { key, error }));
    });
    timers.set(key, cancel);
  }
  function forget(...keys: string[]): void {
    for (const key of keys) {
      timers.get(key)?.();
      timers.delete(key);
    }
  }
  const announceSilence = ({ id, code, subject, until }: ApiSilence) =>
    announce(`silence ${id}`, until, [silenced(code, subject)]);
  function announceWindow({ id, from, until, gateway }: ApiMaintenance, gateways: readonly string[] | null) {
    const changes = [window(id), onGateways(gateways ?? (gateway === null ? [] : [gateway]))];
    announce(`begin ${id}`, from, changes);
    announce(`end ${id}`, until, changes);
  }

  const still = 'ended_at IS NULL AND until_at > ?';
  for (const silence of await readSilences(store, still, [now()], -1)) announceSilence(silence);
  for (const found of await readMaintenance(store, still, [now()])) announceWindow(found, null);

  return {
    async acknowledge(alert, by, note) {
      const [done] = await store.commit(
        [
          {
            sql: `UPDATE alerts SET acknowledged_by = ?, acknowledged_at = ?, note = ?
                  WHERE id = ? AND closed_at IS NULL AND acknowledged_by IS NULL`,
            params: [by, now(), note, alert],
          },
        ],
        [{ type: 'alert', subject: String(alert) }],
      );
      return done!.changes === 1;
    },

    async silence({ code, subject, severity }, { until, reason, by }) {
      const at = now();
      const [, made] = await store.commit(
        [
          {
            sql: `UPDATE silences SET ended_by = ?, ended_at = ? WHERE code = ? AND subject = ? AND ${still}`,
            params: [by, at, code, subject, at],
          },
          {
            sql: `INSERT INTO silences (code, subject, severity, reason, by_whom, from_at, until_at)
                  VALUES (?, ?, ?, ?, ?, ?, ?) RETURNING id`,
            params: [code, subject, severity, reason, by, at, until],
          },
        ],
        [silenced(code, subject)],
      );
      const [silence] = await readSilences(store, 'id = ?', [made!.rows[0]!.id!], 1);
      announceSilence(silence!);
      return silence!;
    },

    async endSilence(id, by) {
      const at = now();
      const [silence] = await readSilences(store, `id = ? AND ${still}`, [id, at], 1);
      if (silence === undefined) return false;
      const [done] = await store.commit(
        [
          {
            sql: `UPDATE silences SET ended_by = ?, ended_at = ? WHERE id = ? AND ${still}`,
            params: [by, at, id, at],
          },
        ],
        [silenced(silence.code, silence.subject)],
      );
      forget(`silence ${id}`);
      return done!.changes === 1;
    },

    async declare({ campus, gateway, devices, from, until, reason, by }, gateways) {
      const [made] = await store.commit(
        [
          {
            sql: `INSERT INTO maintenance (campus, gateway, devices, reason, by_whom, declared_at, from_at, until_at)
                  VALUES (?, ?, ?, ?, ?, ?, ?, ?) RETURNING id`,
            params: [
              campus,
              gateway,
              devices === null ? null : JSON.stringify(devices),
              reason,
              by,
              now(),
              from,
              until,
            ],
          },
        ],
        [
          {
            type: 'maintenance',
            subjectsOf: { sql: 'SELECT CAST(MAX(id) AS TEXT) AS subject FROM maintenance' },
          },
          onGateways(gateways),
        ],
      );
      const [found] = await readMaintenance(store, 'id = ?', [made!.rows[0]!.id!]);
      announceWindow(found!, gateways);
      return found!;
    },

    async endMaintenance({ id }, by, gateways) {
      const at = now();
      const [done] = await store.commit(
        [
          {
            sql: `UPDATE maintenance SET ended_by = ?, ended_at = ? WHERE id = ? AND ${still}`,
            params: [by, at, id, at],
          },
        ],
        [window(id), onGateways(gateways)],
      );
      forget(`begin ${id}`, `end ${id}`);
      return done!.changes === 1;
    },

    close() {
      for (const cancel of timers.values()) cancel();
      timers.clear();
    },
  };
}
