import type { Clock, Log, Row, Statement } from '#platform/ports.ts';
import { type ApiAlert, isAboutAlarm } from '#protocols/api.ts';
import type { ReadAlerts } from '../alerts/reading.ts';
import type { Feed } from '../feed.ts';
import type { Store } from '../store/store.ts';
import type { Notice } from './channel.ts';

/**
 * Notices that may wait at one channel. Beyond it the oldest warnings leave first, then critical ones; what is about
 * an alarm never does, however many there are.
 */
export const queueLimit = 5_000;
/** Alerts that wait at one channel and are looked at in one round. */
const atOnce = 500;
const entriesAtOnce = 500;
const weights = { alarm: 0, critical: 1, warning: 2 } as const;

export interface Waiting extends Row {
  id: number;
  alert: number;
  /** `opened`, `repeated-N`, `escalated-N` or `closed`. */
  event: string;
  tries: number;
  held: number;
}

/** `quiet`: it was over before it was to be told; `full`: it left a full queue. */
type Outcome = 'told' | 'quiet' | 'given-up' | 'full';

export interface QueueParts {
  clock: Clock;
  log: Log;
  store: Store;
  feed: Feed;
  read: ReadAlerts;
}

/**
 * What one channel is still to be told: rows that are written before anything is sent, so that a restart forgets
 * nothing, together with how far the feed was read.
 */
export class Queue {
  readonly #parts: QueueParts;
  readonly #channel: string;
  readonly #wants: (alert: ApiAlert) => boolean;
  #position: number | null = null;
  lost = 0;

  constructor(parts: QueueParts, channel: string, wants: (alert: ApiAlert) => boolean) {
    this.#parts = parts;
    this.#channel = channel;
    this.#wants = wants;
  }

