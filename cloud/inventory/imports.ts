import { createHash } from 'node:crypto';
import type { Clock } from '#platform/ports.ts';
import { campusEntry, type CampusEntryFull, cityEntry, type CityEntry } from '#protocols/inventory/entry.ts';
import type { GivenEntries } from '#protocols/inventory/inventory-files.ts';
import { complainOfCampus } from '#protocols/inventory/complaints.ts';
import { type Difference, differences } from '#protocols/inventory/differences.ts';
import type { Path } from '#protocols/inventory/reference.ts';
import { inChinese } from '#protocols/inventory/schema-words.ts';
import { applyRows, type ImportMode } from '#protocols/inventory/tables/apply.ts';
import { readRows, type RowMistake, type Sheet } from '#protocols/inventory/tables/rows.ts';
import type { Bilingual } from '#protocols/messages/bilingual.ts';
import { type Act, campusSubject, type Changed, citySubject } from './act.ts';
import type { Inventory } from './inventory.ts';

const keptMs = 3_600_000;
const keptLimit = 10;
const mistakesLimit = 1_000;

/** What an import would change. With a mistake it can not be applied (`digest` null). */
export interface Preview {
  digest: string | null;
  expires_at: number;
  rows: number;
  city: Difference[];
  campuses: { campus: string; isNew: boolean; differences: Difference[] }[];
  mistakes: RowMistake[];
  /** How many more there are. */
  mistakes_left: number;
}

/** `city`: whether counties may be changed; `sees`: whether a campus may. */
interface May {
  city: boolean;
  sees(campus: string): boolean;
}
type Pause = () => Promise<void>;

/** What a file says, before it is held against the rules of an entry. */
interface Read {
  rows: number;
  /** Null: nothing of the city itself. */
  city: unknown;
  campuses: ReadonlyMap<string, unknown>;
  kept: ReadonlyMap<string, CampusEntryFull | null>;
  before: Map<string, number>;
  mistakes: RowMistake[];
  whereOf(campus: string | null, path: Path): Omit<RowMistake, 'text'>;
}

interface Kept {
  act: Pick<Act, 'city' | 'campuses' | 'before'>;
  until: number;
}

/** Imports that were looked at and may be applied as they were: nothing else is, and nothing by half. */
export class Imports {
  readonly #clock: Clock;
  readonly #inventory: Inventory;
  readonly #kept = new Map<string, Kept>();

  constructor(clock: Clock, inventory: Inventory) {
    this.#clock = clock;
    this.#inventory = inventory;
  }

  /** What rows of tables would change. `pause` lets others work between campuses. */
  async preview(sheets: readonly Sheet[], mode: ImportMode, may: May, pause: Pause): Promise<Preview> {
    const { rows, mistakes } = readRows(sheets);
    for (const { sheet, row, campus, table } of rows)
      if (!(campus === null ? may.city : may.sees(campus)))
        mistakes.push({ sheet, row, column: null, text: notYours(campus, table.name) });
    const sound = mistakes.length > 0 ? [] : rows;
    const { kept, before } = await this.#standing(sound.flatMap(({ campus }) => campus ?? []));
    const old = this.#inventory.city();
    const applied = applyRows(sound, kept, old, mode);
    const { counties, campuses, whereOf } = applied;
    const city = counties === null ? null : { id: 'city', ...old, counties };
    mistakes.push(...applied.mistakes);
    return this.#look({ rows: rows.length, city, campuses, kept, before, mistakes, whereOf }, pause);
  }

  /** What whole entries would change, as a YAML file of the inventory has them: each campus becomes what is given. */
  async previewEntries(given: GivenEntries, may: May, pause: Pause): Promise<Preview> {
    const mistakes: RowMistake[] = [];
    const campuses = new Map<string, unknown>();
    const at = (pointer: string) => ({ sheet: null, row: null, column: pointer });
    const indexOf = new Map<string, number>();
    for (const [i, campus] of given.campuses.entries()) {
      const { id } = campus;
      const where = at(`campuses/${i}/id`);
      if (!may.sees(id)) mistakes.push({ ...where, text: notYours(id, { zh: id, en: id }) });
      if (campuses.has(id))
        mistakes.push({ ...where, text: { zh: `文件里已经有 ${id}`, en: `the file has ${id} already` } });
      campuses.set(id, campus);
      indexOf.set(id, i);
    }
    const old = this.#inventory.city();
    const city =
      given.city === undefined && given.counties === undefined
        ? null
        : { ...old, ...given.city, counties: given.counties ?? old?.counties ?? [] };
    if (city !== null && !may.city)
      mistakes.push({ ...at('counties'), text: notYours(null, { zh: '区县', en: 'counties' }) });
    const { kept, before } = await this.#standing([...campuses.keys()]);
    const whereOf = (campus: string | null, path: Path) =>
      at([...(campus === null ? [] : ['campuses', indexOf.get(campus)!]), ...path].join('/'));
    return this.#look({ rows: campuses.size, city, campuses, kept, before, mistakes, whereOf }, pause);
  }

