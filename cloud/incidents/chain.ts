import { createHash } from 'node:crypto';

export type IncidentStep =
  /** A real signal of the point has come in. */
  | 'raised'
  /** It was handed to a door of a centre for the first time. */
  | 'dispatched'
  /** The primary centre has acknowledged it. */
  | 'delivered'
  /** Another centre has acknowledged it. */
  | 'centre-receipt'
  /** A person has ended the delivery of a signal that no centre had acknowledged. */
  | 'ended'
  /** A person has seen the incident. */
  | 'acknowledged'
  /** A person has ended it. */
  | 'resolved';

export type LogDetail = Record<string, string | number | boolean | null>;

/** One entry of an incident's log, as it is hashed. `seq` counts from 1 within the incident. */
export interface LogEntry {
  incident: number;
  seq: number;
  /** UTC ms. */
  at: number;
  step: IncidentStep;
  signal: number | null;
  detail: LogDetail;
}

/** What the first entry of a chain is chained to. */
export const genesis = '0'.repeat(64);

/** SHA-256 (hex) over the hash before it and the entry, its keys in a fixed order. */
export function chained(previous: string, entry: LogEntry): string {
  const { incident, seq, at, step, signal, detail } = entry;
  const sorted = Object.keys(detail)
    .sort()
    .map((key) => [key, detail[key]]);
  return createHash('sha256')
    .update(previous)
    .update(JSON.stringify([incident, seq, at, step, signal, sorted]))
    .digest('hex');
}

/** `seq` of the first entry that is not what was written (changed, removed, put in), or null for a whole chain. */
export function firstBreak(log: readonly (LogEntry & { hash: string })[]): number | null {
  let previous = genesis;
  for (const [i, entry] of log.entries()) {
    if (entry.seq !== i + 1 || chained(previous, entry) !== entry.hash) return i + 1;
    previous = entry.hash;
  }
  return null;
}
