import { type Backoff, backoff } from '#platform/backoff.ts';
import type { Randomness } from '#platform/ports.ts';
import { wholeReasonOf } from '#platform/reason.ts';
import { within } from '#platform/within.ts';
import { type ApiAlert, type ApiChannel, isAboutAlarm } from '#protocols/api.ts';
import { type Channel, type Notice, TooFast, type Trial } from './channel.ts';
import { eventOf, Queue, type QueueParts, type Waiting } from './queue.ts';
import type { Route } from './routing.ts';
import { Pace } from './pace.ts';

/** What nobody has taken for so long is given up, and logged as such. */
export const givenUpAfterMs = 3 * 86_400_000;
const stopWithinMs = 1_000;
const retryFirstMs = 1_000;
const retryMostMs = 15 * 60_000;
/** A clock that was set while something was held must not hold it for ever. */
const looksAgainMs = 3_600_000;

export interface NotifierParts extends QueueParts {
  random: Randomness;
  /** What the rules say of an alert at a channel, at `now` (UTC ms). */
  route(alert: ApiAlert, channel: Channel, now: number): Route;
}

interface Due {
  row: Waiting;
  notice: Notice;
  urgent: boolean;
}

/**
 * Tells one channel every alert that it is to be told, until it is heard. Each channel goes at its own pace: one that
 * is slow or gone delays no other.
 */
export class Notifier {
  readonly channel: Channel;
  readonly #parts: NotifierParts;
  readonly #queue: Queue;
  readonly #pace: Pace;
  /** Of rows that failed: when each may be tried again (monotonic). Begins anew with the process. */
  readonly #later = new Map<number, { at: number; wait: Backoff }>();
  #last: ApiChannel['last'] = null;
  #stopped = false;
  #news = false;
  #awake = Promise.withResolvers<void>();
  #cancel = () => {};
  #unsubscribe = () => {};
  #running = Promise.resolve();

