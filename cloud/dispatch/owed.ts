import type { Clock, SqlValue } from '#platform/ports.ts';
import { type Mode, sequenceOf, type SignalType, summed } from '#protocols/signal.ts';
import type { Store } from '../store/store.ts';
import type { DoorSignal } from '#platform/doors/door.ts';
import type { Centre } from './centres.ts';

/** A committed alarm that some centres are still owed. */
export interface Owed {
  /** Row of the signal. */
  id: number;
  incident: number | null;
  gateway: string;
  campus: string;
  device: string;
  epoch: string;
  n: number;
  door: DoorSignal;
  centres: readonly string[];
  /** Of a probe: the path that it proves. */
  route: 'cloud' | 'direct' | null;
  /** Wall clock at its commit; null after a restart, which did not see it. */
  committedAt: number | null;
  /** Steps of the incident's log that are already there (after a restart). */
  logged: { raised: boolean; dispatched: boolean };
}

/**
 * A probe of the direct path is the gateway's to deliver, or it would prove this one; and a centre that takes no
 * tests is sent none. How such a signal ends is for `probes/` to say.
 */
export function takes(centre: Centre, { door, route }: Owed): boolean {
  if (door.mode !== 'probe' && door.mode !== 'test') return true;
  return route !== 'direct' && centre.takesTests;
}

interface OwedRow {
  [column: string]: SqlValue;
  id: number;
  incident: number | null;
  name: string;
  digest: string;
  type: SignalType;
  gateway: string;
  campus: string;
  device: string;
  epoch: string;
  n: number;
  mode: Mode;
  account: string;
  zone: number;
  code: string;
  occurred_at: number;
  clock_known: number;
  sum: string | null;
  route: 'cloud' | 'direct' | null;
  age_at_ingest_ms: number;
  ingested_at: number;
  dispatched_at: number | null;
  raised: number;
  centre: string;
}

/**
 * What the store says is still owed to some centre: of one signal, or of all (null). The time of the press on
 * the monotonic clock is an estimate: its age when it came in, by durations, and since then by this machine's wall
 * clock, which is all that crosses a restart.
 */
export async function loadOwed(store: Store, clock: Clock, signal: number | null): Promise<Owed[]> {
  const rows = await store.read<OwedRow>(
    `SELECT s.id, s.incident, s.name, s.digest, s.type, s.gateway, s.campus, s.device, s.epoch, s.n, s.mode, s.account, s.zone, s.code,
       s.occurred_at, s.clock_known, s.sum, s.route, s.age_at_ingest_ms, s.ingested_at, s.dispatched_at, d.centre,
       EXISTS (SELECT 1 FROM incident_log l WHERE l.signal = s.id AND l.step = 'raised') AS raised
     FROM deliveries d JOIN signals s ON s.id = d.signal
     WHERE d.done_at IS NULL AND s.ended_by IS NULL AND s.same_as IS NULL ${signal === null ? '' : 'AND s.id = ?'}
     ORDER BY s.id, d.centre`,
    signal === null ? [] : [signal],
  );
  const owed = new Map<number, Owed & { centres: string[] }>();
  for (const row of rows) {
    const known = owed.get(row.id);
    if (known !== undefined) {
      known.centres.push(row.centre);
      continue;
    }
    const sinceIngest = Math.max(0, clock.wall() - row.ingested_at);
    owed.set(row.id, {
      id: row.id,
      incident: row.incident,
      gateway: row.gateway,
      campus: row.campus,
      device: row.device,
      epoch: row.epoch,
      n: row.n,
      route: row.route,
      committedAt: null,
      centres: [row.centre],
      logged: { raised: row.raised !== 0, dispatched: row.dispatched_at !== null },
      door: {
        name: row.name,
        digest: row.digest,
        type: row.type,
        mode: row.mode,
        account: row.account,
        zone: row.zone,
        code: row.code,
        sequence: sequenceOf({ gateway: row.gateway, epoch: row.epoch, lane: 'alarm', n: row.n }),
        occurredAt: row.occurred_at,
        clockKnown: row.clock_known !== 0,
        pressedAtMonotonic: clock.monotonic() - row.age_at_ingest_ms - sinceIngest,
        ...(row.sum !== null && { count: summed.parse(JSON.parse(row.sum)).count }),
      },
    });
  }
  return [...owed.values()];
}
