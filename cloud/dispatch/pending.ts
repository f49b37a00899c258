import type { Clock } from '#platform/ports.ts';
import { freshForMs, OldestFirst } from '#platform/oldest-first.ts';
import type { Centre } from './centres.ts';
import type { Pursuit } from './pursuit.ts';

/**
 * Alarms that have long been owed to a centre, at its doors at once: half of the connections that a DC-09 door has by
 * default, so that a press of now finds one free. All doors of a centre have given their answers long before
 * `patienceMs`, or one of them is not well.
 */
const atACentre = { atOnce: 2, patienceMs: 120_000 };

/** The turns of pending alarms at each centre. */
export class CentreTurns {
  readonly #clock: Clock;
  readonly #turns: ReadonlyMap<string, OldestFirst<Pursuit>>;

  constructor(clock: Clock, centres: readonly Centre[]) {
    this.#clock = clock;
    this.#turns = new Map(centres.map(({ id }) => [id, new OldestFirst<Pursuit>(clock, atACentre)]));
  }

  /** Undefined: it is fresh, and waits for nothing. Else settles when it is its turn. */
  wait(centre: Centre, pursuit: Pursuit): Promise<void> | undefined {
    const { pressedAtMonotonic } = pursuit.door;
    if (this.#clock.monotonic() - pressedAtMonotonic < freshForMs) return undefined;
    return new Promise((go) => {
      this.#turns.get(centre.id)!.ask(pursuit, pressedAtMonotonic, go);
    });
  }

  /** Its turn is over. */
  over(centre: Centre, pursuit: Pursuit, inVain: boolean): void {
    const turns = this.#turns.get(centre.id)!;
    if (inVain) turns.unanswered(pursuit);
    else turns.answered(pursuit);
  }

  close(): void {
    for (const turns of this.#turns.values()) turns.close();
  }
}
