import { createHash } from 'node:crypto';
import { checkedSize } from '#platform/jpeg.ts';
import type { Clock, Database, DiskPort, FilePort, Row } from '#platform/ports.ts';
import type { ApiPicture } from '#protocols/api-pictures.ts';
import { type PictureKind, type PictureName, pictureSideLimit } from '#protocols/pictures.ts';

/** A file of its own: no alarm waits for a picture's commit. */
export const picturesSchema = `
CREATE TABLE IF NOT EXISTS meta (key TEXT PRIMARY KEY, value TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS pictures (
  id INTEGER PRIMARY KEY,
  campus TEXT NOT NULL,
  gateway TEXT NOT NULL,
  camera TEXT NOT NULL,
  kind TEXT NOT NULL,
  about TEXT NOT NULL,
  n INTEGER NOT NULL,
  taken_at INTEGER NOT NULL,
  received_at INTEGER NOT NULL,
  bytes INTEGER NOT NULL,
  width INTEGER NOT NULL,
  height INTEGER NOT NULL,
  sha256 TEXT NOT NULL,
  -- the file is gone, by age or for want of room; the entry stays as long as the log of views
  removed_at INTEGER,
  UNIQUE (gateway, camera, kind, about, n)
);
CREATE INDEX IF NOT EXISTS pictures_about ON pictures (about, kind);
CREATE INDEX IF NOT EXISTS pictures_kept ON pictures (kind, received_at) WHERE removed_at IS NULL;
CREATE INDEX IF NOT EXISTS pictures_file ON pictures (sha256);
-- Who looked at what: written before the picture is handed out.
CREATE TABLE IF NOT EXISTS views (
  id INTEGER PRIMARY KEY,
  picture INTEGER NOT NULL REFERENCES pictures(id),
  at INTEGER NOT NULL,
  how TEXT NOT NULL,
  who TEXT NOT NULL
);
CREATE INDEX IF NOT EXISTS views_picture ON views (picture);
`;

/** Less than this stays free for alarms. */
const freeForOthers = 256 * 2 ** 20;
/** Each crash leaves one at most. */
const straysLimit = 100;
const columns =
  'id, campus, gateway, camera, kind, about, n, taken_at, received_at, bytes, width, height, sha256, removed_at';

/** `stored` or `known` (the same bytes came again); `other`: this name has other bytes; `gone`: it was removed. */
export type Accepted =
  { as: 'stored' | 'known'; picture: ApiPicture } | { as: 'other' | 'gone' | 'no-picture' | 'no-room' };

export interface PictureFilter {
  /** Null: all. */
  campuses?: readonly string[] | null;
  gateway?: string;
  camera?: string;
  kind?: PictureKind;
  about?: readonly string[];
  id?: number;
  before?: number;
  limit: number;
}

/** Room that pictures may take, bytes. */
export interface ShelfLimits {
  bytes: number;
  bytesPerGateway: number;
}

export interface ShelfParts {
  clock: Clock;
  database: Database;
  files: FilePort;
  disk: Pick<DiskPort, 'freeBytes'>;
  limits: ShelfLimits;
}

/** The pictures that are kept: files named by what is in them, and an entry for each. */
export class Shelf {
  readonly #parts: ShelfParts;
  /** One change at a time: a file may be that of two entries, and must not go between the two steps of a third. */
  #last: Promise<unknown> = Promise.resolve();

  constructor(parts: ShelfParts) {
    this.#parts = parts;
  }

