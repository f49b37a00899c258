/**
 * The latest evidence of one kind for each of many things, in columns: of two pieces the one with the later (`at`,
 * `id`) holds, whatever order they come in.
 */
export class Latest {
  readonly #at: Float64Array;
  readonly #id: Float64Array;

  constructor(count: number) {
    this.#at = new Float64Array(count).fill(-Infinity);
    this.#id = new Float64Array(count).fill(-1);
  }

  /** Whether this piece is the latest of thing `i` now. */
  take(i: number, { at, id }: { at: number; id: number }): boolean {
    if (at < this.#at[i]! || (at === this.#at[i]! && id <= this.#id[i]!)) return false;
    this.#at[i] = at;
    this.#id[i] = id;
    return true;
  }

  /** UTC ms; null: there never was any. */
  at(i: number): number | null {
    const at = this.#at[i]!;
    return at === -Infinity ? null : at;
  }

  id(i: number): number {
    return this.#id[i]!;
  }
}
