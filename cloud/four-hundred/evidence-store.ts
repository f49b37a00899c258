import type { Row, Statement } from '#platform/ports.ts';
import { type Evidence, evidence, type EvidenceOf } from '#protocols/four-hundred/evidence.ts';
import type { Store } from '../store/store.ts';

const dayMs = 86_400_000;
/** Longer than any rule looks back, ms. */
const evidenceKeptMs = 200 * dayMs;
const wordsKeptMs = 60 * dayMs;

/** Of these only the last of a device (and route) says what is so now. */
const lastKinds: readonly { kind: Evidence['kind']; route?: EvidenceOf<'proof'>['route'] }[] = [
  { kind: 'clock' },
  { kind: 'picture' },
  { kind: 'recording' },
  { kind: 'proof', route: 'cloud' },
  { kind: 'proof', route: 'direct' },
];
const keptKinds = evidence.options
  .map(({ shape }) => shape.kind.value)
  .filter((kind) => kind !== 'state' && !lastKinds.some((one) => one.kind === kind));

type Without<T> = T extends unknown ? Omit<T, 'id' | 'known_at'> : never;

/** A piece before it is committed. `source`: what it was made of, so that the same thing told twice is one piece. */
export interface Draft {
  campus: string;
  source: string;
  piece: Without<Exclude<Evidence, { kind: 'state' }>>;
}

/** What liveness says of a device of a campus. */
export interface Word {
  campus: string;
  piece: Without<EvidenceOf<'state'>>;
}

/** The word that holds of a device: which row it is, and until when it can be renewed. */
interface Standing {
  id: number;
  state: string;
  reason: string | null;
  holds_ms: number | null;
  last_at: number;
}

export interface Committed {
  campus: string;
  piece: Evidence;
}

/** Evidence in the store. It is committed before any verdict rests on it. */
export class EvidenceStore {
  readonly #store: Store;
  readonly #standing = new Map<string, Standing>();

  constructor(store: Store) {
    this.#store = store;
  }

  /**
   * Commits all of them as known at `knownAt`; gives back those that are news. What is no evidence (a device said a
   * value that cannot be) is left out. Rejects with a `DatabaseError`.
   */
  async commit(
    all: readonly Draft[],
    words: readonly Word[],
    knownAt: number,
    more: readonly Statement[] = [],
  ): Promise<Committed[]> {
    const drafts = all.filter(
      ({ piece }) => evidence.safeParse({ ...piece, id: 0, known_at: knownAt }).success,
    );
    const inserts = drafts.map(({ campus, source, piece }) => ({
      sql: `INSERT INTO evidence (campus, kind, at, known_at, source, piece) VALUES (?, ?, ?, ?, ?, ?)
            ON CONFLICT (source) DO NOTHING RETURNING id`,
      // Nothing happened after it was known: a clock that is ahead must not put it before what came later.
      params: [campus, piece.kind, Math.min(piece.at, knownAt), knownAt, source, JSON.stringify(piece)],
    }));
    const said = words.map((word) => ({ ...word, standing: this.#renewed(word, knownAt) }));
    const results = await this.#store.commit([
      ...inserts,
      ...said.map(({ campus, piece, standing }) => wordStatement(campus, piece, standing, knownAt)),
      ...more,
    ]);
    const committed: Committed[] = [];
    for (const [i, { campus, piece }] of drafts.entries()) {
      const id = results[i]!.rows[0]?.id;
      if (id !== undefined)
        committed.push({ campus, piece: evidence.parse({ ...piece, id: Number(id), known_at: knownAt }) });
    }
    for (const [i, { campus, piece, standing }] of said.entries()) {
      const id = standing?.id ?? Number(results[inserts.length + i]!.rows[0]!.id);
      const { state, holds_ms, at } = piece;
      this.#standing.set(`${campus} ${piece.device}`, {
        id,
        state,
        reason: reasonText(piece),
        holds_ms,
        last_at: at,
      });
      committed.push({ campus, piece: { ...piece, id, known_at: knownAt } });
    }
    return committed;
  }

  /** The row that a word prolongs; null: it is another word, or the one before had lapsed when this one came. */
  #renewed({ campus, piece }: Word, knownAt: number): Standing | null {
    const standing = this.#standing.get(`${campus} ${piece.device}`);
    if (standing === undefined || piece.holds_ms === null || standing.state !== piece.state) return null;
    if (standing.holds_ms !== piece.holds_ms || standing.reason !== reasonText(piece)) return null;
    return piece.at >= standing.last_at && knownAt <= standing.last_at + piece.holds_ms ? standing : null;
  }

  /** All that is kept of a campus and was known by `asOf`, as a verdict of `moment` takes it. */
  async read(campus: string, moment: number, asOf: number): Promise<Evidence[]> {
    const rows = await this.#store.read<EvidenceRow>(
      `SELECT id, known_at, piece FROM evidence WHERE campus = ? AND known_at <= ? ORDER BY at, id`,
      [campus, asOf],
    );
    const words = await this.#store.read<WordRow>(
      `SELECT id, device, state, reason, holds_ms, at, known_at, last_at FROM device_words
       WHERE campus = ? AND known_at <= ? AND at <= ? ORDER BY at, id`,
      [campus, asOf, moment],
    );
    return [...rows.map(pieceOf), ...words.map((row) => wordOf(row, moment))];
  }

  /**
   * What is known of a campus now: as `read`, but of what only the last word counts of no more than that. A campus has
   * millions of the others.
   */
  async readLatest(campus: string, devices: readonly string[], now: number): Promise<Evidence[]> {
    const rows = await this.#store.read<EvidenceRow>(
      `SELECT id, known_at, piece FROM evidence WHERE campus = ? AND kind IN (SELECT value FROM json_each(?))`,
      [campus, JSON.stringify(keptKinds)],
    );
    const last = await this.#store.read<EvidenceRow>(
      `SELECT id, known_at, piece FROM evidence WHERE id IN (
         SELECT (SELECT id FROM evidence e WHERE e.campus = ? AND e.kind = k.value ->> 'kind'
           AND json_extract(e.piece, '$.device') = d.value
           AND (k.value ->> 'route' IS NULL OR json_extract(e.piece, '$.route') = k.value ->> 'route')
           ORDER BY e.at DESC, e.id DESC LIMIT 1)
         FROM json_each(?) d JOIN json_each(?) k)`,
      [campus, JSON.stringify(devices), JSON.stringify(lastKinds)],
    );
    const words = await this.#store.read<WordRow>(
      `SELECT id, device, state, reason, holds_ms, at, known_at, last_at FROM device_words
       WHERE campus = ? AND known_at <= ? AND at <= ?`,
      [campus, now, now],
    );
    return [...rows.map(pieceOf), ...last.map(pieceOf), ...words.map((row) => wordOf(row, now))];
  }

  /** Some pieces by id, of one campus. */
  async pieces(campus: string, ids: readonly number[]): Promise<Evidence[]> {
    const rows = await this.#store.read<EvidenceRow>(
      `SELECT id, known_at, piece FROM evidence WHERE campus = ? AND id IN (SELECT value FROM json_each(?)) ORDER BY at, id`,
      [campus, JSON.stringify(ids)],
    );
    return rows.map(pieceOf);
  }

  async words(campus: string, ids: readonly number[], moment: number): Promise<Evidence[]> {
    const rows = await this.#store.read<WordRow>(
      `SELECT id, device, state, reason, holds_ms, at, known_at, last_at FROM device_words
       WHERE campus = ? AND id IN (SELECT value FROM json_each(?)) ORDER BY at, id`,
      [campus, JSON.stringify(ids)],
    );
    return rows.map((row) => wordOf(row, moment));
  }

  /** Pieces of one kind, the newest first. */
  async list(campus: string, kind: Evidence['kind'], limit: number): Promise<Evidence[]> {
    const rows = await this.#store.read<EvidenceRow>(
      `SELECT id, known_at, piece FROM evidence WHERE campus = ? AND kind = ? ORDER BY at DESC, id DESC LIMIT ?`,
      [campus, kind, limit],
    );
    return rows.map(pieceOf);
  }

  static forget(now: number): Statement[] {
    return [
      { sql: 'DELETE FROM evidence WHERE known_at < ?', params: [now - evidenceKeptMs] },
      // The last word on a device holds however old it is.
      {
        sql: `DELETE FROM device_words WHERE last_at < ? AND EXISTS (SELECT 1 FROM device_words later
              WHERE later.campus = device_words.campus AND later.device = device_words.device AND later.id > device_words.id)`,
        params: [now - wordsKeptMs],
      },
    ];
  }
}

