import { type Backoff, backoff } from '#platform/backoff.ts';
import type { Clock, Log, Randomness, Row, SqlValue, Statement } from '#platform/ports.ts';
import { within } from '#platform/within.ts';
import type { ApiAlert } from '#protocols/api.ts';
import type { ReadAlerts } from '../alerts/reading.ts';
import type { Feed } from '../feed.ts';
import type { Store } from '../store/store.ts';
import type { Notification } from './webhook.ts';

/** A way of telling people. `tell` rejects with a sentence when it was not heard. */
export interface Channel {
  id: string;
  tell(notification: Notification): Promise<void>;
}

/** What nobody has taken for so long is given up, and logged as such. */
export const givenUpAfterMs = 3 * 86_400_000;
const stopWithinMs = 1_000;
const retryFirstMs = 1_000;
const retryMostMs = 15 * 60_000;
/** Alerts that wait at one channel and are looked at in one round. */
const atOnce = 500;
const entriesAtOnce = 500;

interface Parts {
  clock: Clock;
  random: Randomness;
  log: Log;
  store: Store;
  feed: Feed;
  read: ReadAlerts;
}

type Waiting = Row & {
  notification: number;
  alert: number;
  /** `opened`, `repeated-N` or `closed`. */
  event: string;
  tries: number;
};

/**
 * Tells every alert's opening and closing on every channel, until it is heard. What is still to be told is a row
 * that was written before anything is sent, so a restart forgets nothing; each channel goes at its own pace.
 * A channel that is new is told what is open now. Returns what stops it.
 */
export async function startNotifier(
  parts: Parts,
  channels: readonly Channel[],
): Promise<() => Promise<void>> {
  const stops: (() => Promise<void>)[] = [];
  for (const channel of channels) {
    const notifier = new ChannelNotifier(parts, channel);
    stops.push(() => notifier.stop());
    notifier.start();
  }
  return async () => void (await Promise.all(stops.map((stop) => stop())));
}

class ChannelNotifier {
  readonly #parts: Parts;
  readonly #channel: Channel;
  /** Of rows that failed: when each may be tried again (monotonic). Begins anew with the process. */
  readonly #later = new Map<number, { at: number; wait: Backoff }>();
  #position: number | null = null;
  #stopped = false;
  #awake = Promise.withResolvers<void>();
  #cancel = () => {};
  #unsubscribe = () => {};
  #running = Promise.resolve();

  constructor(parts: Parts, channel: Channel) {
    this.#parts = parts;
    this.#channel = channel;
  }

