import type { Statement } from '#platform/ports.ts';
import type { Draft } from './evidence-store.ts';

/** The cloud's sign of life. */
export function alive(now: number): Statement {
  return {
    sql: `INSERT INTO meta (key, value) VALUES ('four_hundred_alive', ?)
          ON CONFLICT (key) DO UPDATE SET value = excluded.value`,
    params: [String(now)],
  };
}

/** Of a campus from its last sign of life on nothing was measured. */
export function absence(campus: string, since: number, now: number): Draft {
  const piece = { kind: 'outage' as const, at: since, to: now, reason: 'the cloud was not running' };
  return { campus, source: `outage/${campus}/${since}`, piece };
}
