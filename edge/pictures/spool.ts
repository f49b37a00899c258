import { backoff, type Backoff } from '#platform/backoff.ts';
import { DatabaseError } from '#platform/database-error.ts';
import type { Database, Ports, Statement } from '#platform/ports.ts';
import { reasonOf } from '#platform/reason.ts';
import { type PictureKind, type PicturePlan, picturePlan } from '#protocols/pictures.ts';
import { reserveBytes } from '../outbox/reserve.ts';

/** `turn`: how often it was tried in vain. `ticket` is null where the gateway's own key makes it. */
const schema = `
CREATE TABLE IF NOT EXISTS meta (key TEXT PRIMARY KEY, value TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS pictures (
  id INTEGER PRIMARY KEY,
  path TEXT NOT NULL UNIQUE,
  worth INTEGER NOT NULL,
  ticket TEXT,
  taken_at INTEGER NOT NULL,
  turn INTEGER NOT NULL DEFAULT 0,
  bytes INTEGER NOT NULL,
  jpeg BLOB NOT NULL
);
CREATE INDEX IF NOT EXISTS pictures_next ON pictures (turn, worth DESC, id);
-- The last picture of each camera that was kept as evidence.
CREATE TABLE IF NOT EXISTS evidence (camera TEXT PRIMARY KEY, at INTEGER NOT NULL, verdict TEXT NOT NULL);
`;

const reopening = { firstMs: 5000, maxMs: 300_000 };
/** With less than this free, what is left of the disk is for alarms and measured values. */
const roomForOthers = 16 * reserveBytes;
/** Pictures in memory while the disk takes none; the oldest goes first. */
const besideLimit = 16;
const worthOf: Record<PictureKind, number> = { evidence: 0, request: 1, alarm: 2 };

export interface SpooledPicture {
  path: string;
  kind: PictureKind;
  ticket: string | null;
  /** UTC ms by the cloud's clock. */
  takenAt: number;
  jpeg: Uint8Array;
}

/** One that waits; `id` is null of one that is in memory only. */
export type WaitingPicture = Omit<SpooledPicture, 'kind'> & { id: number | null };

/**
 * Pictures on their way, on disk: bounded by size and age. When it is full evidence goes first, then what people
 * asked for, then pictures of alarms, and of each the oldest first. A disk that is full or broken costs pictures,
 * and nothing else: it keeps the last few in memory meanwhile.
 */
export class Spool {
  readonly #ports: Ports;
  readonly #limits: { bytes: number; keptMs: number };
  readonly #pace: Backoff;
  readonly #onLost: (count: number) => void;
  #database: Database | null = null;
  #beside: SpooledPicture[] = [];
  #plan: PicturePlan | null = null;
  #closed = false;

  /** `onLost`: so many pictures are gone that the cloud has not had. */
  constructor(ports: Ports, limits: { bytes: number; keptMs: number }, onLost: (count: number) => void) {
    this.#ports = ports;
    this.#limits = limits;
    this.#onLost = onLost;
    this.#pace = backoff(reopening, ports.random);
  }

  get plan(): PicturePlan | null {
    return this.#plan;
  }

