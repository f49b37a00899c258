import type { Row, Statement } from '#platform/ports.ts';
import { answers, countOf, type Counts, items, levels, rankOf } from '#protocols/four-hundred/answer.ts';
import type { Cell } from '#protocols/four-hundred/campus-ledger.ts';
import type { CityLedger } from '#protocols/four-hundred/city.ts';
import type { Store } from '../store/store.ts';
import { stretchOf } from './history.ts';

const hourMs = 3_600_000;
const dayMs = 24 * hourMs;
/** As long as each change of a cell; the midnights of China Standard Time as long as the history by the day. */
const hoursKeptMs = 35 * dayMs;
const midnightsKeptMs = 10 * 366 * dayMs;
/** Evidence is known so soon after it happened, or it is late: there is an index of that. */
const lateMs = 60_000;

/** The cells of a campus at a full hour, and the county in which it stood. */
export interface KeptCells {
  campus: string;
  county: string | null;
  cells: Cell[];
}

/**
 * What the cells of every campus were at each full hour, as it was known then: so the sums of a city's past are counted
 * and not judged anew. Only campuses of which something became known later are.
 */
export class KeptHours {
  readonly #store: Store;
  #waiting: { at: number; all: KeptCells[] } | null = null;

  constructor(store: Store) {
    this.#store = store;
  }

  /** Time goes from one moment to another: where a full hour lies between them, the city is noted as it was at that hour. */
  pass(city: CityLedger, from: number, to: number): void {
    const at = stretchOf(to, 'hour');
    if (at <= from) return;
    city.advance(at);
    const all = city.ledgers().map(({ plan, cells }) => {
      return { campus: plan.campus.id, county: plan.campus.county ?? null, cells };
    });
    this.#waiting = { at, all };
  }

  /** What is to be written, and what to call once it is. */
  statements(): { statements: Statement[]; wrote(): void } {
    const waiting = this.#waiting;
    if (waiting === null) return { statements: [], wrote() {} };
    const { at, all } = waiting;
    return {
      statements: [
        ...all.map(({ campus, county, cells }) => ({
          sql: `INSERT INTO kept_cells (at, campus, county, cells) VALUES (?, ?, ?, ?) ON CONFLICT (at, campus) DO NOTHING`,
          params: [at, campus, county, JSON.stringify(cells.map(packed))],
        })),
        {
          sql: `DELETE FROM kept_cells WHERE at < ? AND ((at + 28800000) % 86400000 <> 0 OR at < ?)`,
          params: [at - hoursKeptMs, at - midnightsKeptMs],
        },
      ],
      wrote: () => {
        if (this.#waiting === waiting) this.#waiting = null;
      },
    };
  }

  /**
   * The cells of all campuses of then, at the last full hour that is not after `moment`, as of another moment (UTC ms).
   * Where nothing is kept of that hour each campus that is `listed` now is judged anew, at the moment itself.
   */
  async at(
    moment: number,
    asOf: number,
    listed: readonly { id: string; county?: string | undefined }[],
    judged: (campus: string, at: number) => Promise<{ verdict: { cells: Cell[] } } | null>,
  ): Promise<{ at: number; campuses: KeptCells[] }> {
    const hour = stretchOf(moment, 'hour');
    const kept = await this.#read(hour);
    if (kept === null) {
      const campuses: KeptCells[] = [];
      for (const { id, county = null } of listed) {
        const found = await judged(id, moment);
        if (found !== null) campuses.push({ campus: id, county, cells: found.verdict.cells });
      }
      return { at: moment, campuses };
    }
    const ids = kept.map(({ campus }) => campus);
    const anew = await this.#knownLater(ids, hour, asOf);
    const campuses: KeptCells[] = [];
    for (const one of kept) {
      const found = anew.has(one.campus) ? await judged(one.campus, hour) : null;
      campuses.push(found === null ? one : { ...one, cells: found.verdict.cells });
    }
    return { at: hour, campuses };
  }

  /** Null: nothing is kept of this hour (UTC ms), for Belfry was away, or it is too long ago. */
  async #read(at: number): Promise<KeptCells[] | null> {
    if (this.#waiting?.at === at) return this.#waiting.all;
    const rows = await this.#store.read<Row & { campus: string; county: string | null; cells: string }>(
      'SELECT campus, county, cells FROM kept_cells WHERE at = ? ORDER BY campus',
      [at],
    );
    if (rows.length === 0) return null;
    return rows.map(({ campus, county, cells }) => ({ campus, county, cells: unpacked(cells) }));
  }

  /** Those of these campuses of which something that was so at this hour became known after it, by `asOf`. */
  async #knownLater(campuses: readonly string[], at: number, asOf: number): Promise<Set<string>> {
    if (asOf <= at) return new Set();
    const listed = JSON.stringify(campuses);
    const rows = await this.#store.read<Row & { campus: string }>(
      `SELECT campus FROM evidence WHERE known_at - at > ${lateMs} AND known_at > ? AND known_at <= ? AND at <= ?
       UNION
       SELECT value AS campus FROM json_each(?) WHERE
         EXISTS (SELECT 1 FROM evidence e WHERE e.campus = value AND e.at > ? AND e.at <= ?
           AND e.known_at > ? AND e.known_at <= ?)
         OR EXISTS (SELECT 1 FROM device_words w WHERE w.campus = value AND w.at > ? AND w.at <= ?
           AND w.known_at > ? AND w.known_at <= ?)`,
      [at, asOf, at, listed, at - lateMs, at, at, asOf, at - lateMs, at, at, asOf],
    );
    return new Set(rows.map(({ campus }) => campus));
  }
}

type Packed = [answer: number, parts: number[], devices: number[]];

function packed({ answer, parts, devices }: Cell): Packed {
  return [rankOf(answer), answers.map((one) => parts[one]), answers.map((one) => devices[one])];
}

function unpacked(text: string): Cell[] {
  const cells = JSON.parse(text) as Packed[];
  return items.flatMap((item, i) =>
    levels.map((level, l) => {
      const [rank, parts, devices] = cells[i * levels.length + l]!;
      return { item, level, answer: answers[rank]!, parts: counts(parts), devices: counts(devices) };
    }),
  );
}

function counts(numbers: readonly number[]): Counts {
  const all = countOf([]);
  for (const [i, answer] of answers.entries()) {
    all[answer] = numbers[i]!;
    all.of += numbers[i]!;
  }
  return all;
}