  /** Rejects with a `DatabaseError`, and with `NoDecoder` where pictures cannot be looked at. */
  async accept(name: PictureName & { campus: string }, jpeg: Uint8Array, takenAt: number): Promise<Accepted> {
    const sha256 = createHash('sha256').update(jpeg).digest('hex');
    const known = await this.#known(name, sha256);
    if (known) return known;
    const size = await checkedSize(jpeg, pictureSideLimit);
    if (size === null) return { as: 'no-picture' };
    return this.#alone(async () => {
      const { clock, database, files, disk } = this.#parts;
      const meanwhile = await this.#known(name, sha256);
      if (meanwhile) return meanwhile;
      if ((await disk.freeBytes()) < freeForOthers + jpeg.length) return { as: 'no-room' };
      await files.write(fileOf(sha256), jpeg);
      const { campus, gateway, camera, kind, about, n } = name;
      const now = Math.round(clock.wall());
      const values = [campus, gateway, camera, kind, about, n, takenAt, now, jpeg.length];
      const [done] = await database.commit([
        {
          sql: `INSERT INTO pictures (campus, gateway, camera, kind, about, n, taken_at, received_at, bytes,
                  width, height, sha256) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) RETURNING ${columns}`,
          params: [...values, size.width, size.height, sha256],
        },
      ]);
      await this.#keepWithin(gateway);
      return { as: 'stored', picture: done!.rows[0] as unknown as ApiPicture };
    });
  }

  /** The newest first. */
  async find({
    campuses,
    gateway,
    camera,
    kind,
    about,
    id,
    before,
    limit,
  }: PictureFilter): Promise<ApiPicture[]> {
    const conditions: (readonly [string, readonly (string | number)[]])[] = [
      ...(campuses == null
        ? []
        : [['campus IN (SELECT value FROM json_each(?))', [JSON.stringify(campuses)]] as const]),
      ...(gateway === undefined ? [] : [['gateway = ?', [gateway]] as const]),
      ...(camera === undefined ? [] : [['camera = ?', [camera]] as const]),
      ...(kind === undefined ? [] : [['kind = ?', [kind]] as const]),
      ...(about === undefined ? [] : [[`about IN (${about.map(() => '?').join(', ')})`, about] as const]),
      ...(id === undefined ? [] : [['id = ?', [id]] as const]),
      ...(before === undefined ? [] : [['id < ?', [before]] as const]),
    ];
    const where = ['true', ...conditions.map(([sql]) => sql)].join(' AND ');
    return this.#read(`${where} ORDER BY id DESC LIMIT ?`, [...conditions.flatMap(([, p]) => p), limit]);
  }

  /** Null: its file is gone. */
  async bytes({ sha256, removed_at }: ApiPicture): Promise<Uint8Array | null> {
    return removed_at === null ? this.#parts.files.read(fileOf(sha256)) : null;
  }

  /**
   * Removes the pictures of a kind that came before `before` (UTC ms), except those about `held`. Resolves with
   * how many.
   */
  removeOld(kind: PictureKind, before: number, held: ReadonlySet<string>): Promise<number> {
    return this.#alone(async () => {
      const old = await this.#read(
        'kind = ? AND received_at < ? AND removed_at IS NULL ORDER BY id LIMIT 1000',
        [kind, before],
      );
      return this.#remove(old.filter(({ about }) => !held.has(about)));
    });
  }

  /**
   * Files that no entry knows (a crash came between the two) go. Rejects where there are more than crashes leave: then
   * the entries are what was lost, and the files are all that is left.
   */
  removeStrays(): Promise<number> {
    return this.#alone(async () => {
      const { database, files } = this.#parts;
      const rows = await database.read<{ sha256: string }>(
        'SELECT DISTINCT sha256 FROM pictures WHERE removed_at IS NULL',
      );
      const known = new Set(rows.map(({ sha256 }) => fileOf(sha256)));
      const strays = (await files.list()).filter((name) => !known.has(name));
      if (strays.length > straysLimit) {
        throw new Error(
          `${strays.length} pictures have no entry; was pictures.sqlite lost? None was removed`,
        );
      }
      for (const name of strays) await files.remove(name);
      return strays.length;
    });
  }

  async #known(name: PictureName, sha256: string): Promise<Accepted | null> {
    const { gateway, camera, kind, about, n } = name;
    const [picture] = await this.#read('gateway = ? AND camera = ? AND kind = ? AND about = ? AND n = ?', [
      gateway,
      camera,
      kind,
      about,
      n,
    ]);
    if (picture === undefined) return null;
    if (picture.removed_at !== null) return { as: 'gone' };
    return picture.sha256 === sha256 ? { as: 'known', picture } : { as: 'other' };
  }

  /** Evidence goes first, then what was asked for, then pictures of alarms, and of each the oldest first. */
  async #keepWithin(gateway: string): Promise<void> {
    const { limits } = this.#parts;
    const beyond = (where: string) => `removed_at IS NULL AND id IN (SELECT id FROM
      (SELECT id, SUM(bytes) OVER (ORDER BY kind = 'alarm' DESC, kind = 'request' DESC, id DESC) AS so_far
       FROM pictures WHERE removed_at IS NULL AND ${where}) WHERE so_far > ?)`;
    await this.#remove(await this.#read(beyond('gateway = ?'), [gateway, limits.bytesPerGateway]));
    await this.#remove(await this.#read(beyond('true'), [limits.bytes]));
  }

  /** The entries first: an entry without a file would be shown, a file without an entry is a stray. */
  async #remove(pictures: readonly ApiPicture[]): Promise<number> {
    const { clock, database, files } = this.#parts;
    if (pictures.length === 0) return 0;
    const now = Math.round(clock.wall());
    await database.commit(
      pictures.map(({ id }) => ({
        sql: 'UPDATE pictures SET removed_at = ? WHERE id = ?',
        params: [now, id],
      })),
    );
    for (const sha256 of new Set(pictures.map((p) => p.sha256))) {
      const [other] = await this.#read('sha256 = ? AND removed_at IS NULL LIMIT 1', [sha256]);
      if (other === undefined) await files.remove(fileOf(sha256));
    }
    return pictures.length;
  }

  #read(where: string, params: readonly (string | number)[]): Promise<ApiPicture[]> {
    return this.#parts.database.read<ApiPicture & Row>(
      `SELECT ${columns} FROM pictures WHERE ${where}`,
      params,
    );
  }

  #alone<T>(work: () => Promise<T>): Promise<T> {
    const mine = this.#last.then(work, work);
    this.#last = mine.catch(() => {});
    return mine;
  }
}

const fileOf = (sha256: string) => `${sha256.slice(0, 2)}/${sha256}.jpg`;