  /** Opens the file, and tries again with back-off where that fails; resolves after the first try. */
  async start(): Promise<void> {
    try {
      const file = await this.#ports.databases.open('pictures', 'relaxed', schema);
      if (this.#closed) return await file.close();
      this.#database = file;
      const [kept] = await file.read<{ value: string }>("SELECT value FROM meta WHERE key = 'plan'");
      const read = kept && picturePlan.safeParse(JSON.parse(kept.value));
      if (read?.success) this.#plan ??= read.data;
      this.#pace.reset();
    } catch (error) {
      this.#failed(error);
      if (this.#database === null) this.#again(error);
    }
  }

  /** Holds from now on, whatever the disk does; kept for the next start. */
  async keepPlan(plan: PicturePlan): Promise<void> {
    this.#plan = plan;
    const sql = "INSERT OR REPLACE INTO meta (key, value) VALUES ('plan', ?)";
    await this.#commit([{ sql, params: [JSON.stringify(plan)] }]);
  }

  /** Takes one picture. Never rejects: what no disk takes is kept in memory, as long as there is room. */
  async add(picture: SpooledPicture): Promise<void> {
    const { path, kind, ticket, takenAt, jpeg } = picture;
    if (await this.#isRoomy()) {
      const kept = await this.#commit([
        {
          sql: `INSERT INTO pictures (path, worth, ticket, taken_at, bytes, jpeg) VALUES (?, ?, ?, ?, ?, ?)
                ON CONFLICT (path) DO NOTHING`,
          params: [path, worthOf[kind], ticket, takenAt, jpeg.length, jpeg],
        },
        { sql: 'DELETE FROM pictures WHERE taken_at < ?', params: [takenAt - this.#limits.keptMs] },
        {
          sql: `DELETE FROM pictures WHERE id IN (SELECT id FROM
                  (SELECT id, SUM(bytes) OVER (ORDER BY worth DESC, id DESC) AS so_far FROM pictures)
                  WHERE so_far > ?)`,
          params: [this.#limits.bytes],
        },
      ]);
      const dropped = (kept?.[1]?.changes ?? 0) + (kept?.[2]?.changes ?? 0);
      if (dropped > 0) this.#lost(dropped, 'they have waited for too long, or others were worth more');
      if (kept) return;
    }
    this.#beside.push(picture);
    if (this.#beside.length <= besideLimit) return;
    this.#beside.sort((a, b) => worthOf[a.kind] - worthOf[b.kind] || a.takenAt - b.takenAt);
    this.#beside.splice(0, 1);
    this.#lost(1, 'the disk takes none');
  }

  /** The next to be sent: pictures of alarms first, and what was refused before after all others. */
  async next(): Promise<WaitingPicture | null> {
    const [beside] = this.#beside.toSorted((a, b) => worthOf[b.kind] - worthOf[a.kind]);
    if (beside) return { ...beside, id: null };
    const rows = await this.#read<{
      id: number;
      path: string;
      ticket: string | null;
      taken_at: number;
      jpeg: Uint8Array;
    }>('SELECT id, path, ticket, taken_at, jpeg FROM pictures ORDER BY turn, worth DESC, id LIMIT 1');
    const [row] = rows ?? [];
    return row ? { ...row, takenAt: row.taken_at } : null;
  }

  async remove({ id, path }: WaitingPicture): Promise<void> {
    if (id === null) this.#beside = this.#beside.filter((p) => p.path !== path);
    else await this.#commit([{ sql: 'DELETE FROM pictures WHERE id = ?', params: [id] }]);
  }

  /** It was not taken this time: others have their turn. */
  async putBack({ id, path }: WaitingPicture): Promise<void> {
    if (id !== null) {
      await this.#commit([{ sql: 'UPDATE pictures SET turn = turn + 1 WHERE id = ?', params: [id] }]);
      return;
    }
    const again = this.#beside.find((p) => p.path === path);
    if (!again) return;
    this.#beside = [...this.#beside.filter((p) => p !== again), again];
  }

  /** The last evidence of this camera; undefined where the disk cannot say. */
  async lastEvidence(camera: string): Promise<{ at: number; verdict: string } | null | undefined> {
    const rows = await this.#read<{ at: number; verdict: string }>(
      'SELECT at, verdict FROM evidence WHERE camera = ?',
      [camera],
    );
    return rows && (rows[0] ?? null);
  }

  async keepEvidence(camera: string, at: number, verdict: string): Promise<void> {
    const sql = 'INSERT OR REPLACE INTO evidence (camera, at, verdict) VALUES (?, ?, ?)';
    await this.#commit([{ sql, params: [camera, at, verdict] }]);
  }

  async close(): Promise<void> {
    this.#closed = true;
    const file = this.#database;
    this.#database = null;
    await file?.close();
  }

  async #isRoomy(): Promise<boolean> {
    try {
      return (await this.#ports.disk.freeBytes()) >= roomForOthers;
    } catch (error) {
      this.#warn(error);
      return false;
    }
  }

  /** Null: the disk does not do it now. */
  async #commit(statements: Statement[]) {
    try {
      return (await this.#database?.commit(statements)) ?? null;
    } catch (error) {
      this.#failed(error);
      return null;
    }
  }

  async #read<T extends Record<string, string | number | null | Uint8Array>>(
    sql: string,
    params: (string | number)[] = [],
  ): Promise<T[] | undefined> {
    try {
      return await this.#database?.read<T>(sql, params);
    } catch (error) {
      this.#failed(error);
      return undefined;
    }
  }

  #failed(error: unknown): void {
    if (this.#closed) return;
    this.#warn(error);
    const code = error instanceof DatabaseError ? error.code : null;
    const lost = this.#database;
    if (!lost || (code !== 'corrupt' && code !== 'io' && code !== 'closed')) return;
    this.#database = null;
    void lost
      .close()
      .catch((e: unknown) => this.#warn(e))
      .then(() => this.#again(error));
  }

  #again(error: unknown): void {
    const { clock, disk } = this.#ports;
    if (this.#closed) return;
    const damaged = error instanceof DatabaseError && error.code === 'corrupt';
    const aside = damaged ? disk.setAside('pictures', Math.round(clock.wall())) : Promise.resolve('');
    void aside
      .catch((e: unknown) => this.#warn(e))
      .then(() => clock.after(this.#pace.next(), () => void this.start()));
  }

  #lost(count: number, why: string): void {
    this.#ports.log.warn('pictures are lost', { count, why });
    this.#onLost(count);
  }

  #warn(error: unknown): void {
    this.#ports.log.warn('the file of pictures does not do as it should', { reason: reasonOf(error) });
  }
}
