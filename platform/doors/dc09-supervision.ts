import type { Supervision } from '#platform/doors/door.ts';
import type { Clock, Log, Randomness } from '#platform/ports.ts';
import type { Dc09Connection, Submission } from './dc09-connection.ts';

/** NULLs that may be missed in a row before the receiver counts as silent. */
const MISSES_UNTIL_SILENT = 2;
/** First pause after a missed NULL; doubles up to the interval. */
const FIRST_RETRY_MS = 1000;

/**
 * Asks a receiver with NULL messages whether it is there (DC-09 5.5.2): at once, then at the interval, sooner
 * after a miss. It has a connection of its own, so that no alarm waits behind a NULL.
 */
export class NullSupervision {
  readonly #clock: Clock;
  readonly #random: Randomness;
  readonly #log: Log;
  readonly #connection: Dc09Connection;
  readonly #submission: Submission;
  readonly #intervalMs: number;
  #state: Supervision = { state: 'unknown' };
  #misses = 0;
  #asking = false;
  #closed = false;
  #cancel: () => void = () => {};

  constructor(
    ports: { clock: Clock; random: Randomness; log: Log },
    connection: Dc09Connection,
    submission: Submission,
    intervalMs: number,
  ) {
    this.#clock = ports.clock;
    this.#random = ports.random;
    this.#log = ports.log;
    this.#connection = connection;
    this.#submission = submission;
    this.#intervalMs = intervalMs;
    void this.#ask();
  }

  get state(): Supervision {
    return this.#state;
  }

  /** An alarm got no answer: asks at once, so that nobody reads for half a minute that the receiver is well. */
  doubt(): void {
    if (this.#asking || this.#closed) return;
    this.#cancel();
    void this.#ask();
  }

  close(): void {
    this.#closed = true;
    this.#cancel();
    this.#connection.close();
  }

  async #ask(): Promise<void> {
    this.#asking = true;
    const outcome = await this.#connection.exchange(this.#submission);
    this.#asking = false;
    if (this.#closed) return;
    if (outcome.kind === 'acknowledged') this.#answered(outcome.roundTripMs);
    else this.#missed(`${outcome.fault}: ${outcome.reason}`);
    this.#cancel = this.#clock.after(this.#pauseMs(), () => void this.#ask());
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
    this.#log.warn('a NULL was not acknowledged', { reason, missed: this.#misses });
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
