import { type Backoff, backoff } from '#platform/backoff.ts';
import type { Randomness } from '#platform/ports.ts';
import type { Question } from './bus.ts';

/** A question that is asked again and again. */
export interface Read extends Question {
  poll_ms: number;
}

/** A unit that does not answer is asked ever less often. */
const askingTheFailed = { firstMs: 2000, maxMs: 13_000 };
const askingTheFailedLeastMs = 2000;
/** So many failures in a row, and its turns come out of the share of the failed. */
const failedLimit = 2;
/**
 * All that fail together hold the bus for at most one tenth of the time, since each question to them costs a
 * time-out and the quiet after it: so the others keep their pace, however many are dead.
 */
const failedShare = 0.1;
/** How many polls a read may be behind and still catch up. */
const behindAtMost = 2;

interface Slot<R extends Read> {
  read: R;
  dueAt: number;
  failures: number;
  pace: Backoff;
}

/**
 * Whose turn it is on a bus. Reads keep to a grid of their own pace and catch up after a delay, so that who
 * waited behind a silent neighbour loses no poll. Times are monotonic ms.
 */
export class PollPlan<R extends Read> {
  readonly #slots: Slot<R>[];
  /** Before this the failed are not asked, while others answer. */
  #failedFrom = -Infinity;

  constructor(reads: readonly R[], random: Randomness, now: number) {
    this.#slots = reads.map((read) => ({
      read,
      dueAt: now + random.fraction() * Math.min(read.poll_ms, 1000),
      failures: 0,
      pace: backoff(askingTheFailed, random),
    }));
  }

  /** Who is next, and not before when. */
  next(): { read: R; at: number } {
    const answering = earliest(this.#slots.filter((s) => !isFailing(s)));
    const failing = earliest(this.#slots.filter(isFailing));
    if (!answering) return { read: failing!.read, at: failing!.dueAt };
    if (!failing) return { read: answering.read, at: answering.dueAt };
    const failingAt = Math.max(failing.dueAt, this.#failedFrom);
    return failingAt <= answering.dueAt
      ? { read: failing.read, at: failingAt }
      : { read: answering.read, at: answering.dueAt };
  }

  answered(read: R, now: number): void {
    const slot = this.#slot(read);
    if (isFailing(slot)) {
      // It is back, and perhaps with the wire others are too.
      this.#failedFrom = now;
      for (const other of this.#slots) {
        if (other.read.unit !== read.unit || other === slot || !isFailing(other)) continue;
        other.failures = 0;
        other.dueAt = now;
      }
      slot.dueAt = now + read.poll_ms;
    } else slot.dueAt = Math.max(slot.dueAt + read.poll_ms, now - behindAtMost * read.poll_ms);
    slot.failures = 0;
    slot.pace.reset();
  }

  /**
   * The answer did not come, or was damaged. Returns the other reads of the same unit that this speaks for:
   * the unit is gone as a whole, and one question is enough to find it back.
   */
  failed(read: R, askedAt: number, now: number): R[] {
    const slot = this.#slot(read);
    slot.failures += 1;
    if (!isFailing(slot)) {
      slot.dueAt = Math.max(askedAt + read.poll_ms, now);
      return [];
    }
    const wait = Math.max(read.poll_ms, askingTheFailedLeastMs + slot.pace.next());
    slot.dueAt = now + wait;
    this.#failedFrom = now + (now - askedAt) * (1 / failedShare - 1);
    const others = this.#slots.filter((s) => s.read.unit === read.unit && s !== slot);
    if (others.some((s) => s.failures === 0)) return [];
    for (const other of others) {
      other.failures = Math.max(other.failures, failedLimit);
      other.dueAt = Math.max(other.dueAt, slot.dueAt);
    }
    return others.map((s) => s.read);
  }

  /** Asks again by `at`, if that is sooner: a contact has just changed. */
  hurry(read: R, at: number): void {
    const slot = this.#slot(read);
    slot.dueAt = Math.min(slot.dueAt, at);
  }

  #slot(read: R): Slot<R> {
    return this.#slots.find((s) => s.read === read)!;
  }
}

function isFailing({ failures }: Slot<Read>): boolean {
  return failures >= failedLimit;
}

function earliest<R extends Read>(slots: Slot<R>[]): Slot<R> | undefined {
  return slots.length === 0 ? undefined : slots.reduce((a, b) => (b.dueAt < a.dueAt ? b : a));
}
