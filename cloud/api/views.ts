import type { z } from 'zod';
import type {
  ApiAlarm,
  apiAttempt,
  ApiCommand,
  ApiDevice,
  ApiDrill,
  ApiGateway,
  ApiIncident,
  ApiMaintenance,
  ApiProbe,
  apiQuarantined,
  place,
} from '#protocols/api.ts';
import type { ApiVerdict } from '#protocols/api-four-hundred.ts';
import { verdictOf } from '#protocols/four-hundred/verdict.ts';
import type { CentreReceipt } from '#protocols/messages/alarm.ts';
import { sequenceOf, summed } from '#protocols/signal.ts';
import type { SqlValue } from '#platform/ports.ts';
import { alertReader, type ReadAlerts, readMaintenance } from '../alerts/reading.ts';
import { type CommandRow, commandOf } from '../commands/row.ts';
import { drillReports } from '../drills/report.ts';
import { type PassageRow, passageOf } from '../latency/passage.ts';
import type { FourHundred } from '../four-hundred/four-hundred.ts';
import { stagesOf, totalOf } from '../latency/stages.ts';
import { lastProofs, probeReports } from '../probes/report.ts';
import type { Device, Gateway } from '../liveness/fleet.ts';
import { namesOf } from '../names.ts';
import { placesOf } from '../places.ts';
import type { Principal } from '../access/principal.ts';
import type { ApiParts } from './parts.ts';
import { alertsInScope } from './scope.ts';

/** Reads the cloud as the API shows it. */
export interface Views {
  /**
   * `where` selects among `signals`; only presses, never their second names. `next` is the `before` of the
   * following page, null when this is the last.
   */
  alarmPage(
    where: string,
    params: readonly SqlValue[],
    limit: number,
  ): Promise<{ items: ApiAlarm[]; next: string | null }>;
  alarmsByName(names: readonly string[]): Promise<ApiAlarm[]>;
  alerts: ReadAlerts;
  maintenance(ids: readonly string[]): Promise<ApiMaintenance[]>;
  /** Those of these alerts that somebody sees. */
  alertsSeen(
    who: Principal,
    ids: readonly number[],
    gateways: readonly { id: string; campus: string }[],
  ): Promise<Set<number>>;
  incidents(where: string, params: readonly SqlValue[], limit: number): Promise<ApiIncident[]>;
  quarantine(before: number, limit: number): Promise<z.infer<typeof apiQuarantined>[]>;
  commands(ids: readonly string[]): Promise<ApiCommand[]>;
  drills(ids: readonly string[]): Promise<ApiDrill[]>;
  probes(ids: readonly string[]): Promise<ApiProbe[]>;
  attempts(name: string): Promise<z.infer<typeof apiAttempt>[]>;
  devices(which: readonly Device[]): Promise<ApiDevice[]>;
  gateway(gateway: Gateway): ApiGateway;
  verdict(fourHundred: Pick<FourHundred, 'campus'>, campus: string): ApiVerdict | undefined;
  placeOf(campus: string, gateway: string, device: string): z.infer<typeof place>;
}

const marks = (values: readonly unknown[]) => values.map(() => '?').join(', ');

