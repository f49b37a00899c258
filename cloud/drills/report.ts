import type { SqlValue } from '#platform/ports.ts';
import type { ApiDrill } from '#protocols/api.ts';
import { type PassageRow, passageColumns, passageOf } from '../latency/passage.ts';
import { totalOf } from '../latency/stages.ts';
import type { Names } from '../names.ts';
import type { Store } from '../store/store.ts';

interface Row {
  [column: string]: SqlValue;
  id: string;
  campus: string;
  gateway: string;
  devices: string;
  from_at: number;
  to_at: number;
  reason: string;
  declared_by: string;
  declared_at: number;
  confirmed_at: number | null;
  refused: string | null;
  end_by: string | null;
  ended_at: number | null;
}

type PressRow = PassageRow & { [column: string]: SqlValue } & { name: string; device: string; mode: string };

/** Drills as people see them, newest first, each with what came of it. `now`: UTC ms. */
export async function drillReports(
  parts: { store: Store; names: Names },
  asked: { where: string; params: readonly SqlValue[]; limit: number; now: number },
): Promise<ApiDrill[]> {
  const { store, names } = parts;
  const rows = await store.read<Row>(
    `SELECT * FROM drills WHERE ${asked.where} ORDER BY declared_at DESC, id LIMIT ?`,
    [...asked.params, asked.limit],
  );
  return Promise.all(
    rows.map(async (row): Promise<ApiDrill> => {
      const devices = JSON.parse(row.devices) as string[];
      const until = Math.min(row.to_at, row.ended_at ?? row.to_at);
      const presses = await store.read<PressRow>(
        `SELECT name, device, mode, ${passageColumns} FROM signals
         WHERE gateway = ? AND occurred_at BETWEEN ? AND ? AND mode IN ('drill', 'real') AND same_as IS NULL
           AND device IN (SELECT value FROM json_each(?)) ORDER BY id`,
        // The gateway's clock may be off by what a drill allows.
        [row.gateway, row.from_at - 2_000, until + 2_000, row.devices],
      );
      return {
        id: row.id,
        campus: row.campus,
        gateway: row.gateway,
        state: stateOf(row, until, asked.now),
        refused: row.refused,
        from: row.from_at,
        to: row.to_at,
        reason: row.reason,
        by: row.declared_by,
        declared_at: row.declared_at,
        confirmed_at: row.confirmed_at,
        ended_by: row.ended_at === null ? null : row.end_by,
        ended_at: row.ended_at,
        devices: devices.map((device) => {
          const own = presses.filter((press) => press.device === device);
          const drilled = own.filter((press) => press.mode === 'drill');
          const totals = drilled.flatMap((press) => totalOf(passageOf(press)) ?? []);
          return {
            device,
            device_name: names.device(row.gateway, device),
            presses: drilled.length,
            delivered: drilled.filter((press) => press.delivered_at !== null).length,
            real: own.length - drilled.length,
            slowest_ms: totals.length === 0 ? null : Math.max(...totals),
            alarms: own.map((press) => press.name),
          };
        }),
      };
    }),
  );
}

function stateOf(row: Row, until: number, now: number): ApiDrill['state'] {
  if (row.refused !== null) return 'refused';
  if (now >= until) return 'over';
  return row.confirmed_at === null ? 'declared' : 'confirmed';
}