interface EvidenceRow extends Row {
  id: number;
  known_at: number;
  piece: string;
}
interface WordRow extends Row {
  id: number;
  device: string;
  state: string;
  reason: string | null;
  holds_ms: number | null;
  at: number;
  known_at: number;
  last_at: number;
}

function pieceOf({ id, known_at, piece }: EvidenceRow): Evidence {
  return evidence.parse({ ...(JSON.parse(piece) as object), id, known_at });
}

/**
 * A word as it stood at a moment. While it held it is told as of its beginning, whatever renewed it since; of one that
 * lapsed the last renewal counts, and can move no more.
 */
function wordOf(row: WordRow, moment: number): Evidence {
  const { id, device, state, reason, holds_ms, at, known_at, last_at } = row;
  const held = holds_ms === null || moment < last_at + holds_ms;
  return evidence.parse({
    kind: 'state',
    id,
    device,
    state,
    at: held ? at : last_at,
    known_at: held ? known_at : Math.max(known_at, Math.min(last_at, moment)),
    holds_ms: holds_ms === null ? null : held ? last_at + holds_ms - at : holds_ms,
    ...(reason !== null && { reason: JSON.parse(reason) as unknown }),
  });
}

function reasonText({ reason }: Without<EvidenceOf<'state'>>): string | null {
  return reason === undefined ? null : JSON.stringify(reason);
}

function wordStatement(
  campus: string,
  piece: Without<EvidenceOf<'state'>>,
  standing: Standing | null,
  knownAt: number,
): Statement {
  const { device, state, holds_ms, at } = piece;
  if (standing !== null)
    return { sql: 'UPDATE device_words SET last_at = ? WHERE id = ?', params: [at, standing.id] };
  return {
    sql: `INSERT INTO device_words (campus, device, state, reason, holds_ms, at, known_at, last_at)
          VALUES (?, ?, ?, ?, ?, ?, ?, ?) RETURNING id`,
    params: [campus, device, state, reasonText(piece), holds_ms, at, knownAt, at],
  };
}
