import type { Clock } from '#platform/ports.ts';
import type { TelemetryPace } from '#protocols/messages/receipt.ts';

/** Values a second while the cloud sets no pace: a backlog drains beside what is new, and slows no alarm. */
const valuesPerS = 1000;
/** What may be sent at once after a pause, seconds' worth. */
const burstS = 1;

/** What may be done with the next batch. */
export type Turn = 'send' | 'drop' | 'wait';

/** How fast batches may leave: our own bound, and below it whatever pace the cloud sets while it is overloaded. */
export class Pace {
  readonly #clock: Clock;
  #pace: TelemetryPace = { kind: 'free' };
  #setAt = 0;
  /** What may be sent now: values while free, batches under a pace of the cloud's. */
  #budget = valuesPerS * burstS;
  #filledAt: number;
  #seen = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#filledAt = clock.monotonic();
  }

  /** What the cloud said last; a refusal ends by itself. */
  get kind(): TelemetryPace['kind'] {
    const pace = this.#pace;
    if (pace.kind !== 'refused') return pace.kind;
    return this.#clock.monotonic() - this.#setAt < pace.for_ms ? 'refused' : 'free';
  }

  set(pace: TelemetryPace): void {
    this.#setAt = this.#clock.monotonic();
    if (JSON.stringify(pace) === JSON.stringify(this.#pace)) return;
    this.#pace = pace;
    this.#budget = Math.min(this.#budget, this.#rate() * burstS);
  }

  /** The next batch, of so many values; `evidence`: it holds records, which no pace drops. */
  turn(values: number, evidence: boolean): Turn {
    if (this.kind === 'refused') return evidence ? 'wait' : 'drop';
    this.#fill();
    if (this.#budget <= 0) return 'wait';
    if (this.#pace.kind === 'sampled' && this.#seen++ % this.#pace.keep_one_in !== 0 && !evidence)
      return 'drop';
    this.#budget -= this.#counted() ? 1 : Math.max(1, values);
    return 'send';
  }

  #counted(): boolean {
    return this.#pace.kind === 'slowed' || this.#pace.kind === 'sampled';
  }

  #rate(): number {
    return this.#pace.kind === 'slowed' || this.#pace.kind === 'sampled'
      ? this.#pace.batches_per_s
      : valuesPerS;
  }

  #fill(): void {
    const now = this.#clock.monotonic();
    const rate = this.#rate();
    // Never less than one batch, or a slow pace would be none.
    this.#budget = Math.min(
      Math.max(1, rate * burstS),
      this.#budget + ((now - this.#filledAt) / 1000) * rate,
    );
    this.#filledAt = now;
  }
}
