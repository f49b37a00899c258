import type { Clock, Randomness } from '#platform/ports.ts';
import type { TelemetryPace } from '#protocols/messages/receipt.ts';

/**
 * How full the queues are, from which each step begins. Telemetry is slowed, then sampled, then refused, in that
 * order; alarms know no step.
 */
const steps = { slowed: 0.2, sampled: 0.5, refused: 0.8 } as const;
/** A step is left again when the queues are so much emptier than where it begins. */
const hysteresis = 0.5;
/** Alarms that wait count so much more than batches: an alarm must never be one of many. */
const alarmWeight = 10;
/** A gateway that spoke within this shares the capacity, ms. */
const activeMs = 60_000;
/** Of what the store takes, so much is given out while it is overloaded. */
const shareGiven = 0.8;
const keepOneIn = 10;
const refuseForMs = { least: 20_000, spread: 20_000 };
const slowestPerSecond = 0.05;

export type LoadStep = 'free' | 'slowed' | 'sampled' | 'refused';
const order: readonly LoadStep[] = ['free', 'slowed', 'sampled', 'refused'];

export interface Load {
  step: LoadStep;
  /** Batches that wait, of those that may. */
  waiting: number;
  limit: number;
  /** Batches since the start: stored, and put off because they came while refused or the queue was full. */
  stored: number;
  put_off: number;
  /** Answers that asked a gateway to be slower, by step. */
  asked: { slowed: number; sampled: number; refused: number };
}

/** Decides how much telemetry the cloud asks for, by how much of it waits. */
export class Shedding {
  readonly #clock: Clock;
  readonly #random: Randomness;
  readonly #limit: number;
  readonly #changed: (step: LoadStep) => void;
  readonly #active = new Map<string, number>();
  #step: LoadStep = 'free';
  #waiting = 0;
  #stored = 0;
  #putOff = 0;
  #asked = { slowed: 0, sampled: 0, refused: 0 };
  /** Batches a second, as they were stored lately. */
  #rate = 100;
  #countedAt: number;
  #countedStored = 0;

  constructor(clock: Clock, random: Randomness, limit: number, changed: (step: LoadStep) => void) {
    this.#clock = clock;
    this.#random = random;
    this.#limit = limit;
    this.#changed = changed;
    this.#countedAt = clock.monotonic();
  }

  /** Notes what waits now. */
  waiting(batches: number, alarms: number): void {
    this.#waiting = batches;
    const full = (batches + alarms * alarmWeight) / this.#limit;
    let at = order.indexOf(this.#step);
    while (at < 3 && full >= steps[order[at + 1] as keyof typeof steps]) at += 1;
    while (at > 0 && full < steps[order[at] as keyof typeof steps] * hysteresis) at -= 1;
    const step = order[at]!;
    if (step === this.#step) return;
    this.#step = step;
    this.#changed(step);
  }

  get step(): LoadStep {
    return this.#step;
  }

  spoke(gateway: string): void {
    this.#active.delete(gateway);
    this.#active.set(gateway, this.#clock.monotonic());
  }

  stored(): void {
    this.#stored += 1;
    const now = this.#clock.monotonic();
    const seconds = (now - this.#countedAt) / 1000;
    if (seconds < 1) return;
    // Only while it is overloaded does it run as fast as it can.
    if (this.#step !== 'free') this.#rate = (this.#stored - this.#countedStored) / seconds;
    this.#countedAt = now;
    this.#countedStored = this.#stored;
  }

  putOff(): void {
    this.#putOff += 1;
  }

  /** What the next answer asks of its gateway. */
  pace(): TelemetryPace {
    const step = this.#step;
    if (step === 'free') return { kind: 'free' };
    this.#asked[step] += 1;
    // Not all of them come back in the same second.
    if (step === 'refused') {
      const for_ms = Math.round(refuseForMs.least + this.#random.fraction() * refuseForMs.spread);
      return { kind: 'refused', for_ms };
    }
    const since = this.#clock.monotonic() - activeMs;
    for (const [gateway, at] of this.#active) {
      if (at >= since) break;
      this.#active.delete(gateway);
    }
    const each = (this.#rate * shareGiven) / Math.max(1, this.#active.size);
    const batches_per_s = Math.max(slowestPerSecond, Math.round(each * 1000) / 1000);
    return step === 'slowed'
      ? { kind: 'slowed', batches_per_s }
      : { kind: 'sampled', batches_per_s, keep_one_in: keepOneIn };
  }

  load(): Load {
    return {
      step: this.#step,
      waiting: this.#waiting,
      limit: this.#limit,
      stored: this.#stored,
      put_off: this.#putOff,
      asked: { ...this.#asked },
    };
  }
}
