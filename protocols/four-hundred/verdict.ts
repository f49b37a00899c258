import type { SchoolDays } from '../calendar/school-days.ts';
import type { CampusInventory } from '../inventory/campus.ts';
import type { Bilingual } from '../messages/bilingual.ts';
import { type Answer, type Item, items, type Level, levels } from './answer.ts';
import { CampusLedger, type Cell, type OpenedPart } from './campus-ledger.ts';
import { planCampus } from './campus-plan.ts';
import type { Evidence } from './evidence.ts';
import type { RuleSet } from './rules.ts';

/** What was so at a moment, as far as it was known at another. The same two give the same verdict, for ever. */
export interface Verdict {
  campus: string;
  /** UTC ms. */
  moment: number;
  as_of: number;
  rules: { id: string; version: string; name: Bilingual };
  /** The version of the campus's inventory that it was made with; null: it has none. */
  inventory_version: number | null;
  /** 1, and one more for each time at which more was known of the moment after it. */
  revision: number;
  cells: Cell[];
  /** Of each item the highest level that holds; null: it is not even there. */
  levels: Record<Item, Level | null>;
}

/** The verdict of a ledger's moment, as of that moment. */
export function verdictOf(ledger: CampusLedger): Verdict {
  return verdictFrom(ledger, ledger.now, 1);
}

function verdictFrom(ledger: CampusLedger, asOf: number, revision: number): Verdict {
  const { campus, rules, version } = ledger.plan;
  const cells = ledger.cells();
  return {
    campus: campus.id,
    moment: ledger.now,
    as_of: asOf,
    rules: { id: rules.id, version: rules.version, name: rules.name },
    inventory_version: version,
    revision,
    cells,
    levels: Object.fromEntries(items.map((item) => [item, levelOf(cells, item)])) as Verdict['levels'],
  };
}

function levelOf(cells: readonly Cell[], item: Item): Level | null {
  const holds = (level: Level): Answer =>
    cells.find((cell) => cell.item === item && cell.level === level)!.answer;
  return levels.findLast((level) => holds(level) === 'yes') ?? null;
}

export interface Question {
  campus: CampusInventory;
  rules: RuleSet;
  days: SchoolDays;
  /** Of the inventory; null: it has none. */
  version?: number | null;
  /** All evidence of the campus that any rule may look back to, in any order. */
  evidence: readonly Evidence[];
  /** UTC ms; `asOf` is not before it. */
  moment: number;
  asOf: number;
}

/** The verdict of any moment, from the evidence alone. `parts`: what it was made from. */
export function verdictAt(question: Question): { verdict: Verdict; parts: OpenedPart[] } {
  const { campus, rules, days, version, evidence, moment, asOf } = question;
  const ledger = new CampusLedger(planCampus(campus, rules, days, version), moment);
  const known = evidence.filter(
    (piece) => piece.known_at <= asOf && Math.min(piece.at, piece.known_at) <= moment,
  );
  // Late evidence is taken as it would have been had it come in time.
  for (const piece of known)
    ledger.apply({ ...piece, at: Math.min(piece.at, piece.known_at), known_at: moment });
  const later = new Set(known.filter((piece) => piece.known_at > moment).map((piece) => piece.known_at));
  return { verdict: verdictFrom(ledger, asOf, 1 + later.size), parts: ledger.open() };
}
