import {
  type Answer,
  answers,
  type Counts,
  type Item,
  items,
  type Level,
  levels,
  rankOf,
  worst,
} from './answer.ts';
import type { CampusPlan } from './campus-plan.ts';
import type { Evidence, EvidenceOf } from './evidence.ts';
import { judgePart } from './judge/judge-part.ts';
import type { Case, Judgement } from './judge/judgement.ts';
import { Known } from './known.ts';
import type { Part } from './parts.ts';

/** One of the twelve cells of a campus. */
export interface Cell {
  item: Item;
  level: Level;
  /** Of its parts and of the cells below it the worst: what is not there cannot work, what does not work is no use. */
  answer: Answer;
  /** Its own parts. */
  parts: Counts;
  /** Those of its parts that are devices. */
  devices: Counts;
}

/** A part of a cell, opened: what it is, what was judged of it and why. */
export interface OpenedPart extends Judgement {
  part: Part;
}

const cells = items.flatMap((item) => levels.map((level) => ({ item, level })));

/**
 * The verdict of one campus as evidence comes in and time goes by. Only what evidence touches, or time has overtaken, is
 * judged anew; the result is that of judging everything.
 */
export class CampusLedger {
  readonly plan: CampusPlan;
  readonly #known: Known;
  #now: number;
  /** By part: the rank of its answer, and until when it holds without new evidence. */
  readonly #answers: Uint8Array;
  readonly #until: Float64Array;
  #nextDue = -Infinity;
  #changes = 0;
  readonly #ofItem: ReadonlyMap<Item, [from: number, to: number]>;
  /** By cell and rank: how many parts, and how many devices among them. */
  readonly #parts: Uint16Array;
  readonly #devices: Uint16Array;
  readonly #cellOf: Uint8Array;

  constructor(plan: CampusPlan, now: number) {
    const { parts } = plan;
    this.plan = plan;
    this.#known = new Known(plan);
    this.#now = now;
    this.#answers = new Uint8Array(parts.length);
    this.#until = new Float64Array(parts.length);
    this.#ofItem = new Map(items.map((item) => [item, parts.range(item)]));
    this.#parts = new Uint16Array(cells.length * answers.length);
    this.#devices = new Uint16Array(cells.length * answers.length);
    this.#cellOf = new Uint8Array(parts.length);
    for (const [cell, { item, level }] of cells.entries()) {
      const [from, to] = parts.range(item, level);
      this.#cellOf.fill(cell, from, to);
      // Unjudged parts stand at rank 0 until, in a moment, all of them are judged.
      this.#parts[cell * answers.length] = to - from;
      for (let part = from; part < to; part += 1)
        if (parts.isDevice(part)) this.#devices[cell * answers.length]! += 1;
    }
    this.recompute();
  }

  get now(): number {
    return this.#now;
  }

  /** UTC ms: until then no answer changes without new evidence. */
  get nextDue(): number {
    return this.#nextDue;
  }

  /** Grows when the answer of any part changes: whoever keeps a history looks at the cells only then. */
  get changes(): number {
    return this.#changes;
  }

