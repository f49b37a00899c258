import type { DoorResult } from '#platform/doors/door.ts';
import type { Statement } from '#platform/ports.ts';

/** Kept of one alarm, newest first; it is never given up, so there may be any number. */
const attemptsKept = 1000;

/** One try of a door, and what came of it. `at`: UTC ms. */
export function attempt(
  signal: number,
  centre: string,
  door: string,
  { at, outcome, reason }: { at: number; outcome: string; reason: string },
): Statement {
  return {
    sql: 'INSERT INTO attempts (signal, centre, door, at, outcome, reason) VALUES (?, ?, ?, ?, ?, ?)',
    params: [signal, centre, door, at, outcome, reason],
  };
}

export function forgetOldAttempts(signal: number): Statement {
  return {
    sql: `DELETE FROM attempts WHERE signal = ? AND id <=
            (SELECT id FROM attempts WHERE signal = ? ORDER BY id DESC LIMIT 1 OFFSET ${attemptsKept})`,
    params: [signal, signal],
  };
}

/** A door never rejects; should one do so all the same, that mistake must not end the pursuit of an alarm. */
export function broken(error: unknown): DoorResult {
  return { kind: 'next', fault: 'closed', reason: `the door failed: ${String(error)}` };
}