export function createViews({
  clock,
  store,
  campuses,
  liveness,
  inventory,
}: Pick<ApiParts, 'clock' | 'store' | 'campuses' | 'liveness' | 'inventory'>): Views {
  const names = namesOf(campuses);
  const places = placesOf(campuses);
  function placeOf(campus: string, gateway: string, device: string): z.infer<typeof place> {
    const { cameras = [], ...where } = places.location(gateway, device) ?? {};
    return {
      campus,
      campus_name: names.campus(campus),
      gateway,
      device,
      device_name: names.device(gateway, device),
      ...where,
      ...(cameras.length > 0 && {
        cameras: cameras.map(({ gateway, device, name, pictureUrl }) => ({
          gateway,
          device,
          name,
          picture_url: pictureUrl,
        })),
      }),
    };
  }

  async function alarmPage(where: string, params: readonly SqlValue[], limit: number) {
    const rows = await store.read<AlarmRow>(
      `SELECT * FROM signals WHERE same_as IS NULL AND (${where}) ORDER BY id DESC LIMIT ?`,
      [...params, limit],
    );
    const last = rows.length < limit ? undefined : rows.at(-1);
    return { items: await alarmsOf(rows), next: last === undefined ? null : String(last.id) };
  }

  async function alarmsOf(rows: readonly AlarmRow[]): Promise<ApiAlarm[]> {
    if (rows.length === 0) return [];
    const ids = rows.map((row) => row.id);
    const receipts = await store.read<ReceiptRow>(
      `SELECT * FROM receipts WHERE signal IN (${marks(ids)}) ORDER BY at, centre, path`,
      ids,
    );
    return rows.map((row) => {
      const passage = passageOf(row);
      return {
        id: row.name,
        digest: row.digest,
        place: placeOf(row.campus, row.gateway, row.device),
        type: row.type,
        mode: row.mode,
        account: row.account,
        zone: row.zone,
        code: row.code,
        sequence: sequenceOf({ gateway: row.gateway, epoch: row.epoch, lane: 'alarm', n: row.n }),
        occurred_at: row.occurred_at,
        received_at: Math.round(row.ingested_at),
        incident: row.incident,
        sum: row.sum === null ? null : summed.parse(JSON.parse(row.sum)),
        route: row.route,
        // A receipt that came all the same after a person had ended the delivery is what counts.
        state: row.delivered_at !== null ? 'delivered' : row.ended_by === null ? 'stored' : 'ended',
        ended:
          row.ended_by === null
            ? null
            : { by: row.ended_by, reason: row.ended_reason ?? '', at: row.ended_at ?? 0 },
        late: row.late === 1,
        crossed_restart: row.crossed_restart === 1,
        lamp: row.lamp,
        centres: receipts
          .filter((receipt) => receipt.signal === row.id)
          .map(({ centre, door, path, is_primary, reference, at, raw }) => ({
            centre,
            door,
            path,
            primary: is_primary === 1,
            reference,
            at,
            raw,
          })),
        origin: row.origin,
        total_ms: totalOf(passage),
        age_at_first_byte_ms: row.age_at_first_byte_ms,
        stages: stagesOf(passage),
      };
    });
  }

  return {
    alarmPage,
    placeOf,
    async alarmsByName(wanted) {
      if (wanted.length === 0) return [];
      // A name may be held with two digests (two edges with one identity), so more rows than names.
      return (await alarmPage(`name IN (${marks(wanted)})`, wanted, 2 * wanted.length)).items;
    },

    alerts: alertReader({ clock, store, campusOf: (gateway) => liveness.gateway(gateway)?.campus ?? null }),
    maintenance: (ids) => readMaintenance(store, `id IN (${marks(ids)})`, ids),

    async alertsSeen(who, ids, gateways) {
      if (ids.length === 0) return new Set();
      const { where, params } = alertsInScope(who, gateways);
      const rows = await store.read<{ id: number }>(
        `SELECT id FROM alerts WHERE id IN (${marks(ids)}) AND ${where}`,
        [...ids, ...params],
      );
      return new Set(rows.map(({ id }) => id));
    },

    async incidents(where, params, limit) {
      const rows = await store.read<IncidentRow>(
        `SELECT * FROM incidents WHERE ${where} ORDER BY id DESC LIMIT ?`,
        [...params, limit],
      );
      const ids = rows.map((row) => row.id);
      if (ids.length === 0) return [];
      const alarms = await store.read<{ incident: number; name: string }>(
        `SELECT incident, name FROM signals WHERE incident IN (${marks(ids)}) AND same_as IS NULL ORDER BY id`,
        ids,
      );
      const log = await store.read<{
        incident: number;
        at: number;
        step: string;
        detail: string;
        hash: string;
      }>(
        `SELECT incident, at, step, detail, hash FROM incident_log WHERE incident IN (${marks(ids)}) ORDER BY id`,
        ids,
      );
      return rows.map((row) => ({
        ...row,
        alarms: alarms.filter((alarm) => alarm.incident === row.id).map((alarm) => alarm.name),
        log: log
          .filter((entry) => entry.incident === row.id)
          .map(({ at, step, detail, hash }) => ({
            at,
            step,
            detail: JSON.parse(detail) as Record<string, unknown>,
            hash,
          })),
      }));
    },

    async quarantine(before, limit) {
      const rows = await store.read<z.infer<typeof apiQuarantined>>(
        `SELECT id, at, topic, reason, sha256, length(payload) AS size, lower(hex(substr(payload, 1, 64))) AS head
         FROM quarantine WHERE id < ? ORDER BY id DESC LIMIT ?`,
        [before, limit],
      );
      return rows;
    },

    async commands(ids) {
      if (ids.length === 0) return [];
      const rows = await store.read<CommandRow>(`SELECT * FROM commands WHERE id IN (${marks(ids)})`, ids);
      return rows.map(commandOf);
    },
    async drills(ids) {
      if (ids.length === 0) return [];
      const asked = { where: `id IN (${marks(ids)})`, params: ids, limit: ids.length, now: clock.wall() };
      return drillReports({ store, names }, asked);
    },
    async probes(ids) {
      if (ids.length === 0) return [];
      return probeReports(store, placeOf, `p.id IN (${marks(ids)})`, ids, ids.length);
    },
    async attempts(name) {
      return store.read<z.infer<typeof apiAttempt>>(
        `SELECT a.centre, a.door, a.at, a.outcome, a.reason FROM attempts a JOIN signals s ON s.id = a.signal
         WHERE s.name = ? ORDER BY a.id`,
        [name],
      );
    },

    async devices(which) {
      const open = await store.read<{ point: string; opened_at: number }>(
        `SELECT gateway || '/' || device AS point, opened_at FROM incidents WHERE resolved_at IS NULL`,
      );
      const proofs = await lastProofs(store);
      const openSince = new Map(open.map((row) => [row.point, row.opened_at]));
      return which.map((device) => {
        const { gateway, id, report, verdict } = device;
        // A cable that is cut afterwards does not take the alarm out of anybody's sight.
        const alarmSince = openSince.get(`${gateway.id}/${id}`);
        const alarming = alarmSince !== undefined;
        return {
          place: placeOf(gateway.campus, gateway.id, id),
          kind: report?.kind ?? null,
          driver: report?.driver ?? null,
          state: alarming ? 'alarm' : verdict.state,
          reason: alarming
            ? {
                zh: ['有未处理完的警情', verdict.reason?.zh ?? []].flat().join('；'),
                en: ['an incident here is still open', verdict.reason?.en ?? []].flat().join('; '),
              }
            : verdict.reason,
          since: alarmSince ?? device.since,
          heard_at: device.heardAt,
          heartbeat_s: report?.heartbeat_s ?? null,
          line_open: gateway.state === 'online' ? (report?.line_open ?? null) : null,
          facts: report?.facts ?? {},
          acts: report?.acts ?? [],
          proofs: proofs.get(`${gateway.id}/${id}`) ?? [],
          listing: device.listing,
        };
      });
    },

    verdict(fourHundred, campus) {
      const ledger = fourHundred.campus(campus);
      if (ledger === null) return undefined;
      const county = ledger.plan.campus.county ?? null;
      return { ...verdictOf(ledger), county, name: inventory.nameOf(campus) ?? names.campus(campus) };
    },

    gateway: (gateway) => ({
      campus: gateway.campus,
      gateway: gateway.id,
      state: gateway.state,
      since: gateway.since,
      heard_at: gateway.heardAt,
      version: gateway.version,
      pending_alarms: gateway.pendingAlarms,
      clock_offset_ms: gateway.offset?.offset_ms ?? null,
      clock_error_ms: gateway.offset?.error_ms ?? null,
    }),
  };
}

type AlarmRow = PassageRow &
  Pick<
    ApiAlarm,
    'digest' | 'type' | 'mode' | 'account' | 'zone' | 'code' | 'occurred_at' | 'origin' | 'incident' | 'lamp'
  > & {
    id: number;
    name: string;
    campus: string;
    gateway: string;
    epoch: string;
    n: number;
    device: string;
    late: number;
    crossed_restart: number;
    sum: string | null;
    route: ApiAlarm['route'];
    ended_by: string | null;
    ended_reason: string | null;
    ended_at: number | null;
  };

type ReceiptRow = Omit<CentreReceipt, 'primary'> & { signal: number; is_primary: number };
type IncidentRow = Omit<ApiIncident, 'alarms' | 'log'>;
