import type { SqlValue, Statement, StatementResult } from '#platform/ports.ts';
import type { DoorSignal } from '#platform/doors/door.ts';
import type { AlarmMessage } from '#protocols/messages/alarm.ts';
import { nameText, originText, sequenceOf, type SignalFacts } from '#protocols/signal.ts';
import type { Change } from '../store/store.ts';
import { type Arrival, type Placed, placeInTime } from './arrival.ts';
import { type Held, heldByName, heldOf } from './held.ts';

/** What became of one copy of an alarm. */
export interface Admitted {
  held: Held;
  /**
   * `known`: this very signal was committed before. `new`: a press (or level) that nobody knew, to be dispatched.
   * `other-name`: a press that is known by its origin under another name; answered with that one's state.
   */
  as: 'known' | 'new' | 'other-name';
  /** The name is also held with another digest: two edges with one identity. */
  nameTaken: boolean;
  placed: Placed;
}

/**
 * The one commit that makes an alarm known, opens its incident and owes it to every centre. All that it decides
 * (known or not, whose origin, which incident) is decided by SQL inside the transaction and by UNIQUE, so that any
 * number of copies and names of one press may come at once. `facts`: those of the alarm as they are to be treated.
 */
export function admission(
  alarm: AlarmMessage,
  facts: SignalFacts,
  campus: string,
  centres: readonly string[],
  arrival: Arrival,
) {
  const { name, digest } = alarm;
  const text = nameText(name);
  const placed = placeInTime(alarm, arrival);
  const origin = facts.origin === null ? null : originText(facts.origin);
  const identity = [text, digest];
  const press = [name.gateway, facts.device, origin, facts.mode];

  const statements: Statement[] = [];
  if (facts.mode === 'real') {
    statements.push({
      sql: `INSERT INTO incidents (campus, gateway, device, opened_at)
            SELECT ?, ?, ?, ?
            WHERE NOT EXISTS (SELECT 1 FROM signals WHERE name = ? AND digest = ?)
              AND NOT EXISTS (SELECT 1 FROM signals WHERE ${samePress})
            ON CONFLICT (gateway, device) WHERE resolved_at IS NULL DO NOTHING`,
      params: [campus, name.gateway, facts.device, Math.round(arrival.wall), ...identity, ...press],
    });
  }
  const columns: Record<string, SqlValue> = {
    name: text,
    digest,
    campus,
    gateway: name.gateway,
    epoch: name.epoch,
    n: name.n,
    device: facts.device,
    type: facts.type,
    mode: facts.mode,
    account: facts.account,
    zone: facts.zone,
    code: facts.code,
    occurred_at: facts.occurred_at,
    clock_known: facts.clock_known,
    origin,
    age_at_ingest_ms: placed.ageMs,
    age_at_first_byte_ms: alarm.age_at_first_byte_ms,
    first_byte_at: placed.firstByteAt,
    ingested_at: arrival.wall,
    // The true time is known only afterwards: it is written with the dispatch.
    committed_at: arrival.wall,
    crossed_restart: alarm.crossed_restart,
    sum: facts.sum === undefined ? null : JSON.stringify(facts.sum),
    route: facts.route ?? null,
    told_as: alarm.facts.mode,
    edge_stages: JSON.stringify(alarm.stages),
  };
  const names = Object.keys(columns);
  const insert = statements.push({
    sql: `INSERT INTO signals (${names.join(', ')}, same_as, incident)
          SELECT ${names.map(() => '?').join(', ')}, first.id,
            CASE WHEN first.id IS NULL AND ? = 'real'
              THEN (SELECT id FROM incidents WHERE gateway = ? AND device = ? AND resolved_at IS NULL) END
          FROM (SELECT (SELECT id FROM signals WHERE ${samePress}) AS id) AS first
          WHERE true
          ON CONFLICT (name, digest) DO NOTHING
          RETURNING same_as`,
    params: [...Object.values(columns), facts.mode, name.gateway, facts.device, ...press],
  });
  for (const centre of centres) {
    statements.push({
      sql: `INSERT INTO deliveries (signal, centre)
            SELECT id, ? FROM signals
            WHERE name = ? AND digest = ? AND same_as IS NULL AND delivered_at IS NULL AND ended_by IS NULL
            ON CONFLICT (signal, centre) DO NOTHING`,
      params: [centre, ...identity],
    });
  }
  const other = statements.push({
    sql: `SELECT 1 AS taken FROM signals WHERE name = ? AND digest <> ? LIMIT 1`,
    params: identity,
  });
  const held = statements.push(heldByName(text, digest));
  const changes: Change[] = [
    {
      type: 'alarm',
      subjectsOf: {
        sql: `SELECT name AS subject FROM signals WHERE name = ? AND digest = ? AND same_as IS NULL AND ingested_at = ?`,
        params: [...identity, arrival.wall],
      },
    },
  ];
  if (facts.mode === 'real') {
    // The point is in alarm from now on, unless its incident was open before.
    changes.push({
      type: 'device',
      subjectsOf: {
        sql: `SELECT gateway || '/' || device AS subject FROM incidents
              WHERE gateway = ? AND device = ? AND resolved_at IS NULL AND opened_at = ?`,
        params: [name.gateway, facts.device, Math.round(arrival.wall)],
      },
    });
  }

  return {
    statements,
    changes,
    /** Reads what the commit of `statements` gave. */
    outcome(results: readonly StatementResult[]): Admitted {
      const inserted = results[insert - 1]!.rows[0];
      return {
        held: heldOf(results[held - 1]!.rows)[0]!,
        as: inserted === undefined ? 'known' : inserted.same_as === null ? 'new' : 'other-name',
        nameTaken: results[other - 1]!.rows.length > 0,
        placed,
      };
    },
    /** The alarm as doors need it. */
    forDoors(): DoorSignal {
      return {
        name: text,
        digest,
        type: facts.type,
        mode: facts.mode,
        account: facts.account,
        zone: facts.zone,
        code: facts.code,
        sequence: sequenceOf(name),
        occurredAt: facts.occurred_at,
        clockKnown: facts.clock_known,
        pressedAtMonotonic: arrival.monotonic - placed.ageMs,
        ...(facts.sum && { count: facts.sum.count }),
      };
    },
  };
}

/** Parameters: gateway, device, origin, mode. An origin that is NULL is equal to none. */
const samePress = 'gateway = ? AND device = ? AND origin = ? AND mode = ? AND same_as IS NULL';