  constructor(parts: NotifierParts, channel: Channel) {
    this.#parts = parts;
    this.channel = channel;
    this.#pace = new Pace(channel.perMinute);
    const now = () => Math.round(parts.clock.wall());
    this.#queue = new Queue(
      parts,
      channel.id,
      (alert) => parts.route(alert, channel, now()).when !== 'never',
    );
  }

  start(): void {
    this.#unsubscribe = this.#parts.feed.subscribe(() => {
      this.#news = true;
      this.#awake.resolve();
    });
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

  async state(): Promise<ApiChannel> {
    const { id, kind, language } = this.channel;
    return {
      id,
      kind,
      language,
      waiting: await this.#queue.count(),
      lost: this.#queue.lost,
      last: this.#last,
    };
  }

  /** Sends a message that says it is a trial, past the queue. Rejects with the other side's refusal. */
  async try(trial: Trial): Promise<string> {
    const { clock } = this.#parts;
    this.#pace.sent(clock.monotonic());
    return this.#remember(this.channel.try(trial));
  }

  async #run(): Promise<void> {
    const { clock, random, log } = this.#parts;
    const wait = backoff({ firstMs: retryFirstMs, maxMs: retryMostMs }, random);
    while (!this.#stopped) {
      this.#awake = Promise.withResolvers();
      this.#news = false;
      let next: number | null;
      try {
        await this.#queue.fill();
        next = await this.#tellDue();
        wait.reset();
      } catch (error) {
        if (this.#stopped) return;
        log.error('alerts could not be told', { channel: this.channel.id, error });
        next = clock.monotonic() + wait.next();
      }
      if (this.#stopped) return;
      if (next !== null)
        this.#cancel = clock.after(Math.max(0, next - clock.monotonic()), this.#awake.resolve);
      await this.#awake.promise;
      this.#cancel();
    }
  }

  /** Tells what may be told now. Returns when (monotonic) the next one may be, null when none waits. */
  async #tellDue(): Promise<number | null> {
    const { clock } = this.#parts;
    const { due, next } = await this.#due();
    let soonest = next;
    const again = (at: number) => {
      soonest = Math.min(soonest ?? at, at);
    };
    while (due.length > 0 && !this.#stopped) {
      // What is about an alarm goes by itself, never as one line among others.
      const { urgent } = due[0]!;
      const at = this.#pace.mayAt(clock.monotonic(), urgent);
      if (at > clock.monotonic()) {
        again(at);
        break;
      }
      const batch = due.filter((one) => one.urgent === urgent).slice(0, this.channel.most);
      const told = await this.#tell(batch);
      due.splice(0, due.length, ...due.filter((one) => !told.includes(one)));
      // What failed has a time of its own now, another row may have waited for one of these, and an alarm that has
      // come meanwhile goes first.
      again(clock.monotonic());
      if (this.#news) break;
    }
    return soonest;
  }

  /** Rows that may be told now, and when (monotonic) the next of those that may not. */
  async #due(): Promise<{ due: Due[]; next: number | null }> {
    const { clock, store, read } = this.#parts;
    const waiting = await this.#queue.waiting();
    const still = new Set(waiting.map(({ id }) => id));
    for (const id of this.#later.keys()) if (!still.has(id)) this.#later.delete(id);
    const ids = [...new Set(waiting.map(({ alert }) => alert))];
    const found = await read(`id IN (SELECT value FROM json_each(?))`, [JSON.stringify(ids)], ids.length);
    const alerts = new Map(found.map((alert) => [alert.id, alert]));
    const due: Due[] = [];
    let next: number | null = null;
    for (const row of waiting) {
      const alert = alerts.get(row.alert);
      const later = this.#later.get(row.id)?.at ?? 0;
      if (alert === undefined) continue;
      if (later > clock.monotonic()) {
        next = Math.min(next ?? later, later);
        continue;
      }
      const event = eventOf(row);
      const now = Math.round(clock.wall());
      const route = this.#parts.route(alert, this.channel, now);
      const may = await this.#mayBeTold(row, alert, route);
      if (may === 'no') {
        await this.#queue.done([row], 'quiet');
        next = clock.monotonic();
      } else if (may === 'yes') {
        const language = route.when === 'later' ? this.channel.language : route.language;
        // What was open when it opened stays so in the telling of it.
        const shown: ApiAlert = event === 'closed' ? alert : { ...alert, closed_at: null };
        const notice = { id: `${store.epoch}-${row.id}`, event, alert: shown, language };
        due.push({ row, notice, urgent: isAboutAlarm(alert) });
      } else {
        if (row.held === 0) await this.#queue.held(row);
        const wait = Math.min(looksAgainMs, Math.max(1, may.until - now));
        next = Math.min(next ?? Infinity, clock.monotonic() + wait);
      }
    }
    return { due, next };
  }

  async #mayBeTold(row: Waiting, alert: ApiAlert, route: Route): Promise<'yes' | 'no' | { until: number }> {
    const event = eventOf(row);
    if (event === 'closed') {
      if (!(await this.#queue.wasTold(alert.id))) return 'no';
    } else if (event === 'opened') {
      if (alert.closed_at !== null && row.held === 1) return 'no';
    } else if (alert.state !== 'open') return 'no';
    const quiet = alert.maintenance ?? alert.silenced;
    if (quiet !== null) return quiet;
    return route.when === 'later' ? { until: route.at } : 'yes';
  }

  /** Returns those of the batch that were tried. */
  async #tell(batch: readonly Due[]): Promise<Due[]> {
    const { clock, log } = this.#parts;
    this.#pace.sent(clock.monotonic());
    const rowsOf = (part: readonly Due[]) => part.map(({ row }) => row);
    try {
      const told = this.channel.tell(batch.map(({ notice }) => notice));
      const { count } = await this.#remember(told, ({ answer }) => answer);
      const heard = batch.slice(0, count);
      await this.#queue.done(rowsOf(heard), 'told');
      for (const { row } of heard) this.#later.delete(row.id);
      return heard;
    } catch (failure) {
      const reason = wholeReasonOf(failure);
      if (failure instanceof TooFast) {
        this.#pace.rest(clock.monotonic());
        log.warn('a channel asks for patience', { channel: this.channel.id, reason });
        return [...batch];
      }
      const { old, young } = Object.groupBy(batch, ({ notice }) => (this.#isOld(notice) ? 'old' : 'young'));
      const fields = { channel: this.channel.id, reason };
      if (old !== undefined) {
        log.error('notices were not heard for days and are given up', { ...fields, notices: old.length });
        await this.#queue.done(rowsOf(old), 'given-up', `given up: ${reason}`);
        for (const { row } of old) this.#later.delete(row.id);
      }
      if (young !== undefined) {
        log.warn('notices were not heard; they will be told again', { ...fields, notices: young.length });
        await this.#queue.failed(rowsOf(young), reason);
        for (const { row } of young) this.#putOff(row);
      }
      return [...batch];
    }
  }

  #putOff({ id }: Waiting): void {
    const { clock, random } = this.#parts;
    const wait = this.#later.get(id)?.wait ?? backoff({ firstMs: retryFirstMs, maxMs: retryMostMs }, random);
    this.#later.set(id, { at: clock.monotonic() + wait.next(), wait });
  }

  /** What is told again while it lasts cannot grow old. */
  #isOld({ event, alert }: Notice): boolean {
    if (event === 'repeated' || event === 'escalated') return false;
    const since = event === 'closed' ? (alert.closed_at ?? alert.opened_at) : alert.opened_at;
    return this.#parts.clock.wall() - since > givenUpAfterMs;
  }

  async #remember<T>(telling: Promise<T>, answerOf: (told: T) => string = String): Promise<T> {
    const at = () => Math.round(this.#parts.clock.wall());
    try {
      const told = await telling;
      this.#last = { at: at(), ok: true, answer: answerOf(told) };
      return told;
    } catch (error) {
      this.#last = { at: at(), ok: false, answer: wholeReasonOf(error) };
      throw error;
    }
  }
}
