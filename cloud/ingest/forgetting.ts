import type { Clock, Log } from '#platform/ports.ts';
import type { Store } from '../store/store.ts';

/** Presses are recognised by their origin for so long: a unit's counters may come round again afterwards. */
export const originMemoryMs = 30 * 86_400_000;
const everyMs = 3_600_000;
const inOneCommit = 1000;

/** Forgets old origins, a few rows at a time so that no alarm waits behind it. Returns what ends it. */
export function startForgetting({ clock, log, store }: { clock: Clock; log: Log; store: Store }): () => void {
  let cancel = () => {};
  let closed = false;

  async function forget(): Promise<void> {
    const before = clock.wall() - originMemoryMs;
    for (;;) {
      const [done] = await store.commit([
        {
          sql: `UPDATE signals SET origin = NULL WHERE id IN
                  (SELECT id FROM signals WHERE ingested_at < ? AND origin IS NOT NULL LIMIT ${inOneCommit})`,
          params: [before],
        },
        { sql: 'DELETE FROM early_reports WHERE at < ?', params: [before] },
      ]);
      if (closed || done!.changes < inOneCommit) return;
    }
  }

  function rest(): void {
    cancel = clock.after(everyMs, () => {
      forget()
        .catch((error: unknown) => log.error('old origins were not forgotten', { error }))
        .finally(() => {
          if (!closed) rest();
        });
    });
  }

  rest();
  return () => {
    closed = true;
    cancel();
  };
}
