import type { Clock, Statement, StatementResult } from '#platform/ports.ts';
import type { Change, Store } from '../store/store.ts';
import { type IncidentStep, type LogDetail, type LogEntry, chained, genesis } from './chain.ts';
import { firstBreakOf, readLog } from './verify.ts';

export interface Step {
  step: IncidentStep;
  /** When it happened, UTC ms; the writing of it may come later. */
  at: number;
  signal: number | null;
  detail: LogDetail;
}

/**
 * What people handle: the real signals of one point while it is open. Ingest opens them in the commit that makes
 * a signal known (see `ingest/admission.ts`); only a person ends them. Every step is an entry in a log that is
 * only ever added to.
 */
export interface Incidents {
  /**
   * Adds `steps` to the incident's log and then runs `statements`, in one commit; the results are theirs. With
   * `incident` null (tests, drills and probes have none) only the statements. Rejects with a `DatabaseError`.
   */
  record(
    incident: number | null,
    steps: readonly Step[],
    statements: readonly Statement[],
    changes?: readonly Change[],
  ): Promise<StatementResult[]>;
  /**
   * The same, but only if `holds` says so in this incident's turn, where no other step can come between. Null: it
   * did not hold, and nothing was written.
   */
  recordIf(
    incident: number | null,
    holds: () => Promise<boolean>,
    steps: readonly Step[],
    statements: readonly Statement[],
    changes?: readonly Change[],
  ): Promise<StatementResult[] | null>;
  /** A step is near: reads now what it will be chained to, so that it costs one trip to the disk and not two. */
  readAhead(incident: number | null): void;
  /** A person has seen it. False: there is no such open incident, or somebody already has. */
  acknowledge(incident: number, by: string): Promise<boolean>;
  /** A person ends it. False: there is no such open incident. */
  resolve(incident: number, by: string): Promise<boolean>;
  log(incident: number): Promise<(LogEntry & { hash: string })[]>;
  /** `seq` of the first entry that is not what was written (or is missing), or null. */
  verify(incident: number): Promise<number | null>;
}

type OpenIncident = { gateway: string; device: string; acknowledged_by: string | null };

/** The state of its point is what people see of an incident. */
function pointChanged({ gateway, device }: OpenIncident): Change[] {
  return [{ type: 'device', subject: `${gateway}/${device}` }];
}

interface Head {
  seq: number;
  hash: string;
}

/** Incidents whose head is remembered; of the others it is read when it is wanted. */
const headsKept = 1000;

export function createIncidents({ clock, store }: { clock: Clock; store: Store }): Incidents {
  // One writer at a time for each incident, since an entry needs the hash of the one before. UNIQUE
  // (incident, seq) stands behind this: of two writers that saw the same head the second fails as a whole.
  const busy = new Map<number, Promise<unknown>>();
  // Heads of the incidents of late, oldest first, so that a step costs one commit and no read. The store is open
  // to this process alone, and a head is forgotten for as long as it is not certain.
  const heads = new Map<number, Head>();

  function inTurn<T>(incident: number, work: () => Promise<T>): Promise<T> {
    const before = busy.get(incident);
    const turn = before === undefined ? work() : before.then(work, work);
    busy.set(incident, turn);
    const done = () => {
      if (busy.get(incident) === turn) busy.delete(incident);
    };
    turn.then(done, done);
    return turn;
  }

  async function headOf(incident: number): Promise<Head> {
    const known = heads.get(incident);
    if (known !== undefined) return known;
    const [row] = await store.read<{ seq: number; hash: string }>(
      'SELECT seq, hash FROM incident_log WHERE incident = ? ORDER BY seq DESC LIMIT 1',
      [incident],
    );
    return row ?? { seq: 0, hash: genesis };
  }

  function remember(incident: number, head: Head): void {
    heads.delete(incident);
    heads.set(incident, head);
    if (heads.size > headsKept) heads.delete(heads.keys().next().value!);
  }

  async function append(
    incident: number,
    steps: readonly Step[],
    statements: readonly Statement[],
    changes: readonly Change[],
  ): Promise<StatementResult[]> {
    let head = await headOf(incident);
    const entries = steps.map(({ step, at, signal, detail }): Statement => {
      const seq = head.seq + 1;
      const hash = chained(head.hash, { incident, seq, at, step, signal, detail });
      head = { seq, hash };
      return {
        sql: 'INSERT INTO incident_log (incident, seq, at, step, signal, detail, hash) VALUES (?, ?, ?, ?, ?, ?, ?)',
        params: [incident, seq, at, step, signal, JSON.stringify(detail), hash],
      };
    });
    heads.delete(incident);
    const results = await store.commit([...entries, ...statements], changes);
    remember(incident, head);
    return results.slice(entries.length);
  }

  async function open(incident: number): Promise<OpenIncident | undefined> {
    const [row] = await store.read<OpenIncident>(
      'SELECT gateway, device, acknowledged_by FROM incidents WHERE id = ? AND resolved_at IS NULL',
      [incident],
    );
    return row;
  }

  return {
    record(incident, steps, statements, changes = []) {
      if (incident === null) return store.commit(statements, changes);
      return inTurn(incident, () => append(incident, steps, statements, changes));
    },
    async recordIf(incident, holds, steps, statements, changes = []) {
      const write = async () => {
        if (!(await holds())) return null;
        return incident === null
          ? store.commit(statements, changes)
          : append(incident, steps, statements, changes);
      };
      return incident === null ? write() : inTurn(incident, write);
    },
    readAhead(incident) {
      if (incident === null || heads.has(incident)) return;
      // Should it fail, the step itself reads again and tells.
      inTurn(incident, async () => remember(incident, await headOf(incident))).catch(() => {});
    },
    acknowledge: (incident, by) =>
      inTurn(incident, async () => {
        const row = await open(incident);
        if (row === undefined || row.acknowledged_by !== null) return false;
        const at = Math.round(clock.wall());
        const set: Statement = {
          sql: 'UPDATE incidents SET acknowledged_by = ?, acknowledged_at = ? WHERE id = ? AND acknowledged_at IS NULL',
          params: [by, at, incident],
        };
        await append(
          incident,
          [{ step: 'acknowledged', at, signal: null, detail: { by } }],
          [set],
          pointChanged(row),
        );
        return true;
      }),
    resolve: (incident, by) =>
      inTurn(incident, async () => {
        const row = await open(incident);
        if (row === undefined) return false;
        const at = Math.round(clock.wall());
        const set: Statement = {
          sql: 'UPDATE incidents SET resolved_by = ?, resolved_at = ? WHERE id = ? AND resolved_at IS NULL',
          params: [by, at, incident],
        };
        await append(
          incident,
          [{ step: 'resolved', at, signal: null, detail: { by } }],
          [set],
          pointChanged(row),
        );
        return true;
      }),
    log: (incident) => readLog(store, incident),
    verify: (incident) => firstBreakOf(store, incident),
  };
}
