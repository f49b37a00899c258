import type { Clock, Database, Log } from '#platform/ports.ts';
import { pictureKind } from '#protocols/pictures.ts';
import type { Store } from '../store/store.ts';
import type { PicturesConfig } from './config.ts';
import type { Shelf } from './shelf.ts';

const everyMs = 3_600_000;
const firstAfterMs = 60_000;
const dayMs = 86_400_000;

export interface TidyingParts {
  clock: Clock;
  log: Log;
  store: Store;
  database: Database;
  shelf: Shelf;
  config: PicturesConfig;
}

/**
 * Removes pictures after their days, and entries and views after theirs. Pictures of an incident that is open stay:
 * people are at work with them. Returns what ends it.
 */
export function startTidying({ clock, log, store, database, shelf, config }: TidyingParts): () => void {
  let cancel = () => {};
  let closed = false;

  async function tidy(): Promise<void> {
    const now = Math.round(clock.wall());
    const open = await store.read<{ name: string }>(
      `SELECT s.name FROM signals s JOIN incidents i ON i.id = s.incident WHERE i.resolved_at IS NULL`,
    );
    const held = new Set(open.map(({ name }) => name));
    for (const kind of pictureKind.options) {
      const removed = await shelf.removeOld(kind, now - config.keep_days[kind] * dayMs, held);
      if (removed > 0) log.info('pictures were removed after their days', { kind, removed });
    }
    const before = now - config.views_days * dayMs;
    await database.commit([
      { sql: 'DELETE FROM views WHERE at < ?', params: [before] },
      {
        sql: `DELETE FROM pictures WHERE removed_at < ? AND NOT EXISTS
                (SELECT 1 FROM views WHERE picture = pictures.id)`,
        params: [before],
      },
    ]);
    const strays = await shelf.removeStrays();
    if (strays > 0) log.warn('files of pictures that nobody knows were removed', { strays });
  }

  function rest(ms: number): void {
    cancel = clock.after(ms, () => {
      tidy()
        .catch((error: unknown) => log.error('old pictures were not removed', { error }))
        .finally(() => {
          if (!closed) rest(everyMs);
        });
    });
  }

  rest(firstAfterMs);
  return () => {
    closed = true;
    cancel();
  };
}
