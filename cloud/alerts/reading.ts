import type { Clock, Row, SqlValue } from '#platform/ports.ts';
import { type ApiAlert, type ApiMaintenance, type ApiSilence, covers, isAboutAlarm } from '#protocols/api.ts';
import type { Store } from '../store/store.ts';
import { namedBy } from './subjects.ts';

/** Reads alerts as people see them: where they are, and what keeps them quiet now. */
export type ReadAlerts = (where: string, params: readonly SqlValue[], limit: number) => Promise<ApiAlert[]>;

type AlertRow = Row &
  Pick<
    ApiAlert,
    'id' | 'code' | 'severity' | 'subject' | 'mode' | 'repeats' | 'escalated' | 'opened_at' | 'closed_at'
  > & {
    text: string;
    acknowledged_by: string | null;
    acknowledged_at: number | null;
    note: string | null;
    drill_campus: string | null;
    alarm_campus: string | null;
    alarm_device: string | null;
  };

/** The signal that an alert about an alarm names; behind an `@` its subject names a centre. */
const ofItsAlarm = `FROM signals WHERE alerts.code IN ('alarm-undelivered', 'alarm-late')
  AND signals.name = substr(alerts.subject, 1, instr(alerts.subject || '@', '@') - 1) LIMIT 1`;

export interface AlertPlaces {
  clock: Clock;
  store: Store;
  /** The campus of a gateway; null: nobody knows it. */
  campusOf(gateway: string): string | null;
}

/** Of `alerts`, the open ones first and each kind newest first. */
export function alertReader({ clock, store, campusOf }: AlertPlaces): ReadAlerts {
  return async (where, params, limit) => {
    const rows = await store.read<AlertRow>(
      `SELECT *, (SELECT campus FROM drills WHERE drills.id = alerts.subject) AS drill_campus,
         (SELECT campus ${ofItsAlarm}) AS alarm_campus, (SELECT device ${ofItsAlarm}) AS alarm_device
       FROM alerts WHERE ${where} ORDER BY closed_at IS NOT NULL, id DESC LIMIT ?`,
      [...params, limit],
    );
    if (rows.length === 0) return [];
    const now = Math.round(clock.wall());
    const silences = await readSilences(store, 'ended_at IS NULL AND until_at > ?', [now], -1);
    const windows = await readMaintenance(store, 'ended_at IS NULL AND until_at > ? AND from_at <= ?', [
      now,
      now,
    ]);
    const silenceOf = new Map(silences.map((silence) => [`${silence.code} ${silence.subject}`, silence]));
    return rows.map((row) => {
      const { gateway, device, campus } = namedBy(row.code, row.subject);
      const place = {
        gateway,
        device: device ?? row.alarm_device,
        campus:
          campus ?? row.drill_campus ?? row.alarm_campus ?? (gateway === null ? null : campusOf(gateway)),
      };
      const quietable = row.closed_at === null && !isAboutAlarm(row);
      const silence = quietable ? silenceOf.get(`${row.code} ${row.subject}`) : undefined;
      // What has become worse than what was silenced is another thing.
      const worse = row.severity === 'critical' && silence?.severity === 'warning';
      const window = quietable ? windows.find((window) => covers(window, place, now)) : undefined;
      const alert = {
        id: row.id,
        code: row.code,
        severity: row.severity,
        subject: row.subject,
        ...place,
        mode: row.mode,
        repeats: row.repeats,
        escalated: row.escalated,
        text: JSON.parse(row.text) as ApiAlert['text'],
        opened_at: row.opened_at,
        closed_at: row.closed_at,
        acknowledged:
          row.acknowledged_by === null
            ? null
            : { by: row.acknowledged_by, at: row.acknowledged_at ?? row.opened_at, note: row.note },
        silenced: silence === undefined || worse ? null : quietOf(silence),
        maintenance: window === undefined ? null : quietOf(window),
      };
      return { ...alert, state: stateOf(alert) };
    });
  };
}

const quietOf = ({ id, by, until, reason }: ApiSilence | ApiMaintenance) => ({ id, by, until, reason });

function stateOf(alert: Omit<ApiAlert, 'state'>): ApiAlert['state'] {
  if (alert.closed_at !== null) return 'closed';
  if (alert.maintenance !== null) return 'maintenance';
  if (alert.silenced !== null) return 'silenced';
  return alert.acknowledged === null ? 'open' : 'acknowledged';
}

type Ending = { ended_by: string | null; ended_at: number | null };
const endedOf = ({ ended_by, ended_at }: Ending) =>
  ended_by === null || ended_at === null ? null : { by: ended_by, at: ended_at };

type SilenceRow = Row &
  Ending &
  Pick<ApiSilence, 'id' | 'code' | 'subject' | 'severity' | 'reason'> & {
    by_whom: string;
    from_at: number;
    until_at: number;
  };

/** Newest first; where they are is not known here. `limit` -1: all. */
export async function readSilences(
  store: Store,
  where: string,
  params: readonly SqlValue[],
  limit: number,
): Promise<ApiSilence[]> {
  const rows = await store.read<SilenceRow>(
    `SELECT * FROM silences WHERE ${where} ORDER BY id DESC LIMIT ?`,
    [...params, limit],
  );
  return rows.map((row) => ({
    id: row.id,
    code: row.code,
    subject: row.subject,
    severity: row.severity,
    campus: null,
    reason: row.reason,
    by: row.by_whom,
    from: row.from_at,
    until: row.until_at,
    ended: endedOf(row),
  }));
}

type MaintenanceRow = Row &
  Ending &
  Pick<ApiMaintenance, 'id' | 'campus' | 'gateway' | 'reason' | 'declared_at'> & {
    devices: string | null;
    by_whom: string;
    from_at: number;
    until_at: number;
  };

/** Newest first. */
export async function readMaintenance(
  store: Store,
  where: string,
  params: readonly SqlValue[],
  limit = -1,
): Promise<ApiMaintenance[]> {
  const rows = await store.read<MaintenanceRow>(
    `SELECT * FROM maintenance WHERE ${where} ORDER BY id DESC LIMIT ?`,
    [...params, limit],
  );
  return rows.map((row) => ({
    id: row.id,
    campus: row.campus,
    gateway: row.gateway,
    devices: row.devices === null ? null : (JSON.parse(row.devices) as string[]),
    reason: row.reason,
    by: row.by_whom,
    declared_at: row.declared_at,
    from: row.from_at,
    until: row.until_at,
    ended: endedOf(row),
  }));
}
