import { type Backoff, backoff } from '#platform/backoff.ts';
import { reasonOf } from '#platform/reason.ts';
import { type Rise } from '../outbox/outbox.ts';
import type { AlarmPath } from './alarm.ts';

const retry = { firstMs: 250, maxMs: 30_000 };

/**
 * Which levels are up and have been made an alarm. The rise is written with its alarm; that it is over is
 * written here. A rise that the file does not know, as at the first start, is an alarm.
 */
export class Levels {
  readonly #path: Pick<AlarmPath, 'clock' | 'random' | 'log' | 'outbox' | 'closed'>;
  readonly #up = new Set<string>();

  constructor(path: AlarmPath) {
    this.#path = path;
  }

  resume(rises: readonly Rise[]): void {
    for (const rise of rises) this.#up.add(key(rise));
  }

  /** Notes the level; true when it has just risen. */
  isRise(rise: Rise, up: boolean): boolean {
    const was = this.#up.has(key(rise));
    if (up) this.#up.add(key(rise));
    else if (was) {
      this.#up.delete(key(rise));
      void this.#forget(rise, backoff(retry, this.#path.random));
    }
    return up && !was;
  }

  async #forget(rise: Rise, pace: Backoff): Promise<void> {
    const { clock, log, outbox } = this.#path;
    if (this.#up.has(key(rise))) return;
    try {
      await outbox.forgetRise(rise);
    } catch (error) {
      log.warn('the end of an alarm level is not on disk', { ...rise, reason: reasonOf(error) });
      if (this.#path.closed) return;
      clock.after(pace.next(), () => void this.#forget(rise, pace));
    }
  }
}

function key({ device, type }: Rise): string {
  return `${device} ${type}`;
}
