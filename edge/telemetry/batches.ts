import { z } from 'zod';
import type { Database, SqlValue, Statement } from '#platform/ports.ts';
import type { DeviceRecord, Point, TelemetryGone } from '#protocols/messages/telemetry.ts';

const batchRow = z.object({
  id: z.int(),
  epoch: z.string(),
  n: z.int(),
  points: z.string(),
  records: z.string(),
});
export type Batch = z.infer<typeof batchRow>;

const goneRow = z.object({
  epoch: z.string(),
  first: z.int(),
  last: z.int(),
  held: z.int(),
  why: z.string(),
});
const numberRow = z.object({ n: z.int() });

export type WhyGone = TelemetryGone['why'];
/** A range of an epoch that is no longer held, with the values that it held. */
export type Gone = Pick<TelemetryGone, 'epoch' | 'from' | 'to' | 'values' | 'why'>;

/** Notes of what is gone; an older gap is answered without its reason. */
const notesKept = 10_000;
const held = 'json_array_length(points) + json_array_length(records) AS held';

/** Rows of the telemetry file: batches that wait for their receipt, and what became of those that are gone. */
export class Batches {
  readonly #file: Database;

  constructor(file: Database) {
    this.#file = file;
  }

  /** `at` is UTC ms by the cloud's clock; null where that is not known, and then the batch does not age. */
  async add(batch: {
    epoch: string;
    n: number;
    at: number | null;
    points: readonly Point[];
    records: readonly DeviceRecord[];
  }): Promise<void> {
    const { epoch, n, at, points, records } = batch;
    await this.#file.commit([
      {
        sql: 'INSERT INTO batches (epoch, n, at, points, records) VALUES (?, ?, ?, ?, ?)',
        params: [epoch, n, at ?? 0, JSON.stringify(points), JSON.stringify(records)],
      },
    ]);
  }

  /** Lets go of the oldest above `count`. How many values they held. */
  tooMany(count: number): Promise<number> {
    const oldest = 'SELECT id FROM batches ORDER BY id DESC LIMIT 1 OFFSET ?';
    return this.#drop(`id <= (${oldest})`, [count], 'too-many');
  }

  /** Lets go of what is older than `before`, UTC ms. How many values they held. */
  tooOld(before: number): Promise<number> {
    return this.#drop('at > 0 AND at < ?', [Math.round(before)], 'too-old');
  }

  /** Lets go of these. How many values they held. */
  drop(batches: readonly Batch[], why: WhyGone): Promise<number> {
    const ids = batches.map(({ id }) => id);
    return this.#drop(`id IN (${ids.map(() => '?').join(', ')})`, ids, why);
  }

  async #drop(where: string, params: readonly SqlValue[], why: WhyGone): Promise<number> {
    // The note and the loss in one commit. Neighbours are one note, so that a long refusal is few of them.
    const noted: Statement = {
      sql: `INSERT INTO gone (epoch, first, last, held, why)
        SELECT epoch, MIN(n), MAX(n), SUM(held), ? FROM
          (SELECT epoch, n, ${held}, n - ROW_NUMBER() OVER (PARTITION BY epoch ORDER BY n) AS run
           FROM batches WHERE ${where})
        GROUP BY epoch, run RETURNING held`,
      params: [why, ...params],
    };
    const forgotten = 'DELETE FROM gone WHERE id <= (SELECT id FROM gone ORDER BY id DESC LIMIT 1 OFFSET ?)';
    const [gone] = await this.#file.commit([
      noted,
      { sql: `DELETE FROM batches WHERE ${where}`, params },
      { sql: forgotten, params: [notesKept] },
    ]);
    return gone!.rows.reduce((sum, row) => sum + Number(row.held), 0);
  }

  /** The oldest. */
  async oldest(limit: number): Promise<Batch[]> {
    const sql = 'SELECT id, epoch, n, points, records FROM batches ORDER BY id LIMIT ?';
    return (await this.#file.read(sql, [limit])).map((row) => batchRow.parse(row));
  }

  /** The cloud has all of `epoch` up to `n`. */
  async stored(epoch: string, n: number): Promise<void> {
    await this.#file.commit([
      { sql: 'DELETE FROM batches WHERE epoch = ? AND n <= ?', params: [epoch, n] },
      { sql: 'DELETE FROM gone WHERE epoch = ? AND last <= ?', params: [epoch, n] },
    ]);
  }

  /** What is gone of other epochs than `current`: nothing comes after their last numbers that would show it. */
  async goneBefore(current: string, limit: number): Promise<Gone[]> {
    const rows = await this.#file.read(
      'SELECT epoch, first, last, held, why FROM gone WHERE epoch <> ? ORDER BY id LIMIT ?',
      [current, limit],
    );
    return rows
      .map((row) => goneRow.parse(row))
      .map(({ epoch, first, last, held, why }) => ({
        epoch,
        from: first,
        to: last,
        values: held,
        why: why as WhyGone,
      }));
  }

  /** What of a range the cloud need not wait for: not held any more, for whatever reason is known. */
  async goneOf(epoch: string, from: number, to: number): Promise<Gone[]> {
    const range: SqlValue[] = [epoch, from, to];
    const rows = await this.#file.read(
      'SELECT n FROM batches WHERE epoch = ? AND n BETWEEN ? AND ? ORDER BY n',
      range,
    );
    const notes = (
      await this.#file.read(
        'SELECT epoch, first, last, held, why FROM gone WHERE epoch = ? AND last >= ? AND first <= ?',
        range,
      )
    ).map((row) => goneRow.parse(row));
    const gaps: Gone[] = [];
    let next = from;
    for (const n of [...rows.map((row) => numberRow.parse(row).n), to + 1]) {
      if (n > next) {
        const within = notes.filter(({ first, last }) => first < n && last >= next);
        const values = within.reduce((sum, note) => sum + note.held, 0);
        const why = (within[0]?.why ?? 'unreadable') as WhyGone;
        gaps.push({ epoch, from: next, to: n - 1, values, why });
      }
      next = n + 1;
    }
    return gaps;
  }
}
