import { createHash } from 'node:crypto';
import type { Clock, Log } from '#platform/ports.ts';
import type { Store } from '../store/store.ts';

/** Messages kept for people to read, newest first, each cut after so many bytes. */
export const quarantineKept = 10_000;
export const quarantineBytes = 65_536;
/** Messages that may wait for the disk. Above it they are only counted and logged. */
const waitingLimit = 1000;

export interface Quarantine {
  /** Keeps what could not be read, with the reason. Resolves when kept, or given up; never rejects. */
  keep(topic: string, payload: Uint8Array, reason: string): Promise<void>;
}

/** SHA-256 (hex) of a payload: what a `refused` receipt names. */
export function sha256Of(payload: Uint8Array): string {
  return createHash('sha256').update(payload).digest('hex');
}

export function createQuarantine({
  clock,
  log,
  store,
}: {
  clock: Clock;
  log: Log;
  store: Store;
}): Quarantine {
  let waiting = 0;
  let dropped = 0;
  return {
    async keep(topic, payload, reason) {
      if (waiting >= waitingLimit) {
        dropped += 1;
        if (dropped % 1000 === 1) log.error('the quarantine is behind; messages are not kept', { dropped });
        return;
      }
      waiting += 1;
      log.warn('a message could not be read', { topic, reason, bytes: payload.length });
      try {
        await store.commit([
          {
            sql: 'INSERT INTO quarantine (at, topic, reason, sha256, payload) VALUES (?, ?, ?, ?, ?)',
            params: [
              Math.round(clock.wall()),
              topic,
              reason,
              sha256Of(payload),
              payload.subarray(0, quarantineBytes),
            ],
          },
          { sql: `DELETE FROM quarantine WHERE id <= (SELECT MAX(id) FROM quarantine) - ${quarantineKept}` },
        ]);
      } catch (error) {
        log.error('a message could not be put in quarantine', { topic, reason, error });
      } finally {
        waiting -= 1;
      }
    },
  };
}
