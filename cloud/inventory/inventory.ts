import type { Clock, Log, Row, Statement } from '#platform/ports.ts';
import { type CampusInventory, campusInventory, type CityInventory } from '#protocols/inventory/campus.ts';
import { complainOfCity } from '#protocols/inventory/complaints.ts';
import {
  campusEntry,
  type CampusEntryFull,
  cityEntry,
  type CityEntry,
  type GivenCity,
} from '#protocols/inventory/entry.ts';
import type { Path } from '#protocols/inventory/reference.ts';
import type { Bilingual } from '#protocols/messages/bilingual.ts';
import type { LiveInventory } from '../four-hundred/live-inventory.ts';
import type { Store } from '../store/store.ts';
import {
  type Act,
  campusSubject,
  type Changed,
  citySubject,
  type LastRow,
  type Mistake,
  type Version,
} from './act.ts';
import { type CampusWords, campusWords } from './campus-words.ts';
import { followFiles } from './files.ts';

/** The inventory of the city with every version of it. All calls reject with a `DatabaseError`. */
export class Inventory implements LiveInventory {
  readonly #clock: Clock;
  readonly #store: Store;
  #city: CityEntry | null = null;
  #current: CityInventory | null = null;
  /** As the rules see them, by id. */
  readonly #campuses = new Map<string, CampusInventory>();
  readonly #words = new Map<string, CampusWords>();
  /** The last one, of what is removed too. */
  readonly #versions = new Map<string, number>();
  readonly #listeners = new Set<() => void>();
  #serial: Promise<unknown> = Promise.resolve();

  private constructor(clock: Clock, store: Store) {
    this.#clock = clock;
    this.#store = store;
  }

  /** `files`: what the folder says at this start; null: there is none, or it has mistakes. */
  static async open(parts: {
    clock: Clock;
    log: Log;
    store: Store;
    files: GivenCity | null;
  }): Promise<Inventory> {
    const { clock, log, store, files } = parts;
    const it = new Inventory(clock, store);
    const rows = await store.read<LastRow>(
      `SELECT v.subject, v.version, v.entry, c.source FROM inventory_versions v
       JOIN inventory_changes c ON c.id = v.change
       WHERE v.version = (SELECT MAX(version) FROM inventory_versions w WHERE w.subject = v.subject)
       ORDER BY v.subject`,
    );
    for (const { subject, version, entry } of rows) {
      it.#versions.set(subject, version);
      if (entry === null) continue;
      try {
        if (subject === citySubject) it.#city = cityEntry.parse(JSON.parse(entry));
        else it.#keep(campusEntry.parse(JSON.parse(entry)));
      } catch (error) {
        log.error('a campus of the inventory cannot be read; the others are judged', { subject, error });
      }
    }
    it.#publish();
    const act = files && followFiles(files, rows);
    if (act === null) return it;
    for (const id of act.left) log.info('this campus was changed since; its file is not followed', { id });
    const done = await it.change(act);
    if (!done.ok && 'mistakes' in done)
      for (const { campus, path, text } of done.mistakes)
        log.error('a mistake in the inventory', { campus, at: path.join('.'), mistake: text.en });
    return it;
  }

  current(): CityInventory | null {
    return this.#current;
  }

  version(campus: string): number | null {
    return this.#campuses.has(campus) ? this.versionOf(campusSubject(campus)) : null;
  }

  /** Of a subject; 0: there never was one. */
  versionOf(subject: string): number {
    return this.#versions.get(subject) ?? 0;
  }

  /** What people call a campus; null: nobody has said. */
  nameOf(campus: string): Bilingual | null {
    return this.#words.get(campus)?.name ?? null;
  }

  /** What people call a campus and its points, and whom to call; null: there is no such campus. */
  wordsOf(campus: string): CampusWords | null {
    return this.#words.get(campus) ?? null;
  }

  city(): CityEntry | null {
    return this.#city;
  }

