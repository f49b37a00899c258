import type { Row } from '#platform/ports.ts';
import type { CampusEntryFull, CityEntry } from '#protocols/inventory/entry.ts';
import type { Path } from '#protocols/inventory/reference.ts';
import type { Bilingual } from '#protocols/messages/bilingual.ts';

export type Source = 'file' | 'api' | 'import' | 'restore';

/** What one act changes, all of it or nothing. */
export interface Act {
  /** Left out: the city's own entry stays. */
  city?: CityEntry;
  /** By id; null: the campus is removed. */
  campuses: ReadonlyMap<string, CampusEntryFull | null>;
  /** The version that each is to have before (0: there is none); what is not named may have any. */
  before?: ReadonlyMap<string, number>;
  by: string;
  source: Source;
  note?: string | undefined;
  /** Each campus was looked at by itself already; only what is between campuses still is. */
  looked?: boolean;
}

/** Of what, and where in it. `campus` null: of the city's own entry. */
export interface Mistake {
  campus: string | null;
  path: Path;
  text: Bilingual;
}

export type Changed =
  | { ok: true; versions: ReadonlyMap<string, number> }
  /** Somebody else has changed it in the meantime. */
  | { ok: false; outdated: string; version: number }
  | { ok: false; mistakes: Mistake[] };

/** A version of a campus or of the city, and how it came about. */
export interface Version {
  version: number;
  at: number;
  by: string;
  source: Source;
  note: string | null;
  removed: boolean;
}

export const citySubject = 'city';
export const campusSubject = (id: string) => `campus/${id}`;

/** The last version of a subject, as it is stored. */
export type LastRow = Row & { subject: string; version: number; entry: string | null; source: Source };
