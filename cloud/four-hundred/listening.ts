import type { CampusPlan } from '#protocols/four-hundred/campus-plan.ts';

/** Which campus a gateway's messages are evidence of, and of which of its devices. */
export class Listening {
  readonly #campusOf = new Map<string, string>();
  readonly #gateways = new Map<string, readonly string[]>();
  readonly #wanted = new Map<string, ReadonlySet<string>>();

  /** Null: a gateway of no campus. */
  campusOf(gateway: string): string | null {
    return this.#campusOf.get(gateway) ?? null;
  }

  /** The devices of a campus that any part rests on. */
  wanted(campus: string): ReadonlySet<string> {
    return this.#wanted.get(campus) ?? new Set();
  }

  /** A campus as it is from now on. Tells whether it has a gateway that was not its own before. */
  take({ campus: { id: campus, gateways }, indexOf }: CampusPlan): boolean {
    const came = gateways.some(({ id }) => this.#campusOf.get(id) !== campus);
    this.#leave(campus);
    for (const { id } of gateways) this.#campusOf.set(id, campus);
    this.#gateways.set(
      campus,
      gateways.map(({ id }) => id),
    );
    this.#wanted.set(campus, new Set(indexOf.keys()));
    return came;
  }

  /** It is no longer in the inventory. */
  drop(campus: string): void {
    this.#leave(campus);
    this.#gateways.delete(campus);
    this.#wanted.delete(campus);
  }

  /** Its gateways are its own no more, but for those that another campus has taken. */
  #leave(campus: string): void {
    for (const gateway of this.#gateways.get(campus) ?? [])
      if (this.#campusOf.get(gateway) === campus) this.#campusOf.delete(gateway);
  }
}
