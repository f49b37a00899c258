import type { Clock } from '#platform/ports.ts';
import type { DeviceRecord } from '#protocols/messages/telemetry.ts';
import type { Store } from '../store/store.ts';

/** Card numbers are in them: they are kept for as long as evidence of a term needs them, ms. */
export const recordsKeptMs = 200 * 86_400_000;

export interface StoredRecord extends DeviceRecord {
  id: number;
  campus: string;
  gateway: string;
}

export interface RecordQuestion {
  /** Null: all. */
  campuses?: readonly string[] | null;
  gateway?: string;
  device?: string;
  kind?: DeviceRecord['kind'];
  /** UTC ms; `from` is included, `to` is not. */
  from?: number;
  to?: number;
  /** Only those older than this one. */
  before?: number;
  limit: number;
}

/** What happened at devices and is evidence: check-ins, doors that opened, duty polls. */
export interface Records {
  /** A batch that comes again is written once. Rejects with a `DatabaseError`. */
  write(
    from: { campus: string; gateway: string; batch: string },
    records: readonly DeviceRecord[],
  ): Promise<void>;
  /** The newest first. Rejects with a `DatabaseError`. */
  query(question: RecordQuestion): Promise<StoredRecord[]>;
}

type Row = Record<'id' | 'at', number> & Record<'campus' | 'gateway' | 'device' | 'kind' | 'details', string>;

export function recordsIn({ store, clock }: { store: Store; clock: Clock }): Records {
  return {
    async write({ campus, gateway, batch }, records) {
      await store.commit([
        ...records.map(({ device, kind, at, details }, i) => ({
          sql: `INSERT INTO records (campus, gateway, device, kind, at, details, batch, place)
                VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (gateway, batch, place) DO NOTHING`,
          params: [campus, gateway, device, kind, at, JSON.stringify(details), batch, i],
        })),
        { sql: 'DELETE FROM records WHERE at < ?', params: [Math.round(clock.wall()) - recordsKeptMs] },
      ]);
    },

    async query({ limit, ...asked }) {
      const { gateway, device, kind, from, to, before, campuses } = asked;
      const conditions = [
        campuses != null &&
          (['campus IN (SELECT value FROM json_each(?))', JSON.stringify(campuses)] as const),
        gateway !== undefined && (['gateway = ?', gateway] as const),
        device !== undefined && (['device = ?', device] as const),
        kind !== undefined && (['kind = ?', kind] as const),
        from !== undefined && (['at >= ?', from] as const),
        to !== undefined && (['at < ?', to] as const),
        before !== undefined && (['id < ?', before] as const),
      ].filter((condition) => condition !== false);
      const where = conditions.length === 0 ? '' : `WHERE ${conditions.map(([sql]) => sql).join(' AND ')}`;
      const rows = await store.read<Row>(
        `SELECT id, campus, gateway, device, kind, at, details FROM records ${where} ORDER BY id DESC LIMIT ?`,
        [...conditions.map(([, value]) => value), limit],
      );
      return rows.map((row) => ({
        ...row,
        kind: row.kind as DeviceRecord['kind'],
        details: JSON.parse(row.details) as DeviceRecord['details'],
      }));
    },
  };
}
