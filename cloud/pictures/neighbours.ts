import { backoff } from '#platform/backoff.ts';
import type { Clock, Log, Randomness } from '#platform/ports.ts';
import type { Feed } from '../feed.ts';
import type { Places } from '../places.ts';
import type { Store } from '../store/store.ts';
import type { Asking } from './asking.ts';

const batch = 100;
const again = { firstMs: 1000, maxMs: 60_000 };
/** Alarms whose neighbours were asked, so that a later word of the same alarm asks nobody again. */
const remembered = 1000;
/** An alarm that came so long after its press shows nothing any more, ms. */
const tooLateMs = 60_000;

export interface NeighboursParts {
  clock: Clock;
  random: Randomness;
  log: Log;
  store: Store;
  feed: Feed;
  places: Places;
  asking: Asking;
  givesPictures(gateway: string, camera: string): boolean;
}

/**
 * Cameras of one gateway that look at a device of another: the alarm's own gateway cannot ask them, so the cloud
 * does. It follows the feed, which is written with the alarm and read after it. Returns what ends it.
 */
export async function askNeighbours(parts: NeighboursParts): Promise<() => void> {
  const { clock, random, log, store, feed, places, asking, givesPictures } = parts;
  const asked = new Set<string>();
  const pace = backoff(again, random);
  let last = await feed.latest();
  let working = false;
  let more = false;
  let closed = false;
  let cancel = () => {};

  async function read(): Promise<void> {
    for (;;) {
      more = false;
      const entries = await feed.after(last, batch);
      const alarms = new Set(
        entries.flatMap((e) => (e.type === 'alarm' && !asked.has(e.subject) ? e.subject : [])),
      );
      for (const alarm of alarms) {
        if (closed) return;
        await look(alarm);
      }
      last = entries.at(-1)?.id ?? last;
      if (closed || (entries.length < batch && !more)) return;
    }
  }

  async function look(alarm: string): Promise<void> {
    const [row] = await store.read<{ campus: string; gateway: string; device: string; ingested_at: number }>(
      `SELECT campus, gateway, device, ingested_at FROM signals
       WHERE name = ? AND same_as IS NULL AND mode IN ('real', 'drill') AND age_at_ingest_ms < ?`,
      [alarm, tooLateMs],
    );
    asked.add(alarm);
    if (asked.size > remembered) asked.delete(asked.values().next().value!);
    if (row === undefined || clock.wall() - row.ingested_at > tooLateMs) return;
    for (const { gateway, device: camera } of places.location(row.gateway, row.device)?.cameras ?? []) {
      if (gateway === row.gateway || !givesPictures(gateway, camera)) continue;
      await asking
        .atAlarm({ campus: row.campus, gateway, camera }, alarm)
        .catch((error: unknown) =>
          log.warn('a neighbour was not asked for a picture', { alarm, camera, error }),
        );
    }
  }

  function wake(): void {
    more = true;
    if (working || closed) return;
    working = true;
    read()
      .then(() => pace.reset())
      .catch((error: unknown) => {
        log.warn('the feed could not be read for pictures', { error });
        cancel = clock.after(pace.next(), wake);
      })
      .finally(() => (working = false));
  }

  const stop = feed.subscribe(wake);
  return () => {
    closed = true;
    stop();
    cancel();
  };
}
