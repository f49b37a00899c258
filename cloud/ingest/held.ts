import type { Row, Statement } from '#platform/ports.ts';
import type { CentreReceipt } from '#protocols/messages/alarm.ts';
import type { SignalName } from '#protocols/signal.ts';

/** What the cloud holds of one name: the state is that of the press, whichever name of it was asked for. */
export interface Held {
  /** The row of the press itself: of the first name that it came under. */
  root: number;
  name: SignalName;
  digest: string;
  campus: string;
  incident: number | null;
  delivered: boolean;
  /** Not delivered, and no longer tried. */
  ended: boolean;
  reported: number;
  logHead: string | null;
  centres: CentreReceipt[];
}

const select = `
SELECT s.id, root.id AS root, s.gateway, s.epoch, s.n, s.digest, s.campus, s.reported, root.incident,
  root.delivered_at IS NOT NULL AS delivered,
  root.delivered_at IS NULL AND root.ended_by IS NOT NULL AS ended,
  (SELECT l.hash FROM incident_log l WHERE l.incident = root.incident ORDER BY l.seq DESC LIMIT 1) AS log_head,
  r.centre, r.door, r.path, r.is_primary, r.reference, r.at, r.raw
FROM signals s
JOIN signals root ON root.id = COALESCE(s.same_as, s.id)
LEFT JOIN receipts r ON r.signal = root.id`;
const order = 'ORDER BY s.id, r.at, r.centre, r.path';

export function heldByName(name: string, digest: string): Statement {
  return { sql: `${select} WHERE s.name = ? AND s.digest = ? ${order}`, params: [name, digest] };
}

/** Every name of the press whose row is `root`. */
export function heldByPress(root: number): Statement {
  return { sql: `${select} WHERE s.id = ? OR s.same_as = ? ${order}`, params: [root, root] };
}

/** One entry for each name, from rows of one receipt each. */
export function heldOf(rows: readonly Row[]): Held[] {
  const held = new Map<number, Held>();
  for (const row of rows as unknown as HeldRow[]) {
    let one = held.get(row.id);
    if (one === undefined) {
      one = {
        root: row.root,
        name: { gateway: row.gateway, epoch: row.epoch, lane: 'alarm', n: row.n },
        digest: row.digest,
        campus: row.campus,
        incident: row.incident,
        delivered: row.delivered !== 0,
        ended: row.ended !== 0,
        reported: row.reported,
        logHead: row.log_head,
        centres: [],
      };
      held.set(row.id, one);
    }
    if (row.centre === null) continue;
    one.centres.push({
      centre: row.centre,
      door: row.door,
      primary: row.is_primary !== 0,
      path: row.path,
      reference: row.reference,
      at: row.at,
      raw: row.raw,
    });
  }
  return [...held.values()];
}

interface HeldRow {
  id: number;
  root: number;
  gateway: string;
  epoch: string;
  n: number;
  digest: string;
  campus: string;
  reported: number;
  incident: number | null;
  delivered: number;
  ended: number;
  log_head: string | null;
  centre: string | null;
  door: string;
  path: CentreReceipt['path'];
  is_primary: number;
  reference: string;
  at: number;
  raw: string;
}