  onChange(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** A campus as it is kept, or was in a version. Null: there is none, or it was removed then. */
  async campus(id: string, version = this.versionOf(campusSubject(id))): Promise<CampusEntryFull | null> {
    const text = await this.#text(campusSubject(id), version);
    return text === null ? null : campusEntry.parse(JSON.parse(text));
  }

  /** The newest first. */
  async versions(subject: string, limit: number): Promise<Version[]> {
    const rows = await this.#store.read<Row & Omit<Version, 'removed'> & { removed: number }>(
      `SELECT v.version, c.at, c.by, c.source, c.note, v.entry IS NULL AS removed FROM inventory_versions v
       JOIN inventory_changes c ON c.id = v.change WHERE v.subject = ? ORDER BY v.version DESC LIMIT ?`,
      [subject, limit],
    );
    return rows.map((row) => ({ ...row, removed: row.removed === 1 }));
  }

  /** What is wrong with the city as this act would leave it; it changes nothing. */
  mistakesIn({ city, campuses, looked = false }: Pick<Act, 'city' | 'campuses' | 'looked'>): Mistake[] {
    const next = city ?? this.#city;
    if (next === null)
      return [{ campus: null, path: [], text: { zh: '还没有城市', en: 'there is no city yet' } }];
    const others = [...this.#campuses.values()].filter(({ id }) => !campuses.has(id));
    const given = [...campuses.values()].filter((entry) => entry !== null);
    const all = [...others, ...given];
    const mistakes: Mistake[] = [];
    const complain = ([list, index, ...rest]: Path, text: Bilingual) =>
      list === 'counties'
        ? mistakes.push({ campus: null, path: ['counties', index!, ...rest], text })
        : mistakes.push({ campus: all[index as number]!.id, path: rest, text });
    complainOfCity({ ...next, campuses: all }, complain, looked ? all.length : others.length);
    return mistakes;
  }

  /** Does it all, or nothing of it. One after the other. */
  change(act: Act): Promise<Changed> {
    const done = this.#serial.then(() => this.#change(act));
    this.#serial = done.catch(() => {});
    return done;
  }

  async #change(act: Act): Promise<Changed> {
    for (const [subject, expected] of act.before ?? []) {
      const version = this.#standing(subject);
      if (version !== expected) return { ok: false, outdated: subject, version };
    }
    const mistakes = this.mistakesIn(act);
    if (mistakes.length > 0) return { ok: false, mistakes };
    const entries: [string, unknown][] = [...act.campuses].map(([id, entry]) => [campusSubject(id), entry]);
    if (act.city !== undefined) entries.unshift([citySubject, act.city]);
    const versions = new Map(entries.map(([subject]) => [subject, this.versionOf(subject) + 1]));
    await this.#store.commit(
      [
        {
          sql: 'INSERT INTO inventory_changes (at, by, source, note) VALUES (?, ?, ?, ?)',
          params: [Math.round(this.#clock.wall()), act.by, act.source, act.note ?? null],
        },
        ...entries.map(([subject, entry]): Statement => ({
          sql: `INSERT INTO inventory_versions (subject, version, change, entry)
              VALUES (?, ?, (SELECT MAX(id) FROM inventory_changes), ?)`,
          params: [subject, versions.get(subject)!, entry === null ? null : JSON.stringify(entry)],
        })),
      ],
      entries.map(([subject]) => ({ type: 'inventory', subject })),
    );
    for (const [subject, version] of versions) this.#versions.set(subject, version);
    if (act.city !== undefined) this.#city = act.city;
    for (const [id, entry] of act.campuses)
      if (entry === null) {
        this.#campuses.delete(id);
        this.#words.delete(id);
      } else this.#keep(entry);
    this.#publish();
    for (const listener of this.#listeners) listener();
    return { ok: true, versions };
  }

  /** What an If-Match is held against: 0 for what is not there, or no longer. */
  #standing(subject: string): number {
    const there = subject === citySubject ? this.#city !== null : this.#campuses.has(subject.slice(7));
    return there ? this.versionOf(subject) : 0;
  }

  #keep(entry: CampusEntryFull): void {
    this.#campuses.set(entry.id, campusInventory.parse(entry));
    this.#words.set(entry.id, campusWords(entry));
  }

  #publish(): void {
    const campuses = [...this.#campuses.values()].sort((a, b) => (a.id < b.id ? -1 : 1));
    this.#current = this.#city === null ? null : { ...this.#city, campuses };
  }

  async #text(subject: string, version: number): Promise<string | null> {
    const [row] = await this.#store.read<{ entry: string | null }>(
      'SELECT entry FROM inventory_versions WHERE subject = ? AND version = ?',
      [subject, version],
    );
    return row?.entry ?? null;
  }
}
