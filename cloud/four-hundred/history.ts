import type { Row, Statement } from '#platform/ports.ts';
import { type Answer, answers, items, levels } from '#protocols/four-hundred/answer.ts';
import type { Cell } from '#protocols/four-hundred/campus-ledger.ts';
import { type Change, type Spent, spentTogether, spentWithin } from '#protocols/four-hundred/history.ts';
import type { Store } from '../store/store.ts';

const minuteMs = 60_000;
const hourMs = 3_600_000;
const dayMs = 24 * hourMs;
/** Days are those of China Standard Time, for every campus: so they add up to those of its city. */
const zoneMs = 8 * hourMs;
const changesKeptMs = 35 * dayMs;
const hoursKeptMs = 366 * dayMs;
/** So many hours of campuses are summed up in one turn. */
const campusesInTurn = 100;
const daysKeptMs = 10 * 366 * dayMs;
export const cellsOfCampus = items.length * levels.length;

export const historyLengths = { minute: minuteMs, hour: hourMs, day: dayMs } as const;
export type HistoryLength = keyof typeof historyLengths;

/** How long each answer held within one stretch, over all campuses asked for. */
export interface Stretch {
  from: number;
  to: number;
  spent: Spent;
}

/** The beginning (UTC ms) of the stretch in which an instant lies. */
export function stretchOf(at: number, length: HistoryLength): number {
  const shift = length === 'day' ? zoneMs : 0;
  const ms = historyLengths[length];
  return Math.floor((at + shift) / ms) * ms - shift;
}

/** What the cells were: each change for weeks, sums of hours for a year, of days for ten. */
export class History {
  readonly #store: Store;
  readonly #last = new Map<string, Answer[]>();
  /** Up to which instant hours are summed up. */
  #summedTo = 0;
  /** Campuses of the hour after it that are not summed up yet; null: none is begun. */
  #summing: string[] | null = null;

  private constructor(store: Store) {
    this.#store = store;
  }

  /** `awaySince`: from then on until now nothing was measured; null: this is the first start. */
  static async open(store: Store, awaySince: number | null, now: number): Promise<History> {
    const history = new History(store);
    const rows = await store.read<ChangeRow>(
      `SELECT campus, cell, answer FROM cell_changes c
       WHERE at = (SELECT MAX(at) FROM cell_changes d WHERE d.campus = c.campus AND d.cell = c.cell)`,
    );
    for (const { campus, cell, answer } of rows) {
      const last = history.#last.get(campus) ?? [];
      last[cell] = answer;
      history.#last.set(campus, last);
    }
    if (awaySince !== null) {
      const statements = [...history.#last].flatMap(([campus, last]) =>
        [...last.keys()].map((cell) => changed(campus, cell, awaySince, 'not-measured')),
      );
      await store.commit(statements);
      for (const [campus, last] of history.#last) history.#last.set(campus, last.fill('not-measured'));
    }
    const [row] = await store.read<{ value: string }>(
      `SELECT value FROM meta WHERE key = 'four_hundred_summed_to'`,
    );
    history.#summedTo = row === undefined ? stretchOf(now, 'hour') : Number(row.value);
    return history;
  }

  /** What is to be written of a campus whose cells are these now. */
  changes(campus: string, cells: readonly Cell[], now: number): Statement[] {
    const last = this.#last.get(campus);
    return cells.flatMap(({ answer }, cell) =>
      last?.[cell] === answer ? [] : [changed(campus, cell, now, answer)],
    );
  }

  /** They are written. */
  wrote(campus: string, cells: readonly Cell[]): void {
    this.#last.set(
      campus,
      cells.map(({ answer }) => answer),
    );
  }

