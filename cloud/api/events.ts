import type { ServerResponse } from 'node:http';
import type { Clock, Log } from '#platform/ports.ts';
import type { FeedEvent } from '#protocols/api.ts';
import { type Principal, sees } from '../access/principal.ts';
import type { Feed, FeedEntry } from '../feed.ts';
import { campusSubject, citySubject } from '../inventory/act.ts';
import type { ApiParts } from './parts.ts';
import type { Views } from './views.ts';

/** Entries read and written at once: all that is ever in memory for one reader. */
const batch = 100;
const heartbeatMs = 15_000;
/** A reader that takes nothing for so long is cut off; it resumes where it was. */
const stalledAfterMs = 10_000;
const readersLimit = 100;

/**
 * Turns entries of the feed into what they are about, as it is now; of several about one thing only the last is
 * kept. Null: something that a reader may show is no more, and it must start anew.
 */
async function materialise(
  entries: readonly FeedEntry[],
  parts: Pick<ApiParts, 'liveness' | 'centres' | 'fourHundred' | 'inventory'>,
  views: Views,
): Promise<{ id: number; event: FeedEvent | null }[]> {
  const last = new Map(entries.map((entry) => [`${entry.type} ${entry.subject}`, entry]));
  const wanted = [...last.values()].sort((a, b) => a.id - b.id);
  const subjects = (type: FeedEntry['type']) => wanted.filter((e) => e.type === type).map((e) => e.subject);

  const alertIds = subjects('alert').map(Number);
  const devices = subjects('device').flatMap((subject) => {
    const [gateway = '', id = ''] = subject.split('/');
    return parts.liveness.device(gateway, id) ?? [];
  });
  const centres = parts.centres();
  const alarms = await views.alarmsByName(subjects('alarm'));
  const alerts =
    alertIds.length === 0
      ? []
      : await views.alerts(`id IN (${alertIds.map(() => '?').join(', ')})`, alertIds, alertIds.length);
  const byId = <T extends { id: string | number }>(items: readonly T[]) =>
    new Map(items.map((item) => [String(item.id), item]));
  const commands = byId(await views.commands(subjects('command')));
  const drills = byId(await views.drills(subjects('drill')));
  const probes = byId(await views.probes(subjects('probe')));
  const windows = byId(await views.maintenance(subjects('maintenance')));
  const shown = devices.length === 0 ? [] : await views.devices(devices);

  const found: Record<FeedEntry['type'], (subject: string) => FeedEvent | null> = {
    alarm: (subject) =>
      eventOf(
        'alarm',
        alarms.find((alarm) => alarm.id === subject),
      ),
    alert: (subject) =>
      eventOf(
        'alert',
        alerts.find((alert) => String(alert.id) === subject),
      ),
    device: (subject) =>
      eventOf(
        'device',
        shown.find(({ place }) => `${place.gateway}/${place.device}` === subject),
      ),
    gateway(subject) {
      const gateway = parts.liveness.gateway(subject);
      return eventOf('gateway', gateway === null ? undefined : views.gateway(gateway));
    },
    centre: (subject) =>
      eventOf(
        'centre',
        centres.find((centre) => centre.id === subject),
      ),
    command: (subject) => eventOf('command', commands.get(subject)),
    drill: (subject) => eventOf('drill', drills.get(subject)),
    probe: (subject) => eventOf('probe', probes.get(subject)),
    maintenance: (subject) => eventOf('maintenance', windows.get(subject)),
    verdict: (subject) => eventOf('verdict', views.verdict(parts.fourHundred, subject)),
    inventory: (subject) => eventOf('inventory', inventoryNow(parts.inventory, subject)),
  };
  return wanted.map(({ id, type, subject }) => ({ id, event: found[type](subject) }));
}

function eventOf<T extends FeedEvent['type']>(type: T, data: unknown): FeedEvent | null {
  return data === undefined ? null : ({ type, data } as FeedEvent);
}

/** Readers of the feed over SSE. Each pulls from the durable feed at its own pace: a slow one costs one batch. */
export class EventStreams {
  readonly #parts: { clock: Clock; log: Log; feed: Feed } & Pick<
    ApiParts,
    'liveness' | 'centres' | 'fourHundred' | 'inventory'
  >;
  readonly #views: Views;
  readonly #readers = new Set<Reader>();

  constructor(parts: ApiParts, views: Views) {
    this.#parts = parts;
    this.#views = views;
  }

  get full(): boolean {
    return this.#readers.size >= readersLimit;
  }

