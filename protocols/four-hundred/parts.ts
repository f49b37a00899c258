import type { Item, Level } from './answer.ts';

/**
 * The kinds of part that the twelve cells are made of, in the order of the cells. A cell is the conjunction of its
 * parts, each of one entity: a device, a post, a gate or piece of fence (`barrier`), a zone, or one of several days or
 * windows looked back on.
 */
export const partKinds = [
  { kind: 'roll', item: 'guards', level: 'present', of: 'campus' },
  { kind: 'post-kind', item: 'guards', level: 'present', of: 'post-kind' },
  { kind: 'manned', item: 'guards', level: 'working', of: 'post' },
  { kind: 'terminal', item: 'guards', level: 'working', of: 'post' },
  { kind: 'rounds', item: 'guards', level: 'usable', of: 'campus' },
  { kind: 'polls', item: 'guards', level: 'usable', of: 'post' },
  { kind: 'gates-listed', item: 'closed-campus', level: 'present', of: 'campus' },
  { kind: 'fence-listed', item: 'closed-campus', level: 'present', of: 'campus' },
  { kind: 'watched', item: 'closed-campus', level: 'present', of: 'barrier' },
  { kind: 'closed', item: 'closed-campus', level: 'working', of: 'barrier' },
  { kind: 'quiet', item: 'closed-campus', level: 'usable', of: 'barrier' },
  { kind: 'zone-kind', item: 'one-key-video', level: 'present', of: 'zone-kind' },
  { kind: 'there', item: 'one-key-video', level: 'present', of: 'device' },
  { kind: 'zone-button', item: 'one-key-video', level: 'present', of: 'zone' },
  { kind: 'zone-view', item: 'one-key-video', level: 'present', of: 'zone' },
  { kind: 'alive', item: 'one-key-video', level: 'working', of: 'device' },
  { kind: 'zone-seen', item: 'one-key-video', level: 'working', of: 'zone' },
  { kind: 'proved', item: 'one-key-video', level: 'usable', of: 'device' },
  { kind: 'recording', item: 'one-key-video', level: 'usable', of: 'device' },
  { kind: 'windows-listed', item: 'crossing-post', level: 'present', of: 'campus' },
  { kind: 'rostered', item: 'crossing-post', level: 'present', of: 'gate-window' },
  { kind: 'crossing-now', item: 'crossing-post', level: 'working', of: 'gate' },
  { kind: 'crossing-past', item: 'crossing-post', level: 'usable', of: 'gate' },
] as const satisfies readonly { kind: string; item: Item; level: Level; of: string }[];
export type PartKind = (typeof partKinds)[number]['kind'];

const codes = new Map<PartKind, number>(partKinds.map(({ kind }, i) => [kind, i]));

/** One part: its kind, the index of its entity in the campus's plan, and which day or window looked back on. */
export interface Part {
  kind: PartKind;
  entity: number;
  nth: number;
}

/** The parts of a campus in columns: a city has a million of them. Sorted by cell. */
export class Parts {
  readonly length: number;
  readonly #kinds: Uint8Array;
  readonly #entities: Uint32Array;
  readonly #nths: Uint8Array;

  constructor(parts: readonly Part[]) {
    const sorted = parts.toSorted((a, b) => codes.get(a.kind)! - codes.get(b.kind)!);
    this.length = sorted.length;
    this.#kinds = Uint8Array.from(sorted, ({ kind }) => codes.get(kind)!);
    this.#entities = Uint32Array.from(sorted, ({ entity }) => entity);
    this.#nths = Uint8Array.from(sorted, ({ nth }) => nth);
  }

  at(part: number): Part {
    const { kind } = partKinds[this.#kinds[part]!]!;
    return { kind, entity: this.#entities[part]!, nth: this.#nths[part]! };
  }

  cellOf(part: number): { item: Item; level: Level } {
    return partKinds[this.#kinds[part]!]!;
  }

  levelOf({ kind }: Part): Level {
    return partKinds[codes.get(kind)!]!.level;
  }

  isDevice(part: number): boolean {
    return partKinds[this.#kinds[part]!]!.of === 'device';
  }

  /** The parts of an item, or of one of its cells: from the first to before the last. */
  range(item: Item, level?: Level): [number, number] {
    const inCell = (part: number) => {
      const cell = this.cellOf(part);
      return cell.item === item && (level === undefined || cell.level === level);
    };
    let from = 0;
    while (from < this.length && !inCell(from)) from += 1;
    let to = from;
    while (to < this.length && inCell(to)) to += 1;
    return [from, to];
  }
}