  /**
   * Sums up an hour that is over, if there is one; after the last hour of a day the day too. One share of the campuses in
   * each turn: no turn of a large city takes long.
   */
  async sumUp(now: number): Promise<void> {
    const from = this.#summedTo;
    const to = from + hourMs;
    if (to > now) return;
    this.#summing ??= [...this.#last.keys()];
    const share = this.#summing.slice(0, campusesInTurn);
    const spent = await this.#ofChanges(share, [from, to]);
    const statements = [...spent].map(([campus, all]) => summed('hour', campus, from, all));
    if (stretchOf(to, 'day') === to) {
      const day = to - dayMs;
      const hours = await this.#sums('hour', share, day, from);
      for (const [campus, all] of spent) {
        const rows = [...(hours.get(campus)?.values() ?? []), all];
        const whole = Array.from({ length: cellsOfCampus }, (_, cell) =>
          spentTogether(rows.map((row) => row[cell]!)),
        );
        statements.push(summed('day', campus, day, whole));
      }
    }
    if (share.length < this.#summing.length) {
      await this.#store.commit(statements);
      this.#summing = this.#summing.slice(share.length);
      return;
    }
    await this.#store.commit([
      ...statements,
      {
        sql: `INSERT INTO meta (key, value) VALUES ('four_hundred_summed_to', ?)
              ON CONFLICT (key) DO UPDATE SET value = excluded.value`,
        params: [String(to)],
      },
      // The last change before what is kept says how it began.
      {
        sql: `DELETE FROM cell_changes WHERE at < ? AND EXISTS (SELECT 1 FROM cell_changes later
              WHERE later.campus = cell_changes.campus AND later.cell = cell_changes.cell
                AND later.at > cell_changes.at AND later.at < ?)`,
        params: [now - changesKeptMs, now - changesKeptMs],
      },
      { sql: `DELETE FROM cell_spent WHERE length = 'hour' AND from_at < ?`, params: [now - hoursKeptMs] },
      { sql: `DELETE FROM cell_spent WHERE length = 'day' AND from_at < ?`, params: [now - daysKeptMs] },
    ]);
    this.#summedTo = to;
    this.#summing = null;
  }

  /** How a cell of these campuses was in each stretch from `from` to `to`, both within what is kept. */
  async spent(
    campuses: readonly string[],
    cell: number,
    length: HistoryLength,
    from: number,
    to: number,
  ): Promise<Stretch[]> {
    const ms = historyLengths[length];
    const starts: number[] = [];
    for (let at = stretchOf(from, length); at < to; at += ms) starts.push(at);
    const sums = length === 'minute' ? new Map() : await this.#sums(length, campuses, starts[0] ?? 0, to);
    const changes = await this.#changesOf(campuses, [starts[0] ?? 0, to], cell);
    return starts.map((start) => {
      const end = Math.min(start + ms, to);
      const all = campuses.map((campus) => {
        const sum = (sums.get(campus) as Map<number, Spent[]> | undefined)?.get(start)?.[cell];
        return sum ?? spentWithin(changes.get(`${campus} ${cell}`) ?? [], [start, end]);
      });
      return { from: start, to: end, spent: spentTogether(all) };
    });
  }

  async #ofChanges(campuses: readonly string[], span: [number, number]): Promise<Map<string, Spent[]>> {
    const changes = await this.#changesOf(campuses, span);
    return new Map(
      campuses.map((campus) => [
        campus,
        Array.from({ length: cellsOfCampus }, (_, cell) =>
          spentWithin(changes.get(`${campus} ${cell}`) ?? [], span),
        ),
      ]),
    );
  }

  async #changesOf(
    campuses: readonly string[],
    [from, to]: [number, number],
    cell: number | null = null,
  ): Promise<Map<string, Change[]>> {
    const rows = await this.#store.read<ChangeRow>(
      `SELECT campus, cell, at, answer FROM cell_changes c
       WHERE campus IN (SELECT value FROM json_each(?)) AND at < ? AND (? IS NULL OR cell = ?) AND at >= COALESCE(
         (SELECT MAX(at) FROM cell_changes d WHERE d.campus = c.campus AND d.cell = c.cell AND d.at <= ?), 0)
       ORDER BY at`,
      [JSON.stringify(campuses), to, cell, cell, from],
    );
    return Map.groupBy(rows, ({ campus, cell }) => `${campus} ${cell}`);
  }

  async #sums(
    length: HistoryLength,
    campuses: readonly string[],
    from: number,
    to: number,
  ): Promise<Map<string, Map<number, Spent[]>>> {
    const rows = await this.#store.read<{ campus: string; from_at: number; spent: string }>(
      `SELECT campus, from_at, spent FROM cell_spent
       WHERE length = ? AND campus IN (SELECT value FROM json_each(?)) AND from_at >= ? AND from_at < ?`,
      [length, JSON.stringify(campuses), from, to],
    );
    const found = new Map<string, Map<number, Spent[]>>();
    for (const { campus, from_at, spent } of rows) {
      const of = found.get(campus) ?? new Map<number, Spent[]>();
      found.set(campus, of.set(from_at, unpacked(spent)));
    }
    return found;
  }
}

interface ChangeRow extends Row {
  campus: string;
  cell: number;
  at: number;
  answer: Answer;
}

function changed(campus: string, cell: number, at: number, answer: Answer): Statement {
  return {
    sql: `INSERT INTO cell_changes (campus, cell, at, answer) VALUES (?, ?, ?, ?)
          ON CONFLICT (campus, cell, at) DO UPDATE SET answer = excluded.answer`,
    params: [campus, cell, at, answer],
  };
}

/** Packed: of each cell the times of the five answers in their order. */
function summed(length: HistoryLength, campus: string, from: number, all: readonly Spent[]): Statement {
  return {
    sql: `INSERT INTO cell_spent (length, from_at, campus, spent) VALUES (?, ?, ?, ?)
          ON CONFLICT (length, campus, from_at) DO NOTHING`,
    params: [
      length,
      from,
      campus,
      JSON.stringify(all.map((spent) => answers.map((answer) => spent[answer]))),
    ],
  };
}

function unpacked(text: string): Spent[] {
  return (JSON.parse(text) as number[][]).map(
    (times) => Object.fromEntries(answers.map((answer, i) => [answer, times[i]!])) as Spent,
  );
}
