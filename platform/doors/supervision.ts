import type { Supervision } from '#platform/doors/door.ts';
import type { Clock, Log, Randomness } from '#platform/ports.ts';

/** Questions in a row that may go unanswered before the receiver counts as silent. */
const MISSES_UNTIL_SILENT = 2;
/** First pause after a miss; doubles up to the interval. */
const FIRST_RETRY_MS = 1000;

/** What came of asking a receiver whether it is there. */
export type Asked = { kind: 'answered'; roundTripMs: number } | { kind: 'missed'; reason: string };

/**
 * Asks a receiver whether it is there: at once, then at the interval, sooner after a miss. `ask` must settle in
 * bounded time, never reject, and use a connection of its own, so that no alarm waits behind it.
 */
export class DoorSupervision {
  readonly #clock: Clock;
  readonly #random: Randomness;
  readonly #log: Log;
  readonly #ask: () => Promise<Asked>;
  readonly #intervalMs: number;
  #state: Supervision = { state: 'unknown' };
  #misses = 0;
  #asking = false;
  #closed = false;
  #cancel: () => void = () => {};

  constructor(
    ports: { clock: Clock; random: Randomness; log: Log },
    ask: () => Promise<Asked>,
    intervalMs: number,
  ) {
    this.#clock = ports.clock;
    this.#random = ports.random;
    this.#log = ports.log;
    this.#ask = ask;
    this.#intervalMs = intervalMs;
    void this.#round();
  }

  get state(): Supervision {
    return this.#state;
  }

  /** An alarm got no answer: asks at once, so that nobody reads for half a minute that the receiver is well. */
  doubt(): void {
    if (this.#asking || this.#closed) return;
    this.#cancel();
    void this.#round();
  }

  close(): void {
    this.#closed = true;
    this.#cancel();
  }

  async #round(): Promise<void> {
    this.#asking = true;
    const asked = await this.#ask();
    this.#asking = false;
    if (this.#closed) return;
    if (asked.kind === 'answered') this.#answered(asked.roundTripMs);
    else this.#missed(asked.reason);
    this.#cancel = this.#clock.after(this.#pauseMs(), () => void this.#round());
  }

  #answered(roundTripMs: number): void {
    this.#misses = 0;
    if (this.#state.state === 'answering') {
      this.#state = { ...this.#state, roundTripMs };
      return;
    }
    this.#state = { state: 'answering', since: this.#clock.wall(), roundTripMs };
    this.#log.info('the receiver answers', { round_trip_ms: roundTripMs });
  }

  #missed(reason: string): void {
    this.#misses++;
    this.#log.warn('a supervision message was not acknowledged', { reason, missed: this.#misses });
    if (this.#misses < MISSES_UNTIL_SILENT) return;
    const since = this.#state.state === 'silent' ? this.#state.since : this.#clock.wall();
    this.#state = { state: 'silent', since, reason };
  }

  /** After a miss: doubling, and anything from half to all of it, so that a city does not ask in step. */
  #pauseMs(): number {
    if (this.#misses === 0) return this.#intervalMs;
    const whole = Math.min(FIRST_RETRY_MS * 2 ** (this.#misses - 1), this.#intervalMs);
    return whole * (0.5 + this.#random.fraction() / 2);
  }
}
