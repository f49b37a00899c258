import { createHash } from 'node:crypto';
import type { Clock, Log } from '#platform/ports.ts';
import type { Store } from '../store/store.ts';

/** Messages kept for people to read, newest first, each cut after so many bytes. */
export const quarantineKept = 10_000;
export const quarantineBytes = 65_536;
/** Messages that may wait for the disk. Above it they are only counted and logged. */
const waitingLimit = 1000;
/**
 * One commit is on its way at a time, of so many: an alarm waits for the disk behind what was asked of it before,
 * and a gateway that sends nonsense without end must not put a thousand trips to the disk in front of it.
 */
const atOnce = 20;

interface Waiting {
  at: number;
  topic: string;
  payload: Uint8Array;
  reason: string;
  done: () => void;
}

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
  const waiting: Waiting[] = [];
  let writing = false;
  let dropped = 0;

  async function write(): Promise<void> {
    writing = true;
    for (let some = waiting.splice(0, atOnce); some.length > 0; some = waiting.splice(0, atOnce)) {
      try {
        await store.commit([
          ...some.map(({ at, topic, reason, payload }) => ({
            sql: 'INSERT INTO quarantine (at, topic, reason, sha256, payload) VALUES (?, ?, ?, ?, ?)',
            params: [at, topic, reason, sha256Of(payload), payload.subarray(0, quarantineBytes)],
          })),
          { sql: `DELETE FROM quarantine WHERE id <= (SELECT MAX(id) FROM quarantine) - ${quarantineKept}` },
        ]);
      } catch (error) {
        for (const { topic, reason } of some)
          log.error('a message could not be put in quarantine', { topic, reason, error });
      }
      for (const { done } of some) done();
    }
    writing = false;
  }

  return {
    async keep(topic, payload, reason) {
      if (waiting.length >= waitingLimit) {
        dropped += 1;
        if (dropped % 1000 === 1) log.error('the quarantine is behind; messages are not kept', { dropped });
        return;
      }
      log.warn('a message could not be read', { topic, reason, bytes: payload.length });
      const kept = Promise.withResolvers<void>();
      waiting.push({ at: Math.round(clock.wall()), topic, payload, reason, done: kept.resolve });
      if (!writing) void write();
      await kept.promise;
    },
  };
}
