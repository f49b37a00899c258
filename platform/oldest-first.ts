import type { Clock } from './ports.ts';

/**
 * How long after its press an alarm is fresh, ms: it takes no turn, and overtakes every one that does. A lamp says
 * *failed* after as long: from then on nobody stands before it and waits.
 */
export const freshForMs = 10_000;

interface Turn<K> {
  readonly key: K;
  /** Turns that it has had in vain: who was not heard lets all others try before it tries again. */
  readonly inVain: number;
  readonly pressedAt: number;
  /** Of those that were pressed in one instant, in the order in which they asked. */
  readonly order: number;
  readonly go: () => void;
}

/**
 * Turns of what has been pending for long, oldest first: `atOnce` are unanswered at a time, so that thousands flood
 * neither who takes them nor the way of the next press. None is dropped: the queue holds each key once. A turn without
 * an answer ends after `patienceMs`; so of `n` that ask, each has had one after `n / atOnce` times that, at the latest.
 */
export class OldestFirst<K> {
  readonly #clock: Clock;
  readonly #atOnce: number;
  readonly #patienceMs: number;
  readonly #waiting: Turn<K>[] = [];
  readonly #turns = new Map<K, Turn<K>>();
  readonly #unanswered = new Map<K, () => void>();
  readonly #inVain = new Map<K, number>();
  #asked = 0;
  #advancing = false;
  #closed = false;

  constructor(clock: Clock, { atOnce, patienceMs }: { atOnce: number; patienceMs: number }) {
    this.#clock = clock;
    this.#atOnce = atOnce;
    this.#patienceMs = patienceMs;
  }

  /**
   * Calls `go` when it is its turn: at once where one is free, or where `key` has one already. `pressedAt`: monotonic
   * ms. Who waits already has its new question in the place of the old one.
   */
  ask(key: K, pressedAt: number, go: () => void): void {
    this.#forget(key);
    if (this.#unanswered.has(key)) return go();
    const inVain = this.#inVain.get(key) ?? 0;
    const turn = { key, inVain, pressedAt, order: ++this.#asked, go };
    this.#turns.set(key, turn);
    this.#waiting.splice(this.#placeOf(turn), 0, turn);
    this.#advance();
  }

  /** Its turn is over. What it has asked for since stays asked. */
  answered(key: K): void {
    this.#inVain.delete(key);
    this.#end(key);
  }

  /** Its turn is over, in vain. */
  unanswered(key: K): void {
    if (!this.#unanswered.has(key)) return;
    this.#inVain.set(key, 1 + (this.#inVain.get(key) ?? 0));
    this.#end(key);
  }

  /** It wants nothing any more. */
  leave(key: K): void {
    this.#forget(key);
    this.answered(key);
  }

  /** Nobody gets a turn any more. */
  close(): void {
    this.#closed = true;
    for (const cancel of this.#unanswered.values()) cancel();
  }

  #end(key: K): void {
    this.#unanswered.get(key)?.();
    if (this.#unanswered.delete(key)) this.#advance();
  }

  /** Not within itself: of thousands that want nothing any more, each would stand on the stack. */
  #advance(): void {
    if (this.#advancing || this.#closed) return;
    this.#advancing = true;
    while (this.#unanswered.size < this.#atOnce) {
      const next = this.#waiting.shift();
      if (next === undefined) break;
      const { key, go } = next;
      this.#turns.delete(key);
      this.#unanswered.set(
        key,
        this.#clock.after(this.#patienceMs, () => this.unanswered(key)),
      );
      go();
    }
    this.#advancing = false;
  }

  #forget(key: K): void {
    const turn = this.#turns.get(key);
    if (turn === undefined) return;
    this.#turns.delete(key);
    this.#waiting.splice(this.#placeOf(turn), 1);
  }

  /** Where it is, or would be, in the queue. */
  #placeOf(turn: Turn<K>): number {
    let from = 0;
    let to = this.#waiting.length;
    while (from < to) {
      const middle = (from + to) >>> 1;
      if (isBefore(this.#waiting[middle]!, turn)) from = middle + 1;
      else to = middle;
    }
    return from;
  }
}

function isBefore(one: Turn<unknown>, other: Turn<unknown>): boolean {
  if (one.inVain !== other.inVain) return one.inVain < other.inVain;
  if (one.pressedAt !== other.pressedAt) return one.pressedAt < other.pressedAt;
  return one.order < other.order;
}