  start(): void {
    this.#unsubscribe = this.#parts.feed.subscribe(() => this.#awake.resolve());
    this.#running = this.#run();
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    this.#unsubscribe();
    this.#cancel();
    this.#awake.resolve();
    // A telling under way may still be heard; if not, it is told again after the next start.
    await within(this.#parts.clock, stopWithinMs, this.#running);
  }

  async #run(): Promise<void> {
    const { clock, random, log } = this.#parts;
    const wait = backoff({ firstMs: retryFirstMs, maxMs: retryMostMs }, random);
    while (!this.#stopped) {
      this.#awake = Promise.withResolvers();
      let next: number | null;
      try {
        await this.#queue();
        next = await this.#tellDue();
        wait.reset();
      } catch (error) {
        if (this.#stopped) return;
        log.error('alerts could not be told', { channel: this.#channel.id, error });
        next = clock.monotonic() + wait.next();
      }
      if (this.#stopped) return;
      if (next !== null)
        this.#cancel = clock.after(Math.max(0, next - clock.monotonic()), this.#awake.resolve);
      await this.#awake.promise;
      this.#cancel();
    }
  }

  /** Writes down what the feed has said since the last look, together with how far it was read. */
  async #queue(): Promise<void> {
    const { store, feed } = this.#parts;
    const key = `notified:${this.#channel.id}`;
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
      await store.commit([
        ...this.#wanted('a.closed_at IS NULL', []),
        ...this.#wanted('true', [], 'closed'),
        mark(latest),
      ]);
      this.#position = latest;
    }
    for (;;) {
      const entries = await feed.after(this.#position, entriesAtOnce);
      const last = entries.at(-1);
      if (last === undefined) return;
      const ids = entries.filter((entry) => entry.type === 'alert').map((entry) => Number(entry.subject));
      if (ids.length > 0) {
        const where = `a.id IN (${ids.map(() => '?').join(', ')})`;
        await store.commit([
          ...this.#wanted(where, ids),
          ...this.#wantedAgain(where, ids),
          ...this.#wanted(where, ids, 'closed'),
          mark(last.id),
        ]);
      }
      this.#position = last.id;
    }
  }

  /** Rows for the alerts of `where`. Only who was told that it opened is told that it closed. */
  #wanted(where: string, params: readonly SqlValue[], event: 'opened' | 'closed' = 'opened'): Statement[] {
    const { id } = this.#channel;
    const told = `SELECT 1 FROM notifications n WHERE n.alert = a.id AND n.channel = ? AND n.event = 'opened'`;
    return [
      {
        sql: `INSERT INTO notifications (alert, event, channel)
              SELECT a.id, ?, ? FROM alerts a
              WHERE ${where} ${event === 'closed' ? `AND a.closed_at IS NOT NULL AND EXISTS (${told})` : ''}
              ON CONFLICT (alert, event, channel) DO NOTHING`,
        params: [event, id, ...params, ...(event === 'closed' ? [id] : [])],
      },
    ];
  }

  /** Who is still to be told something of an alert need not be told of it again: so a dead channel piles up nothing. */
  #wantedAgain(where: string, params: readonly SqlValue[]): Statement[] {
    const { id } = this.#channel;
    return [
      {
        sql: `INSERT INTO notifications (alert, event, channel)
              SELECT a.id, 'repeated-' || a.repeats, ? FROM alerts a
              WHERE ${where} AND a.repeats > 0 AND a.closed_at IS NULL AND NOT EXISTS
                (SELECT 1 FROM notifications n WHERE n.alert = a.id AND n.channel = ? AND n.done_at IS NULL)
              ON CONFLICT (alert, event, channel) DO NOTHING`,
        params: [id, ...params, id],
      },
    ];
  }

  /** Tells what may be told now. Returns when (monotonic) the next one may be, null when none waits. */
  async #tellDue(): Promise<number | null> {
    const { clock, store } = this.#parts;
    const waiting = await store.read<Waiting>(
      `SELECT n.id AS notification, n.alert, n.event, n.tries FROM notifications n JOIN alerts a ON a.id = n.alert
       WHERE n.channel = ? AND n.done_at IS NULL
         AND (n.event = 'closed' OR n.event = 'opened' OR a.closed_at IS NULL)
         AND (n.event = 'opened' OR EXISTS (SELECT 1 FROM notifications o WHERE o.alert = n.alert
           AND o.channel = n.channel AND o.event = 'opened' AND o.done_at IS NOT NULL))
       ORDER BY n.id LIMIT ?`,
      [this.#channel.id, atOnce],
    );
    let next: number | null = null;
    for (const row of waiting) {
      if (this.#stopped) return null;
      const may = this.#later.get(row.notification)?.at ?? 0;
      const again = may > clock.monotonic() ? may : await this.#tell(row);
      if (again !== null) next = Math.min(next ?? again, again);
      // Its closing may wait for this very row.
      else next = clock.monotonic();
    }
    return next;
  }

  /** Returns null when it is done with, else when it may be tried again. */
  async #tell(row: Waiting): Promise<number | null> {
    const { clock, random, log, store, read } = this.#parts;
    const { notification, tries, alert: id } = row;
    const event = row.event === 'opened' || row.event === 'closed' ? row.event : 'repeated';
    const [now] = await read('id = ?', [id], 1);
    if (now === undefined) return null;
    const { opened_at, closed_at } = now;
    // What was open when it opened stays so in the telling of it.
    const alert: ApiAlert = event === 'closed' ? now : { ...now, closed_at: null };
    // Of what is told again while it lasts only the opening can grow old.
    const since = event === 'closed' ? (closed_at ?? opened_at) : opened_at;
    const done = (error: string | null): Statement => ({
      sql: 'UPDATE notifications SET tries = ?, done_at = ?, last_error = ? WHERE id = ?',
      params: [tries + 1, Math.round(clock.wall()), error, notification],
    });
    try {
      await this.#channel.tell({ id: `${store.epoch}-${notification}`, event, alert });
    } catch (failure) {
      const reason = (failure as Error).message;
      const fields = { channel: this.#channel.id, alert: id, event, reason, tries: tries + 1 };
      if (event !== 'repeated' && clock.wall() - since > givenUpAfterMs) {
        log.error('an alert was not heard for days and is given up', fields);
        await store.commit([done(`given up: ${reason}`)]);
        this.#later.delete(notification);
        return null;
      }
      log.warn('an alert was not heard; it will be told again', fields);
      await store.commit([
        {
          sql: 'UPDATE notifications SET tries = ?, last_error = ? WHERE id = ?',
          params: [tries + 1, reason, notification],
        },
      ]);
      const wait =
        this.#later.get(notification)?.wait ?? backoff({ firstMs: retryFirstMs, maxMs: retryMostMs }, random);
      const at = clock.monotonic() + wait.next();
      this.#later.set(notification, { at, wait });
      return at;
    }
    await store.commit([done(null)]);
    this.#later.delete(notification);
    return null;
  }
}