  /**
   * Serves `response` until it closes, or `stillMay` is false. `after`: id of the last event that the reader has,
   * null: from now on. Who sees only some campuses is told of those only.
   */
  serve(
    response: ServerResponse,
    after: number | null,
    who: Principal,
    stillMay: () => Promise<boolean>,
  ): void {
    const { clock, log, feed } = this.#parts;
    const reader: Reader = new Reader(
      response,
      clock,
      feed,
      async (entries) => {
        const all = await materialise(entries, this.#parts, this.#views);
        if (who.campuses === null) return all;
        const alerts = all.flatMap(({ event }) => (event?.type === 'alert' ? event.data.id : []));
        const theirs = await this.#views.alertsSeen(who, alerts, this.#parts.liveness.gateways());
        return all.filter(({ event }) => event === null || isSeen(event, who, theirs));
      },
      stillMay,
    );
    this.#readers.add(reader);
    response.once('close', () => {
      reader.end();
      this.#readers.delete(reader);
    });
    reader.start(after).catch((error: unknown) => {
      log.warn('a reader of the feed was cut off', { error });
      response.destroy();
    });
  }

  close(): void {
    for (const reader of this.#readers) reader.cutOff();
  }
}

class Reader {
  readonly #response: ServerResponse;
  readonly #clock: Clock;
  readonly #feed: Feed;
  readonly #materialise: (entries: FeedEntry[]) => Promise<{ id: number; event: FeedEvent | null }[]>;
  #ended = false;
  #awake = Promise.withResolvers<void>();
  #stopListening = () => {};
  #cancelHeartbeat = () => {};

  readonly #stillMay: () => Promise<boolean>;

  constructor(
    response: ServerResponse,
    clock: Clock,
    feed: Feed,
    materialise: (entries: FeedEntry[]) => Promise<{ id: number; event: FeedEvent | null }[]>,
    stillMay: () => Promise<boolean>,
  ) {
    this.#stillMay = stillMay;
    this.#response = response;
    this.#clock = clock;
    this.#feed = feed;
    this.#materialise = materialise;
  }

  /** Rejects when the reader stalls or the feed cannot be read. */
  async start(after: number | null): Promise<void> {
    this.#stopListening = this.#feed.subscribe(() => this.#awake.resolve());
    let position = after ?? (await this.#feed.latest());
    // Says at once that the stream stands, and where, so that a reader that is cut off before the first event
    // loses nothing either.
    let first = after === null ? `id: ${position}\n\n` : '';
    if (after !== null && !(await this.#feed.holds(after))) {
      position = await this.#feed.latest();
      first = reset(position);
    }
    await this.#write(`: belfry\nretry: 2000\n\n${first}`);
    this.#beat();
    while (!this.#ended) {
      this.#awake = Promise.withResolvers();
      const entries = await this.#feed.after(position, batch);
      if (entries.length > 0 && entries[0]!.id > position + 1 && !(await this.#feed.holds(position))) {
        position = await this.#feed.latest();
        await this.#write(reset(position));
        continue;
      }
      let text = '';
      for (const { id, event } of await this.#materialise(entries))
        text += event === null ? reset(id) : told(id, event);
      if (text !== '') await this.#write(text);
      position = entries.at(-1)?.id ?? position;
      if (entries.length < batch) await this.#awake.promise;
    }
  }

  end(): void {
    this.#ended = true;
    this.#stopListening();
    this.#cancelHeartbeat();
    this.#awake.resolve();
  }

  cutOff(): void {
    this.end();
    this.#response.destroy();
  }

  #beat(): void {
    this.#cancelHeartbeat = this.#clock.after(heartbeatMs, () => {
      if (!this.#response.writableNeedDrain) this.#response.write(': heartbeat\n\n');
      this.#stillMay().then(
        (may) => may || this.cutOff(),
        () => this.cutOff(),
      );
      this.#beat();
    });
  }

  /** Resolves when the reader can take more; rejects when it takes nothing for `stalledAfterMs`. */
  #write(text: string): Promise<void> {
    if (this.#ended || this.#response.write(text)) return Promise.resolve();
    return new Promise((resolve, reject) => {
      const done = (settle: () => void) => () => {
        cancel();
        this.#response.off('drain', drained).off('close', drained);
        settle();
      };
      const drained = done(resolve);
      const cancel = this.#clock.after(
        stalledAfterMs,
        done(() => reject(new Error(`it took nothing for ${stalledAfterMs / 1000} s`))),
      );
      this.#response.once('drain', drained).once('close', drained);
    });
  }
}

/** A campus that is in the inventory no more is told of too. */
function inventoryNow(inventory: ApiParts['inventory'], subject: string) {
  const campus = subject === citySubject ? null : subject.slice(campusSubject('').length);
  const there = campus === null || inventory.version(campus) !== null;
  return { campus, version: inventory.versionOf(subject), removed: !there };
}

/** Whether what an event is about is on a campus that they see; centres are everybody's. */
function isSeen(event: FeedEvent, who: Principal, alerts: ReadonlySet<number>): boolean {
  if (event.type === 'centre') return true;
  if (event.type === 'inventory' && event.data.campus === null) return true;
  if (event.type === 'alert') return alerts.has(event.data.id);
  return sees(who, 'place' in event.data ? event.data.place.campus : event.data.campus);
}

const reset = (id: number) => `id: ${id}\nevent: reset\ndata: {}\n\n`;
const told = (id: number, event: FeedEvent) =>
  `id: ${id}\nevent: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`;
