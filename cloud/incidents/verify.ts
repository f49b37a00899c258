import type { Store } from '../store/store.ts';
import { firstBreak, type IncidentStep, type LogDetail, type LogEntry } from './chain.ts';

type Readable = Pick<Store, 'read'>;

type LogRow = {
  seq: number;
  at: number;
  step: string;
  signal: number | null;
  detail: string;
  hash: string;
};

/** An incident whose log is not what was written. */
export interface BrokenIncident {
  incident: number;
  campus: string;
  gateway: string;
  device: string;
  /** Of the first entry that was changed, removed or put in, counted from 1. */
  seq: number;
  /** What stands there now; null: nothing does. */
  step: string | null;
}

/** Incidents that are looked up at once. */
const atOnce = 500;

/** The log of an incident, in order. Throws a `SyntaxError` when a detail is no JSON any more. */
export async function readLog(store: Readable, incident: number): Promise<(LogEntry & { hash: string })[]> {
  return (await readRows(store, incident)).map((row) => entryOf(incident, row));
}

/** `seq` of the first entry that is not what was written, or is missing; null for a whole chain. */
export async function firstBreakOf(store: Readable, incident: number): Promise<number | null> {
  // First what is due: a step that comes meanwhile must not seem to be missing.
  const due = await stepsDue(store, incident);
  return breakOf(await readRows(store, incident), incident, due);
}

/** Checks every incident, oldest first; `progress` is told how many of how many are done. */
export async function* verifyIncidents(
  store: Readable,
  progress: (done: number, of: number) => void,
): AsyncGenerator<BrokenIncident> {
  const [count] = await store.read<{ n: number }>('SELECT COUNT(*) AS n FROM incidents');
  const of = count?.n ?? 0;
  let done = 0;
  for (let last = 0; ;) {
    const incidents = await store.read<{ id: number; campus: string; gateway: string; device: string }>(
      'SELECT id, campus, gateway, device FROM incidents WHERE id > ? ORDER BY id LIMIT ?',
      [last, atOnce],
    );
    for (const { id, ...point } of incidents) {
      const due = await stepsDue(store, id);
      const rows = await readRows(store, id);
      const seq = breakOf(rows, id, due);
      if (seq !== null) yield { incident: id, ...point, seq, step: rows[seq - 1]?.step ?? null };
      progress(++done, of);
      last = id;
    }
    if (incidents.length < atOnce) return;
  }
}

function breakOf(rows: readonly LogRow[], incident: number, due: readonly string[]): number | null {
  const readable = rows.findIndex((row) => !isJson(row.detail));
  const entries = rows
    .slice(0, readable === -1 ? rows.length : readable)
    .map((row) => entryOf(incident, row));
  const broken = firstBreak(entries);
  if (broken !== null) return broken;
  if (readable !== -1) return readable + 1;
  // A chain that was cut off at its end is a whole chain: only what it must hold gives that away.
  return due.every((step) => rows.some((row) => row.step === step)) ? null : rows.length + 1;
}

/** Steps that were written in the very commit that changed the incident itself. */
async function stepsDue(store: Readable, incident: number): Promise<string[]> {
  const [row] = await store.read<{ acknowledged_at: number | null; resolved_at: number | null }>(
    'SELECT acknowledged_at, resolved_at FROM incidents WHERE id = ?',
    [incident],
  );
  const due: IncidentStep[] = [];
  if (row?.acknowledged_at != null) due.push('acknowledged');
  if (row?.resolved_at != null) due.push('resolved');
  return due;
}

function readRows(store: Readable, incident: number): Promise<LogRow[]> {
  return store.read<LogRow>(
    'SELECT seq, at, step, signal, detail, hash FROM incident_log WHERE incident = ? ORDER BY seq',
    [incident],
  );
}

function entryOf(incident: number, row: LogRow): LogEntry & { hash: string } {
  return {
    ...row,
    incident,
    step: row.step as IncidentStep,
    detail: JSON.parse(row.detail) as LogDetail,
  };
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}
