import type { Database, Row, SqlValue } from '#platform/ports.ts';
import type { ApiAuditEntry } from '#protocols/api-access.ts';

/** Older entries go; beyond the count the oldest go first. */
export const auditDays = 2 * 366;
const keptMs = auditDays * 86_400_000;
const keptLimit = 1_000_000;

/** Every action, in order. Entries are added and grow old; none is changed. */
export interface Audit {
  add(entry: Omit<ApiAuditEntry, 'id' | 'at'>): Promise<void>;
  /** The newest first. */
  list(asked: {
    before?: number | undefined;
    who?: string | undefined;
    /** A part of method and route. */
    what?: string | undefined;
    /** UTC ms, `to` left out. */
    from?: number | undefined;
    to?: number | undefined;
    outcome?: 'done' | 'refused' | undefined;
    limit: number;
  }): Promise<ApiAuditEntry[]>;
}

export function auditIn(database: Database, now: () => number): Audit {
  return {
    async add({ kind, who, from, what, about, outcome }) {
      await database.commit([
        {
          sql: 'INSERT INTO audit (at, kind, who, address, what, about, outcome) VALUES (?, ?, ?, ?, ?, ?, ?)',
          params: [now(), kind, who, from, what, JSON.stringify(about), outcome],
        },
        {
          sql: `DELETE FROM audit WHERE id <= (SELECT MAX(id) FROM audit) - ${keptLimit}
                OR id = (SELECT MIN(id) FROM audit) AND at < ?`,
          params: [now() - keptMs],
        },
      ]);
    },
    async list({ before, who, what, from, to, outcome, limit }) {
      const wanted: [string, SqlValue | undefined][] = [
        ['id < ?', before],
        ['who = ?', who],
        ['instr(lower(what), lower(?)) > 0', what],
        ['at >= ?', from],
        ['at < ?', to],
        ['(outcome >= 400) = ?', outcome && Number(outcome === 'refused')],
      ];
      const given = wanted.filter((one): one is [string, SqlValue] => one[1] !== undefined);
      const where = ['true', ...given.map(([condition]) => condition)].join(' AND ');
      const rows = await database.read<AuditRow>(
        `SELECT id, at, kind, who, address AS "from", what, about, outcome FROM audit
         WHERE ${where} ORDER BY id DESC LIMIT ?`,
        [...given.map(([, value]) => value), limit],
      );
      return rows.map((row) => ({ ...row, about: JSON.parse(row.about) as Record<string, unknown> }));
    },
  };
}

type AuditRow = Row & Omit<ApiAuditEntry, 'about'> & { about: string };