  /** These campuses as they are kept, and the versions from which they are changed. */
  async #standing(ids: readonly string[]) {
    const kept = new Map<string, CampusEntryFull | null>();
    const before = new Map<string, number>();
    for (const id of new Set(ids)) {
      const version = this.#inventory.version(id);
      before.set(campusSubject(id), version ?? 0);
      kept.set(id, version === null ? null : await this.#inventory.campus(id));
    }
    return { kept, before };
  }

  async #look({ rows, city: raw, kept, before, mistakes, ...read }: Read, pause: Pause): Promise<Preview> {
    const inventory = this.#inventory;
    const old = inventory.city();
    const complain = (campus: string | null, path: Path, text: Bilingual) => {
      const where = read.whereOf(campus, path);
      const known = where.sheet !== null || where.column !== null;
      const at = known ? '' : `${campus ?? ''}/${path.join('/')}: `;
      mistakes.push({ ...where, text: { zh: `${at}${text.zh}`, en: `${at}${text.en}` } });
    };
    let city: CityEntry | undefined;
    if (raw !== null) {
      before.set(citySubject, old === null ? 0 : inventory.versionOf(citySubject));
      const parsed = cityEntry.safeParse(raw);
      if (parsed.success) city = parsed.data;
      else for (const { path, issue } of issuesOf(parsed.error.issues)) complain(null, path, issue);
    }
    const campuses = new Map<string, CampusEntryFull>();
    for (const [id, one] of read.campuses) {
      await pause();
      const parsed = campusEntry.safeParse(one);
      if (parsed.success) {
        campuses.set(id, parsed.data);
        complainOfCampus(parsed.data, [], (path, text) => complain(id, path, text));
      } else for (const { path, issue } of issuesOf(parsed.error.issues)) complain(id, path, issue);
    }
    if (mistakes.length === 0)
      for (const { campus, path, text } of inventory.mistakesIn({
        ...(city && { city }),
        campuses,
        looked: true,
      }))
        complain(campus, path, text);

    const changed = new Map(
      [...campuses].filter(([id, entry]) => JSON.stringify(entry) !== JSON.stringify(kept.get(id))),
    );
    const act = { ...(city && { city }), campuses: changed, before };
    return {
      digest: mistakes.length > 0 ? null : this.#keep(act),
      expires_at: Math.round(this.#clock.wall()) + keptMs,
      rows,
      city: city === undefined ? [] : differences(old ?? {}, city),
      campuses: [...changed].map(([campus, entry]) => {
        const was = kept.get(campus) ?? null;
        return { campus, isNew: was === null, differences: differences(was ?? {}, entry) };
      }),
      mistakes: mistakes.slice(0, mistakesLimit),
      mistakes_left: Math.max(0, mistakes.length - mistakesLimit),
    };
  }

  /** Applies what was looked at, whole. Null: no such preview, or it has expired, or it is not this person's to apply. */
  async apply(digest: string, may: May, said: Pick<Act, 'by' | 'note'>): Promise<Changed | null> {
    this.#forget();
    const kept = this.#kept.get(digest);
    if (kept === undefined || ![...kept.act.campuses.keys()].every((id) => may.sees(id))) return null;
    if (kept.act.city !== undefined && !may.city) return null;
    const done = await this.#inventory.change({ ...kept.act, ...said, source: 'import', looked: true });
    if (done.ok) this.#kept.delete(digest);
    return done;
  }

  #keep(act: Kept['act']): string {
    this.#forget();
    const text = JSON.stringify([act.city ?? null, [...act.campuses], [...(act.before ?? [])]]);
    const digest = createHash('sha256').update(text).digest('hex');
    this.#kept.delete(digest);
    this.#kept.set(digest, { act, until: this.#clock.wall() + keptMs });
    // The oldest goes: it is looked at anew.
    for (const oldest of this.#kept.keys()) {
      if (this.#kept.size <= keptLimit) break;
      this.#kept.delete(oldest);
    }
    return digest;
  }

  #forget(): void {
    for (const [digest, { until }] of this.#kept) if (until < this.#clock.wall()) this.#kept.delete(digest);
  }
}

function notYours(campus: string | null, what: Bilingual): Bilingual {
  return {
    zh: `您不能修改它（${campus ?? what.zh}）`,
    en: `you may not change this (${campus ?? what.en})`,
  };
}

function issuesOf(issues: readonly Parameters<typeof inChinese>[0][]): { path: Path; issue: Bilingual }[] {
  return issues.map((issue) => ({
    path: issue.path.map((step) => (typeof step === 'symbol' ? String(step) : step)),
    issue: { zh: inChinese(issue), en: issue.message },
  }));
}