  /**
   * Takes a piece of evidence in, at the moment at which it is known. What claims to be of later is taken as of that
   * moment. False: it says nothing new, or of nothing that this campus has.
   */
  apply(piece: Evidence): boolean {
    if (piece.known_at > this.#now) this.advance(piece.known_at);
    const taken = piece.at <= piece.known_at ? piece : { ...piece, at: piece.known_at };
    if (taken.kind === 'state' && taken.state === 'good') return this.#beat(taken);
    if (!this.#known.take(taken)) return false;
    switch (taken.kind) {
      case 'state':
      case 'clock':
      case 'picture':
      case 'recording':
      case 'proof':
      case 'contact':
        this.#judgeDevice(this.plan.indexOf.get(taken.device)!);
        break;
      case 'explained':
        this.#judgeRange(...this.#ofItem.get('closed-campus')!);
        break;
      case 'check-in':
        this.#judgeRange(...this.#ofItem.get('crossing' in taken.place ? 'crossing-post' : 'guards')!);
        break;
      case 'duty-poll':
        this.#judgeRange(...this.#ofItem.get('guards')!);
        break;
      case 'maintenance':
      case 'maintenance-ended':
      case 'outage':
        this.recompute();
        break;
      case 'drill':
        break;
    }
    return true;
  }

  /** The commonest evidence: who was alive and is alive has changed no answer, only how long it holds. */
  #beat(piece: EvidenceOf<'state'>): boolean {
    const device = this.plan.indexOf.get(piece.device);
    if (device === undefined) return false;
    const before = this.#known.state(device);
    const goesOn =
      before?.state === 'good' && before.until > this.#now && this.#known.states.at(device)! <= piece.at;
    if (!this.#known.take(piece)) return false;
    if (!goesOn || this.#known.state(device)!.until < before.until) this.#judgeDevice(device);
    return true;
  }

  /** Judges what time has overtaken; `now` never goes back. */
  advance(now: number): void {
    if (now <= this.#now) return;
    this.#now = now;
    if (now < this.#nextDue) return;
    for (let part = 0; part < this.#until.length; part += 1) if (this.#until[part]! <= now) this.#judge(part);
    this.#nextDue = this.#until.reduce((least, until) => Math.min(least, until), Infinity);
  }

  /** Judges every part anew. */
  recompute(): void {
    this.#judgeRange(0, this.#until.length);
    this.#nextDue = this.#until.reduce((least, until) => Math.min(least, until), Infinity);
  }

  cells(): Cell[] {
    let below: Answer = 'yes';
    return cells.map(({ item, level }, cell) => {
      const parts = this.#countsOf(this.#parts, cell);
      const own = worst(answers.filter((answer) => parts[answer] > 0));
      below = level === 'present' ? own : worst([below, own]);
      return { item, level, answer: below, parts, devices: this.#countsOf(this.#devices, cell) };
    });
  }

  /** The parts of a cell with what is judged of each and why; of all cells without one. */
  open(item?: Item, level?: Level): OpenedPart[] {
    const [from, to] = item === undefined ? [0, this.#until.length] : this.plan.parts.range(item, level);
    const of = this.case;
    return Array.from({ length: to - from }, (_, i) => {
      const part = this.plan.parts.at(from + i);
      return { part, ...judgePart(of, part) };
    });
  }

  /** What its parts are judged by, as of now. */
  get case(): Case {
    return { plan: this.plan, known: this.#known, now: this.#now };
  }

  #countsOf(table: Uint16Array, cell: number): Counts {
    const counts: Counts = { yes: 0, maintenance: 0, 'not-measured': 0, unknown: 0, no: 0, of: 0 };
    for (const [rank, answer] of answers.entries()) {
      counts[answer] = table[cell * answers.length + rank]!;
      counts.of += counts[answer];
    }
    return counts;
  }

  #judgeDevice(device: number): void {
    const { offsets, dependents } = this.plan;
    for (let i = offsets[device]!; i < offsets[device + 1]!; i += 1) this.#judge(dependents[i]!);
  }

  #judgeRange(from: number, to: number): void {
    for (let part = from; part < to; part += 1) this.#judge(part);
  }

  #judge(part: number): void {
    const { answer, until } = judgePart(this.case, this.plan.parts.at(part));
    this.#until[part] = until;
    this.#nextDue = Math.min(this.#nextDue, until);
    this.#count(part, rankOf(answer));
  }

  #count(part: number, rank: number): void {
    const row = this.#cellOf[part]! * answers.length;
    const before = this.#answers[part]!;
    const device = this.plan.parts.isDevice(part);
    if (before === rank) return;
    this.#changes += 1;
    this.#parts[row + before]! -= 1;
    if (device) this.#devices[row + before]! -= 1;
    this.#answers[part] = rank;
    this.#parts[row + rank]! += 1;
    if (device) this.#devices[row + rank]! += 1;
  }
}
