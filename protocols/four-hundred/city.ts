import {
  type Answer,
  countOf,
  type Counts,
  type Item,
  items,
  type Level,
  levels,
  percentOf,
} from './answer.ts';
import { CampusLedger, type Cell } from './campus-ledger.ts';
import type { CampusPlan } from './campus-plan.ts';
import type { Evidence } from './evidence.ts';
import { type Repair, repairsOf } from './repairs.ts';

/** One cell of a county or a city. */
export interface RollupCell {
  item: Item;
  level: Level;
  /** Campuses by their answer. */
  campuses: Counts;
  /** The figure that authorities report: the share of campuses that are yes, of all of them. */
  campuses_percent: number | null;
  /** Devices that are yes, beside it and never instead of it. */
  devices: Counts;
  devices_percent: number | null;
}

/** The sum of several campuses' cells: their counts, and nothing weighed. */
export function rollUp(campuses: readonly (readonly Cell[])[]): RollupCell[] {
  return items.flatMap((item, i) =>
    levels.map((level, l) => {
      const cells = campuses.map((all) => all[i * levels.length + l]!);
      const counts = countOf(cells.map(({ answer }) => answer));
      const devices = sumOf(cells.map((cell) => cell.devices));
      return {
        item,
        level,
        campuses: counts,
        campuses_percent: percentOf(counts),
        devices,
        devices_percent: percentOf(devices),
      };
    }),
  );
}

function sumOf(all: readonly Counts[]): Counts {
  const sum = countOf([]);
  for (const counts of all) for (const key of Object.keys(sum) as (Answer | 'of')[]) sum[key] += counts[key];
  return sum;
}

/** Every campus of a city as evidence comes in. */
export class CityLedger {
  readonly #campuses = new Map<string, CampusLedger>();

  constructor(plans: Iterable<CampusPlan>, now: number) {
    for (const plan of plans) this.#campuses.set(plan.campus.id, new CampusLedger(plan, now));
  }

  campus(id: string): CampusLedger | null {
    return this.#campuses.get(id) ?? null;
  }

  /** Takes evidence of one campus in. False: nothing new, or no such campus. */
  apply(campus: string, piece: Evidence): boolean {
    return this.#campuses.get(campus)?.apply(piece) ?? false;
  }

  /**
   * A campus has another inventory or another rule set from now on. What is known of it is told again: `evidence` is
   * that of this campus alone, so that a device which moved here brings nothing of its old place along.
   */
  replace(plan: CampusPlan, now: number, evidence: Iterable<Evidence>): void {
    const ledger = new CampusLedger(plan, now);
    for (const piece of evidence) ledger.apply(piece);
    this.#campuses.set(plan.campus.id, ledger);
  }

  /** It is no longer in the inventory. */
  remove(campus: string): void {
    this.#campuses.delete(campus);
  }

  advance(now: number): void {
    for (const campus of this.#campuses.values()) campus.advance(now);
  }

  recompute(): void {
    for (const campus of this.#campuses.values()) campus.recompute();
  }

  /** Every campus as it is now. */
  ledgers(): { plan: CampusPlan; cells: Cell[] }[] {
    return this.#of().map((ledger) => ({ plan: ledger.plan, cells: ledger.cells() }));
  }

  /** The whole city, or one county of it. */
  rollUp(county?: string): RollupCell[] {
    return rollUp(this.#of(county).map((ledger) => ledger.cells()));
  }

  /** Campuses that are not yes in a cell, those with most parts that are not yes first; of equal ones by id. */
  worstFirst(item: Item, level: Level, county?: string): { campus: string; cell: Cell }[] {
    return this.#of(county)
      .map((ledger) => ({
        campus: ledger.plan.campus.id,
        cell: ledger.cells().find((cell) => cell.item === item && cell.level === level)!,
      }))
      .filter(({ cell }) => cell.answer !== 'yes')
      .sort((a, b) => open(b.cell) - open(a.cell) || (a.campus < b.campus ? -1 : 1));
  }

  /**
   * What would lift the city, or a county, to 100 % in an item and level: the repairs of each campus that is not yes,
   * those that need fewest first. Campuses share no repairs, so together they are the shortest list.
   */
  repairs(item: Item, level: Level, county?: string): { campus: string; repairs: Repair[] }[] {
    return this.#of(county)
      .map((ledger) => ({ campus: ledger.plan.campus.id, repairs: repairsOf(ledger, item, level) }))
      .filter(({ repairs }) => repairs.length > 0)
      .sort((a, b) => a.repairs.length - b.repairs.length || (a.campus < b.campus ? -1 : 1));
  }

  #of(county?: string): CampusLedger[] {
    const all = [...this.#campuses.values()];
    return county === undefined ? all : all.filter((ledger) => ledger.plan.campus.county === county);
  }
}

function open({ parts }: Cell): number {
  return parts.of - parts.yes;
}
