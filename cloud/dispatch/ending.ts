import type { Clock, Log } from '#platform/ports.ts';
import type { Mode } from '#protocols/signal.ts';
import type { Incidents } from '../incidents/incidents.ts';
import type { Answers } from '../ingest/answers.ts';
import { heldByPress, heldOf } from '../ingest/held.ts';
import type { Store } from '../store/store.ts';
import type { Dispatcher } from './dispatcher.ts';

/** Who ends a delivery, and why. */
export interface Ending {
  by: string;
  reason: string;
  /**
   * Of the signal that is meant, and its mode: two gateways on one cloned card may give one name to two presses, or to a
   * probe and to an emergency.
   */
  digest?: string | undefined;
  mode?: Mode;
}

/** `settled`: it is delivered, or was ended before. `ambiguous`: two presses have this name; nothing was ended. */
export type Ended = 'ended' | 'settled' | 'unknown' | 'ambiguous';

/**
 * Ends the delivery of one alarm by its name, and by its digest where two have the name: besides a receipt the only thing that does. It is a step in the
 * incident's log; the gateway is told, and stops as well. A receipt that comes all the same is kept, and counts.
 * Rejects with a `DatabaseError`, and then it goes on being delivered.
 */
export async function endDelivery(
  parts: {
    clock: Clock;
    log: Log;
    store: Store;
    incidents: Incidents;
    dispatcher: Dispatcher;
    answers: Answers;
  },
  name: string,
  { by, reason, digest, mode }: Ending,
): Promise<Ended> {
  const { clock, log, store, incidents, dispatcher, answers } = parts;
  const presses = await store.read<{ id: number; name: string; incident: number | null }>(
    `SELECT DISTINCT root.id, root.name, root.incident FROM signals s
     JOIN signals root ON root.id = COALESCE(s.same_as, s.id)
     WHERE s.name = ? AND s.digest = COALESCE(?, s.digest) AND root.mode = COALESCE(?, root.mode)`,
    [name, digest ?? null, mode ?? null],
  );
  const [press] = presses;
  if (press === undefined) return 'unknown';
  if (presses.length > 1) return 'ambiguous';
  const undelivered = async () => {
    const rows = await store.read(
      'SELECT 1 AS open FROM signals WHERE id = ? AND delivered_at IS NULL AND ended_by IS NULL',
      [press.id],
    );
    return rows.length > 0;
  };
  // Its hand-over came before.
  dispatcher.writeHandover(press.id);
  const at = Math.round(clock.wall());
  const results = await incidents.recordIf(
    press.incident,
    undelivered,
    [{ step: 'ended', at, signal: press.id, detail: { alarm: press.name, by, reason } }],
    [
      {
        sql: `UPDATE signals SET ended_by = ?, ended_reason = ?, ended_at = ?
              WHERE id = ? AND delivered_at IS NULL AND ended_by IS NULL`,
        params: [by, reason, at, press.id],
      },
      heldByPress(press.id),
    ],
    [{ type: 'alarm', subject: press.name }],
  );
  if (results === null) return 'settled';
  log.warn('the delivery of an alarm was ended', { alarm: press.name, by, reason });
  dispatcher.end(press.id, by);
  answers.tell(heldOf(results[1]!.rows));
  return 'ended';
}
