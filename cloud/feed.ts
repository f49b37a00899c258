import type { FeedEvent } from '#protocols/api.ts';
import type { Store } from './store/store.ts';

/** One entry: what changed, not what it is now. Ids only grow, and have gaps. */
export interface FeedEntry {
  id: number;
  at: number;
  type: FeedEvent['type'];
  subject: string;
}

/** The feed as its readers see it: a tail by id, and a word when there is more. */
export interface Feed {
  /** Id of the newest entry, 0 when there is none. */
  latest(): Promise<number>;
  /** Up to `limit` entries after `id`, in order. */
  after(id: number, limit: number): Promise<FeedEntry[]>;
  /** False when entries after `id` were already trimmed away: the reader must start anew. */
  holds(id: number): Promise<boolean>;
  subscribe(wake: () => void): () => void;
}

export function createFeed(store: Store): Feed {
  return {
    async latest() {
      const [row] = await store.read<{ id: number }>('SELECT COALESCE(MAX(id), 0) AS id FROM events');
      return row?.id ?? 0;
    },
    async after(id, limit) {
      const rows = await store.read<{ id: number; at: number; type: string; subject: string }>(
        'SELECT id, at, type, subject FROM events WHERE id > ? ORDER BY id LIMIT ?',
        [id, limit],
      );
      return rows.map((row) => ({ ...row, type: row.type as FeedEvent['type'] }));
    },
    async holds(id) {
      const [row] = await store.read<{ first: number | null; last: number | null }>(
        'SELECT MIN(id) AS first, MAX(id) AS last FROM events',
      );
      const { first = null, last = null } = row ?? {};
      return first === null || last === null ? id === 0 : id >= first - 1 && id <= last;
    },
    subscribe: (wake) => store.subscribe(wake),
  };
}
