import type { Ending } from '#platform/simulated/life.ts';
import type { City } from './city.ts';

interface Batch {
  epoch: string;
  n: number;
  values: number[];
}

/** Every batch of values that the edge's disk has ever held, and what may have become of it. */
export class Measured {
  readonly #city: City;
  readonly #batches = new Map<string, Batch>();
  /** What a power cut took with it: a relaxed file may lose its last moments. */
  readonly #gone = new Set<string>();
  #highest = 0;

  constructor(city: City) {
    this.#city = city;
  }

  /** The edge's telemetry file has changed. */
  committed(): void {
    for (const { id, epoch, n, points } of this.#rows<Row & { id: number }>(
      'edge',
      'batches',
      'SELECT id, epoch, n, points FROM batches WHERE id > ?',
      [this.#highest],
    )) {
      const values = (JSON.parse(points) as { field: string; value: number }[])
        .filter(({ field }) => field === 'reading')
        .map(({ value }) => value);
      this.#batches.set(keyOf({ epoch, n }), { epoch, n, values });
      this.#highest = id;
    }
  }

  /** Ends a process by `end`; what its machine's disk forgets by that is nobody's fault. */
  through(machine: 'edge' | 'cloud', how: Ending, end: () => void): void {
    if (how !== 'power') return end();
    const before = this.#knownAt(machine);
    end();
    const after = this.#knownAt(machine);
    for (const key of before) if (!after.has(key)) this.#gone.add(key);
    const [last] = this.#rows<{ id: number | null }>('edge', 'batches', 'SELECT MAX(id) AS id FROM batches');
    if (machine === 'edge') this.#highest = last?.id ?? 0;
  }

  /** Batches that still wait at the edge. */
  waiting(): number {
    const sql = 'SELECT COUNT(*) AS n FROM batches';
    return this.#rows<{ n: number }>('edge', 'batches', sql)[0]?.n ?? 0;
  }

  /** Each batch is stored, or noted as missing, or still held; at the end of the day. */
  findMissing(): void {
    const city = this.#city;
    const atEdge = this.#at('edge');
    const stored = this.#at('cloud');
    const gaps = this.#rows<Gap>('cloud', 'gaps', 'SELECT epoch, first, last FROM gaps');
    // In the epoch that goes on a loss is only seen when a later one comes; of the others the edge tells it.
    const current = [...this.#batches.values()].at(-1)?.epoch;
    const last = Math.max(
      0,
      ...[...stored, ...atEdge]
        .map((key) => this.#batches.get(key)!)
        .filter(({ epoch, values }) => epoch === current && values.length > 0)
        .map(({ n }) => n),
    );
    for (const [key, { epoch, n }] of this.#batches) {
      if (atEdge.has(key) || stored.has(key) || this.#gone.has(key)) continue;
      if (gaps.some((gap) => gap.epoch === epoch && gap.first <= n && n <= gap.last)) continue;
      if (epoch === current && n > last) continue;
      city.findings.add('vanished', `batch ${n} of ${epoch}`);
    }
  }

  /** What this machine holds, or has noted as gone: a power cut may take the one like the other. */
  #knownAt(machine: 'edge' | 'cloud'): Set<string> {
    const known = this.#at(machine);
    const notes = this.#rows<Gap>(
      machine,
      machine === 'edge' ? 'gone' : 'gaps',
      `SELECT epoch, first, last FROM ${machine === 'edge' ? 'gone' : 'gaps'}`,
    );
    for (const [key, { epoch, n }] of this.#batches)
      if (notes.some((note) => note.epoch === epoch && note.first <= n && n <= note.last)) known.add(key);
    return known;
  }

  /** A power cut may take the tables themselves: a file that was never synced is empty. */
  #rows<T>(machine: 'edge' | 'cloud', table: string, sql: string, params: readonly number[] = []): T[] {
    const isThere = 'SELECT 1 FROM sqlite_master WHERE name = ?';
    if (this.#city.look(machine, isThere, [table], 'telemetry').length === 0) return [];
    return this.#city.look<T>(machine, sql, params, 'telemetry');
  }

  /** Keys of the batches that this machine's disk holds. */
  #at(machine: 'edge' | 'cloud'): Set<string> {
    if (machine === 'edge') {
      const rows = this.#rows<Row>('edge', 'batches', 'SELECT epoch, n FROM batches');
      return new Set(rows.map(keyOf).filter((key) => this.#batches.has(key)));
    }
    const sql = `SELECT value FROM points JOIN series ON series.id = series WHERE field = 'reading'`;
    const values = new Set(this.#rows<{ value: number }>('cloud', 'points', sql).map(({ value }) => value));
    const whole = [...this.#batches].filter(([, batch]) => batch.values.every((value) => values.has(value)));
    return new Set(whole.map(([key]) => key));
  }
}

interface Row {
  epoch: string;
  n: number;
  points: string;
}

interface Gap {
  epoch: string;
  first: number;
  last: number;
}

function keyOf({ epoch, n }: Pick<Row, 'epoch' | 'n'>): string {
  return `${epoch} ${n}`;
}