  /** Writes down what the feed has said since the last look. */
  async fill(): Promise<void> {
    const { store, feed, read } = this.#parts;
    const key = `notified:${this.#channel}`;
    if (this.#position === null) {
      const [row] = await store.read<{ value: string }>('SELECT value FROM meta WHERE key = ?', [key]);
      this.#position = row === undefined ? -1 : Number(row.value);
    }
    const mark = (position: number): Statement => ({
      sql: `INSERT INTO meta (key, value) VALUES (?, ?) ON CONFLICT (key) DO UPDATE SET value = excluded.value`,
      params: [key, String(position)],
    });
    if (this.#position < 0 || !(await feed.holds(this.#position))) {
      // A new channel, or one that was away for longer than the feed goes back: what is open is what counts.
      const latest = await feed.latest();
      const open = await read('closed_at IS NULL', [], queueLimit);
      await store.commit([
        ...open.toReversed().flatMap((alert) => this.#opened(alert)),
        {
          sql: `INSERT INTO notifications (alert, event, channel, weight)
                SELECT a.id, 'closed', n.channel, n.weight FROM notifications n JOIN alerts a ON a.id = n.alert
                WHERE n.channel = ? AND n.event = 'opened' AND a.closed_at IS NOT NULL
                ON CONFLICT (alert, event, channel) DO NOTHING`,
          params: [this.#channel],
        },
        mark(latest),
      ]);
      this.#position = latest;
    }
    for (;;) {
      const entries = await feed.after(this.#position, entriesAtOnce);
      const last = entries.at(-1);
      if (last === undefined) return;
      const ids = [...new Set(entries.flatMap(({ type, subject }) => (type === 'alert' ? [subject] : [])))];
      if (ids.length > 0) {
        const alerts = await read(`id IN (${ids.map(() => '?').join(', ')})`, ids, ids.length);
        await store.commit([
          // In the order of the feed.
          ...ids
            .flatMap((id) => alerts.filter((alert) => String(alert.id) === id))
            .flatMap((alert) => this.#rowsFor(alert)),
          mark(last.id),
        ]);
        await this.#shed();
      }
      this.#position = last.id;
    }
  }

  /** What waits, in the order in which it is told: first what is about an alarm, then the oldest. */
  waiting(): Promise<Waiting[]> {
    return this.#parts.store.read<Waiting>(
      `SELECT id, alert, event, tries, held FROM notifications n
       WHERE channel = ? AND done_at IS NULL
         AND (event = 'opened' OR event LIKE 'escalated-%' OR NOT EXISTS (SELECT 1 FROM notifications o
           WHERE o.alert = n.alert AND o.channel = n.channel AND o.event = 'opened' AND o.done_at IS NULL))
       ORDER BY weight > ${weights.alarm}, id LIMIT ${atOnce}`,
      [this.#channel],
    );
  }

  /** Whether anything of this alert was told here. */
  async wasTold(alert: number): Promise<boolean> {
    const told = await this.#parts.store.read(
      `SELECT 1 AS one FROM notifications WHERE alert = ? AND channel = ? AND event <> 'closed'
         AND done_at IS NOT NULL AND COALESCE(outcome, 'told') = 'told' LIMIT 1`,
      [alert, this.#channel],
    );
    return told.length > 0;
  }

  async count(): Promise<number> {
    const [row] = await this.#parts.store.read<{ count: number }>(
      'SELECT COUNT(*) AS count FROM notifications WHERE channel = ? AND done_at IS NULL',
      [this.#channel],
    );
    return row?.count ?? 0;
  }

  async done(rows: readonly Waiting[], outcome: Outcome, why: string | null = null): Promise<void> {
    if (outcome === 'given-up') this.lost += rows.length;
    const at = Math.round(this.#parts.clock.wall());
    await this.#parts.store.commit(
      rows.map(({ id, tries }) => ({
        sql: 'UPDATE notifications SET tries = ?, done_at = ?, outcome = ?, last_error = ? WHERE id = ?',
        params: [outcome === 'quiet' ? tries : tries + 1, at, outcome, why, id],
      })),
    );
  }

  async failed(rows: readonly Waiting[], reason: string): Promise<void> {
    await this.#parts.store.commit(
      rows.map(({ id, tries }) => ({
        sql: 'UPDATE notifications SET tries = ?, last_error = ? WHERE id = ?',
        params: [tries + 1, reason, id],
      })),
    );
  }

  /** It waits for the end of a silence, of maintenance, or for its hours. */
  async held({ id }: Waiting): Promise<void> {
    await this.#parts.store.commit([{ sql: 'UPDATE notifications SET held = 1 WHERE id = ?', params: [id] }]);
  }

  #rowsFor(alert: ApiAlert): Statement[] {
    const rows = this.#opened(alert);
    // Who is still to be told something of an alert need not be told again: a dead channel piles up nothing.
    if (alert.repeats > 0 && alert.state === 'open' && this.#wants(alert))
      rows.push({
        sql: `INSERT INTO notifications (alert, event, channel, weight) SELECT ?, ?, ?, ? WHERE NOT EXISTS
                (SELECT 1 FROM notifications WHERE alert = ? AND channel = ? AND done_at IS NULL)
              ON CONFLICT (alert, event, channel) DO NOTHING`,
        params: [
          alert.id,
          `repeated-${alert.repeats}`,
          this.#channel,
          weightOf(alert),
          alert.id,
          this.#channel,
        ],
      });
    // Only who was told that it opened is told that it closed.
    if (alert.closed_at !== null)
      rows.push({
        sql: `INSERT INTO notifications (alert, event, channel, weight) SELECT ?, 'closed', ?, ? WHERE EXISTS
                (SELECT 1 FROM notifications WHERE alert = ? AND channel = ?)
              ON CONFLICT (alert, event, channel) DO NOTHING`,
        params: [alert.id, this.#channel, weightOf(alert), alert.id, this.#channel],
      });
    return rows;
  }

  #opened(alert: ApiAlert): Statement[] {
    if (!this.#wants(alert)) return [];
    return [insertion(alert, 'opened', this.#channel)];
  }

  async #shed(): Promise<void> {
    const over = (await this.count()) - queueLimit;
    if (over <= 0) return;
    const [shed] = await this.#parts.store.commit([
      {
        sql: `UPDATE notifications SET done_at = ?, outcome = 'full' WHERE id IN
                (SELECT id FROM notifications WHERE channel = ? AND done_at IS NULL AND weight > ${weights.alarm}
                 ORDER BY weight DESC, id LIMIT ?)`,
        params: [Math.round(this.#parts.clock.wall()), this.#channel, over],
      },
    ]);
    this.lost += shed!.changes;
    this.#parts.log.error('notices left a full queue', { channel: this.#channel, notices: shed!.changes });
  }
}

const weightOf = (alert: ApiAlert) => (isAboutAlarm(alert) ? weights.alarm : weights[alert.severity]);

/** A row that makes a channel be told; nothing where it is there already. */
export function insertion(alert: ApiAlert, event: string, channel: string): Statement {
  return {
    sql: `INSERT INTO notifications (alert, event, channel, weight) VALUES (?, ?, ?, ?)
          ON CONFLICT (alert, event, channel) DO NOTHING`,
    params: [alert.id, event, channel, weightOf(alert)],
  };
}

/** The kind of event that a row's `event` is. */
export function eventOf({ event }: Waiting): Notice['event'] {
  if (event === 'opened' || event === 'closed') return event;
  return event.startsWith('repeated') ? 'repeated' : 'escalated';
}
