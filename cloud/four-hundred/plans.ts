import { SchoolDays } from '#protocols/calendar/school-days.ts';
import type { PublicHolidays } from '#protocols/calendar/public-holidays.ts';
import type { OpenedPart } from '#protocols/four-hundred/campus-ledger.ts';
import { type CampusPlan, planCampus } from '#protocols/four-hundred/campus-plan.ts';
import { type RuleSet, ruleSet } from '#protocols/four-hundred/rules.ts';
import type { Verdict } from '#protocols/four-hundred/verdict.ts';
import { type CampusInventory, campusInventory } from '#protocols/inventory/campus.ts';
import type { Statement } from '#platform/ports.ts';
import type { Store } from '../store/store.ts';
import type { LiveInventory } from './live-inventory.ts';

/** What a plan is made of. */
export interface PlannedBy {
  campus: CampusInventory;
  rules: RuleSet;
  days: SchoolDays;
  /** Of the inventory; null: of before there were versions. */
  version: number | null;
}

/** A verdict of any moment, and what it was made from. */
export interface PastVerdict {
  verdict: Verdict;
  parts: OpenedPart[];
  plan: CampusPlan;
}

/** What each campus was, and by which rules it was judged, from when on: an old verdict is made from what held then. */
export class Plans {
  readonly #store: Store;
  readonly #rules: RuleSet;
  readonly #holidays: PublicHolidays;
  /** Campuses of one calendar share its days. */
  readonly #days = new Map<string, SchoolDays>();

  constructor(store: Store, rules: RuleSet, holidays: PublicHolidays) {
    this.#store = store;
    this.#rules = rules;
    this.#holidays = holidays;
  }

  plan(campus: CampusInventory, version: number | null): CampusPlan {
    return planCampus(campus, this.#rules, this.daysOf(campus), version);
  }

  /** Notes what these campuses are from now on. */
  async hold(campuses: readonly CampusInventory[], versions: LiveInventory['version'], now: number) {
    const last = await this.#store.read<{ campus: string; text: string }>(
      `SELECT campus, COALESCE(version, '') || inventory || rules AS text FROM campus_plans p
       WHERE campus IN (SELECT value FROM json_each(?))
         AND from_at = (SELECT MAX(from_at) FROM campus_plans q WHERE q.campus = p.campus)`,
      [JSON.stringify(campuses.map(({ id }) => id))],
    );
    const known = new Map(last.map(({ campus, text }) => [campus, text]));
    const rules = JSON.stringify(this.#rules);
    const statements = campuses.flatMap((campus): Statement[] => {
      const inventory = JSON.stringify(campus);
      const version = versions(campus.id);
      if (known.get(campus.id) === `${version ?? ''}${inventory}${rules}`) return [];
      return [
        {
          sql: `INSERT INTO campus_plans (campus, from_at, inventory, rules, version) VALUES (?, ?, ?, ?, ?)
                ON CONFLICT (campus, from_at) DO UPDATE
                SET inventory = excluded.inventory, rules = excluded.rules, version = excluded.version`,
          params: [campus.id, now, inventory, rules, version],
        },
      ];
    });
    if (statements.length > 0) await this.#store.commit(statements);
  }

  /** What a campus was at a moment; of before its first plan that first one. Null: there never was such a campus. */
  async at(campus: string, moment: number): Promise<PlannedBy | null> {
    const [row] = await this.#store.read<{ inventory: string; rules: string; version: number | null }>(
      `SELECT inventory, rules, version FROM campus_plans WHERE campus = ?
       ORDER BY from_at > ?, CASE WHEN from_at > ? THEN from_at ELSE -from_at END LIMIT 1`,
      [campus, moment, moment],
    );
    if (row === undefined) return null;
    const inventory = campusInventory.parse(JSON.parse(row.inventory));
    const rules = ruleSet.parse(JSON.parse(row.rules));
    return { campus: inventory, rules, days: this.daysOf(inventory), version: row.version };
  }

  planOf({ campus, rules, days, version }: PlannedBy): CampusPlan {
    return planCampus(campus, rules, days, version);
  }

  daysOf({ calendar }: CampusInventory): SchoolDays {
    const key = JSON.stringify(calendar);
    let days = this.#days.get(key);
    if (days === undefined) this.#days.set(key, (days = new SchoolDays(calendar, this.#holidays)));
    return days;
  }
}
