import { type Backoff, backoff } from '#platform/backoff.ts';
import { reasonOf } from '#platform/reason.ts';
import { type Rise } from '../outbox/outbox.ts';
import type { AlarmPath } from './alarm.ts';

const minuteMs = 60_000;
const retry = { firstMs: 250, maxMs: 30_000 };

/**
 * Which levels are up and have been made an alarm. The rise is written with its alarm; that it is over is
 * written here. A rise that the file does not know, as at the first start, is an alarm.
 */
export class Levels {
  readonly #path: Pick<AlarmPath, 'clock' | 'random' | 'log' | 'outbox' | 'notices' | 'closed'>;
  readonly #up = new Set<string>();
  /** Told to be down since the start: what a file that is opened late says of them is old. */
  readonly #down = new Set<string>();
  readonly #rises = new Map<string, number[]>();
  /** Levels that chatter, with what cancels the end of their hold. */
  readonly #chattering = new Map<string, () => void>();
  readonly #abovePerMinute: number;

  constructor(path: AlarmPath, abovePerMinute: number) {
    this.#path = path;
    this.#abovePerMinute = abovePerMinute;
  }

  resume(rises: readonly Rise[]): void {
    for (const rise of rises) {
      if (this.#down.has(key(rise))) void this.#forget(rise, backoff(retry, this.#path.random));
      else this.#up.add(key(rise));
    }
  }

  /** Notes the level; true when it has just risen. */
  isRise(rise: Rise, up: boolean): boolean {
    const was = this.#up.has(key(rise));
    if (up) this.#down.delete(key(rise));
    else this.#down.add(key(rise));
    if (this.#chattering.has(key(rise))) this.#hold(rise, up);
    else if (up) this.#up.add(key(rise));
    else if (was) this.#fall(rise);
    if (!up || was) return false;
    this.#count(rise);
    return true;
  }

  #fall(rise: Rise): void {
    this.#up.delete(key(rise));
    void this.#forget(rise, backoff(retry, this.#path.random));
  }

  /** A level that rises too often is taken as up until it has been down for a while: one alarm, then quiet. */
  #count(rise: Rise): void {
    const { clock, log, notices } = this.#path;
    const now = clock.monotonic();
    const lately = (this.#rises.get(key(rise)) ?? []).filter((at) => now - at < minuteMs);
    lately.push(now);
    this.#rises.set(key(rise), lately);
    if (lately.length <= this.#abovePerMinute) return;
    this.#chattering.set(key(rise), () => {});
    log.warn('a level chatters', { ...rise });
    notices.open('level-chatters', key(rise), {
      zh: `设备 ${rise.device} 的报警信号反复跳变，已保持为报警，稳定恢复 1 分钟后解除`,
      en: `The alarm signal of ${rise.device} goes up and down all the time; it is held as an alarm until it has been down for a minute`,
    });
  }

  #hold(rise: Rise, up: boolean): void {
    const { clock, notices } = this.#path;
    this.#chattering.get(key(rise))!();
    const release = () => {
      this.#chattering.delete(key(rise));
      this.#rises.delete(key(rise));
      notices.close('level-chatters', key(rise));
      this.#fall(rise);
    };
    this.#chattering.set(key(rise), up ? () => {} : clock.after(minuteMs, release));
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
