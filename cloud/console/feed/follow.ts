import type {
  ApiAlarm,
  ApiAlert,
  ApiCentre,
  ApiDevice,
  ApiGateway,
  ApiLatency,
  FeedEvent,
} from '#protocols/api.ts';
import { readEventStream } from './event-stream.ts';
import type { StreamEvent } from './event-stream.ts';
import type { ServerClock } from './server-clock.ts';
import { withEvent, withSnapshot } from './store.ts';
import type { Snapshot, Store } from './store.ts';

/** The cloud sends at least a comment in this time; longer silence is a dead connection. */
const silenceMs = 40_000;
const requestMs = 5_000;
/** Figures that no event carries (percentiles, round trips to 110) are asked for at this pace. */
const pollMs = 5_000;
/** After an alarm they are asked for at once, but no faster than this. */
const figuresPaceMs = 500;
/** A loss shorter than this (a proxy's reload) is not worth greying a wall for. */
const graceMs = 1_500;
const firstBackoffMs = 500;
const longestBackoffMs = 8_000;

const feedTypes: Record<FeedEvent['type'], true> = {
  alarm: true,
  device: true,
  gateway: true,
  alert: true,
  centre: true,
  command: true,
  drill: true,
  probe: true,
  verdict: true,
  maintenance: true,
  inventory: true,
};

/**
 * What an event of the stream asks for. `reset` (what happened since our last id is no longer kept) and an entry
 * that cannot be read both mean that the tables must be loaded anew; types of a later version are passed over.
 */
function entryOf(event: StreamEvent): FeedEvent | 'reload' | null {
  if (event.type === 'reset') return 'reload';
  if (event.data === null || !Object.hasOwn(feedTypes, event.type)) return null;
  try {
    return JSON.parse(event.data) as FeedEvent;
  } catch {
    return 'reload';
  }
}

const sleep = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms));

/**
 * Keeps the store equal to the cloud for the life of the page: feed first, then a snapshot, so that nothing
 * falls between the two; after a loss it resumes by Last-Event-ID. `EventSource` would do less: it hides the
 * comments that prove the line alive, and one that gave up cannot be told where to resume.
 */
export function follow(store: Store, clock: ServerClock): void {
  let lastId: string | null = null;
  let provenAt: number | null = null;
  let tries = 0;
  let figuresDueAt = 0;
  let connection = new AbortController();

  function proven() {
    const now = Date.now();
    // Once a second is enough for a bound of 30 s, and keeps a busy feed from rendering for nothing.
    if (provenAt === null || now - provenAt >= 1000) store.update((view) => ({ ...view, provenAt: now }));
    provenAt = now;
  }

  async function get<T>(path: string): Promise<T> {
    const sentAt = Date.now();
    const response = await fetch(`/api/v1/${path}`, {
      cache: 'no-store',
      signal: AbortSignal.timeout(requestMs),
    });
    clock.note(response.headers.get('date'), sentAt, Date.now());
    if (!response.ok) throw new AnsweredBadly(path, response.status);
    const body = (await response.json()) as T;
    proven();
    return body;
  }
  const list = async <T>(path: string) => (await get<{ items: T[] }>(path)).items;

  async function loadSnapshot() {
    const [alarms, devices, gateways, alerts, centres] = await Promise.all([
      list<ApiAlarm>('alarms'),
      list<ApiDevice>('devices'),
      list<ApiGateway>('gateways'),
      list<ApiAlert>('alerts'),
      list<ApiCentre>('centres'),
    ]);
    const snapshot: Snapshot = { alarms, devices, gateways, alerts, centres };
    store.update((view) => withSnapshot(view, snapshot));
  }

  async function loadFigures() {
    const latency = get<ApiLatency>('latency?mode=real').then((figures) => {
      store.update((view) => ({ ...view, latency: { figures, at: Date.now() } }));
    });
    const before = store.get().centres;
    const centres = list<ApiCentre>('centres').then((items) => {
      // An event that came meanwhile is newer than this answer may be.
      if (store.get().centres !== before) return;
      store.update((view) => ({ ...view, centres: new Map(items.map((centre) => [centre.id, centre])) }));
    });
    await Promise.all([latency, centres]);
  }

  /** Reads the feed until it ends; throws when it breaks. `connection` is aborted when it has gone silent. */
  async function readFeed() {
    let watchdog = setTimeout(() => connection.abort(), requestMs);
    try {
      const headers: Record<string, string> = { accept: 'text/event-stream' };
      if (lastId !== null) headers['last-event-id'] = lastId;
      const { signal } = connection;
      const response = await fetch('/api/v1/events', { cache: 'no-store', headers, signal });
      clearTimeout(watchdog);
      if (!response.ok || !response.body) throw new AnsweredBadly('events', response.status);
      if (lastId === null || !store.get().loaded) await loadSnapshot();
      tries = 0;
      store.update((view) => ({ ...view, link: { state: 'live' } }));
      figuresDueAt = 0;

      const waiting: StreamEvent[] = [];
      const push = readEventStream((event) => waiting.push(event));
      const text = new TextDecoder();
      const reader = response.body.getReader();
      for (;;) {
        watchdog = setTimeout(() => connection.abort(), silenceMs);
        const { done, value } = await reader.read();
        clearTimeout(watchdog);
        if (done) return;
        proven();
        push(text.decode(value, { stream: true }));
        for (const event of waiting.splice(0)) await take(event);
      }
    } finally {
      clearTimeout(watchdog);
    }
  }

  async function take(event: StreamEvent) {
    const entry = entryOf(event);
    if (entry === 'reload') await loadSnapshot();
    else if (entry) store.update((view) => withEvent(view, entry));
    if (entry === 'reload' || entry?.type === 'alarm') figuresDueAt = 0;
    // Only now: an event that could not be taken is asked for again.
    lastId = event.lastId;
  }

  function lost() {
    tries += 1;
    const { link } = store.get();
    if (link.state === 'lost' || tries > 1) {
      store.update((view) => ({ ...view, link: { state: 'lost', since: provenAt, tries } }));
      return;
    }
    const since = provenAt;
    setTimeout(() => {
      if (tries > 0) store.update((view) => ({ ...view, link: { state: 'lost', since, tries } }));
    }, graceMs);
  }

  async function keepFeed() {
    for (;;) {
      connection = new AbortController();
      try {
        await readFeed();
      } catch (error) {
        console.warn('feed', error);
      }
      connection.abort();
      lost();
      const backoff = Math.min(longestBackoffMs, firstBackoffMs * 2 ** Math.min(tries - 1, 6));
      await sleep(backoff * (0.5 + Math.random()));
    }
  }

  async function refreshFigures() {
    try {
      await loadFigures();
    } catch (error) {
      console.warn('figures', error);
      // No answer at all is a dead line, which the feed may not have noticed; a bad one only ages the figures.
      if (!(error instanceof AnsweredBadly)) connection.abort();
    }
  }

  async function keepFigures() {
    for (;;) {
      await sleep(figuresPaceMs);
      if (store.get().link.state !== 'live' || Date.now() < figuresDueAt) continue;
      figuresDueAt = Date.now() + pollMs;
      await refreshFigures();
    }
  }

  void keepFeed();
  void keepFigures();
}

class AnsweredBadly extends Error {
  constructor(path: string, status: number) {
    super(`${path} was answered with ${status}`);
  }
}
