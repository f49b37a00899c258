import type { Seeded } from './seeded.ts';
import type { Timeline } from './timeline.ts';

/** Thrown into whatever still runs in a process that has crashed. */
export class DeadProcess extends Error {
  override readonly name = 'DeadProcess';
}

/** How a process ended: its kernel tells its peers, or the power is gone and nobody tells anybody. */
export type Ending = 'process' | 'power';

/** One incarnation of a process. After its end nothing of it ever happens again. */
export class Life {
  readonly machine: string;
  readonly random: Seeded;
  readonly bornAt: number;
  readonly #timeline: Timeline;
  #alive = true;
  readonly #endings = new Set<(how: Ending) => void>();

  constructor(machine: string, random: Seeded, timeline: Timeline) {
    this.machine = machine;
    this.random = random;
    this.#timeline = timeline;
    this.bornAt = timeline.now;
  }

  get alive(): boolean {
    return this.#alive;
  }

  /** For calls that must return a value: a dead process makes none. */
  check(): void {
    if (!this.#alive) throw new DeadProcess(`${this.machine} has crashed`);
  }

  after(ms: number, then: () => void): () => void {
    return this.#timeline.after(ms, () => {
      if (!this.#alive) return;
      try {
        then();
      } catch (error) {
        // It crashed in the middle of this very event.
        if (!(error instanceof DeadProcess)) throw error;
      }
    });
  }

  /** What the rest of the world sees of the end. Returns what forgets it. */
  onEnd(then: (how: Ending) => void): () => void {
    this.#endings.add(then);
    return () => this.#endings.delete(then);
  }

  end(how: Ending): void {
    if (!this.#alive) return;
    this.#alive = false;
    for (const then of this.#endings) then(how);
    this.#endings.clear();
  }
}

/** What a dead process's promises do. */
export function never<T>(): Promise<T> {
  return new Promise(() => {});
}
