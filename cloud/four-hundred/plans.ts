import { SchoolDays } from '#protocols/calendar/school-days.ts';
import type { PublicHolidays } from '#protocols/calendar/public-holidays.ts';
import { type CampusPlan, planCampus } from '#protocols/four-hundred/campus-plan.ts';
import { type RuleSet, ruleSet } from '#protocols/four-hundred/rules.ts';
import { type CampusInventory, campusInventory } from '#protocols/inventory/campus.ts';
import type { Statement } from '#platform/ports.ts';
import type { Store } from '../store/store.ts';

/** What a plan is made of. */
export interface PlannedBy {
  campus: CampusInventory;
  rules: RuleSet;
  days: SchoolDays;
}

/** What each campus was, and by which rules it was judged, from when on: an old verdict is made from what held then. */
export class Plans {
  readonly #store: Store;
  readonly #rules: RuleSet;
  readonly #holidays: PublicHolidays;
  /** Campuses of one calendar share its days. */
  readonly #days = new Map<string, SchoolDays>();
  readonly #held = new Map<string, string>();

  constructor(store: Store, rules: RuleSet, holidays: PublicHolidays) {
    this.#store = store;
    this.#rules = rules;
    this.#holidays = holidays;
  }

  plan(campus: CampusInventory): CampusPlan {
    return planCampus(campus, this.#rules, this.daysOf(campus));
  }

  /** Whether a campus is to be judged anew: its inventory or the rules are others than before. */
  isNew(campus: CampusInventory): boolean {
    return this.#held.get(campus.id) !== this.#text(campus);
  }

  /** Notes what a campus is from now on. */
  async hold(campuses: readonly CampusInventory[], now: number): Promise<void> {
    const last = await this.#store.read<{ campus: string; inventory: string; rules: string }>(
      `SELECT campus, inventory, rules FROM campus_plans p
       WHERE from_at = (SELECT MAX(from_at) FROM campus_plans q WHERE q.campus = p.campus)`,
    );
    const known = new Map(last.map(({ campus, inventory, rules }) => [campus, inventory + rules]));
    const statements = campuses.flatMap((campus): Statement[] => {
      if (known.get(campus.id) === this.#text(campus)) return [];
      return [
        {
          sql: `INSERT INTO campus_plans (campus, from_at, inventory, rules) VALUES (?, ?, ?, ?)
                ON CONFLICT (campus, from_at) DO UPDATE SET inventory = excluded.inventory, rules = excluded.rules`,
          params: [campus.id, now, JSON.stringify(campus), JSON.stringify(this.#rules)],
        },
      ];
    });
    if (statements.length > 0) await this.#store.commit(statements);
    for (const campus of campuses) this.#held.set(campus.id, this.#text(campus));
  }

  /** What a campus was at a moment; of before its first plan that first one. Null: there never was such a campus. */
  async at(campus: string, moment: number): Promise<PlannedBy | null> {
    const [row] = await this.#store.read<{ inventory: string; rules: string }>(
      `SELECT inventory, rules FROM campus_plans WHERE campus = ?
       ORDER BY from_at > ?, CASE WHEN from_at > ? THEN from_at ELSE -from_at END LIMIT 1`,
      [campus, moment, moment],
    );
    if (row === undefined) return null;
    const inventory = campusInventory.parse(JSON.parse(row.inventory));
    return { campus: inventory, rules: ruleSet.parse(JSON.parse(row.rules)), days: this.daysOf(inventory) };
  }

  planOf({ campus, rules, days }: PlannedBy): CampusPlan {
    return planCampus(campus, rules, days);
  }

  daysOf({ calendar }: CampusInventory): SchoolDays {
    const key = JSON.stringify(calendar);
    let days = this.#days.get(key);
    if (days === undefined) this.#days.set(key, (days = new SchoolDays(calendar, this.#holidays)));
    return days;
  }

  #text(campus: CampusInventory): string {
    return JSON.stringify(campus) + JSON.stringify(this.#rules);
  }
}
