import { DatabaseSync } from 'node:sqlite';
import { DatabaseError, type DatabaseErrorCode } from '#platform/database-error.ts';
import { fileName } from '#platform/file-name.ts';
import type {
  Database,
  DatabasePort,
  DiskPort,
  Durability,
  FilePort,
  Row,
  SqlValue,
  StatementResult,
} from '#platform/ports.ts';
import { SqliteFile, bound, boundStatement, codeOf } from '#platform/sqlite.ts';
import { type Life, never } from './life.ts';
import type { Seeded } from './seeded.ts';
import type { Timeline } from './timeline.ts';

/** With synchronous=NORMAL, commits younger than this may be gone after a power cut. */
const relaxedSyncMs = 5000;
/** Free while the disk is not full. */
const roomyBytes = 1e9;
/** What a commit takes of a disk that is nearly full. */
const commitBytes = 8192;

interface File {
  db: DatabaseSync;
  sql: SqliteFile;
  durability: Durability;
  usedBy: Life | null;
  damaged: boolean;
  loseWorker(): void;
  /** One worker serves one file: calls are served and answered in order. */
  busyUntil: number;
  answeredUntil: number;
  /** Of a relaxed file: what a power cut leaves. */
  synced: { at: number; bytes: Uint8Array };
}

/** The disk of a machine: real SQLite files in memory, which outlive every process. */
export class Disk {
  /** Milliseconds from a call until the disk does it, and from there until the answer: [least, most]. */
  requestMs: [number, number] = [0.05, 0.4];
  answerMs: [number, number] = [0.1, 3];
  /** Both are multiplied by this. */
  slowness = 1;
  /** Commits (`full`) or all calls (`io`) fail while this is set; nothing of them is stored. */
  failing: 'full' | 'io' | null = null;
  /** Called after each commit, with the name of the file: for whoever watches what is durable. */
  onCommit: (name: string) => void = () => {};
  /** Bytes that are held back; what was held back and given free still takes commits while it is `full`. */
  #held = 0;
  #room = 0;
  /** Names of the files that were set aside. */
  readonly aside: string[] = [];
  readonly #files = new Map<string, File>();
  readonly #small = new Map<string, Uint8Array>();
  readonly #timeline: Timeline;
  readonly #random: Seeded;
  readonly #trace: (what: string) => void;

  constructor(timeline: Timeline, random: Seeded, trace: (what: string) => void) {
    this.#timeline = timeline;
    this.#random = random;
    this.#trace = trace;
  }

  /** The ports of one incarnation on this disk. */
  port(life: Life): { databases: DatabasePort; disk: DiskPort } {
    life.onEnd((how) => {
      for (const file of this.#files.values()) {
        if (file.usedBy !== life) continue;
        file.usedBy = null;
        if (how === 'power' && file.durability === 'relaxed') load(file, file.synced.bytes);
      }
    });
    const databases: DatabasePort = {
      open: (name, durability, schema) =>
        this.#later(life, null, 'open', () => {
          const file = this.#file(name, durability);
          if (file.usedBy !== null) {
            throw new DatabaseError('in-use', `${name} is in use by another process`);
          }
          if (file.damaged) throw new DatabaseError('corrupt', `${name}: file is not a database`);
          file.db.exec(schema);
          file.usedBy = life;
          file.durability = durability;
          return this.#database(life, name, file);
        }),
    };
    const disk: DiskPort = {
      setAside: (name, at) =>
        this.#later(life, null, 'set aside', () => {
          const file = this.#files.get(name);
          if (file?.usedBy) throw new DatabaseError('io', `${name} is in use`);
          const aside = `${name}.damaged-${at}`;
          this.#files.delete(name);
          if (file) this.#files.set(aside, file);
          this.aside.push(aside);
          this.#trace(`${name} is set aside as ${aside}`);
          return aside;
        }),
      freeBytes: () =>
        this.#later(life, null, 'free', () => (this.failing === 'full' ? this.#room : roomyBytes)),
      holdBack: (bytes) =>
        this.#later(life, null, 'hold back', () => {
          if (this.failing === 'full' && bytes > this.#held + this.#room) {
            throw new DatabaseError('full', 'the disk is full');
          }
          this.#room = this.failing === 'full' ? this.#room + this.#held - bytes : 0;
          this.#held = bytes;
        }),
    };
    return { databases, disk };
  }

  /** Small files on this disk. Not part of `port`: what decodes pictures runs outside of a world's time. */
  smallFiles(life: Life): FilePort {
    const files = this.#small;
    return {
      write: (name, bytes) =>
        this.#later(life, null, 'commit', () => void files.set(fileName(name), Uint8Array.from(bytes))),
      read: (name) => this.#later(life, null, 'read', () => files.get(fileName(name)) ?? null),
      remove: (name) => this.#later(life, null, 'remove', () => void files.delete(fileName(name))),
      list: () => this.#later(life, null, 'list', () => [...files.keys()]),
    };
  }

  /** Bad bits: from here on every call that touches the file finds it damaged, until it is set aside. */
  damage(name: string): void {
    this.#file(name, 'durable').damaged = true;
  }

  /** The worker thread of the file dies. */
  killWorker(name: string): void {
    this.#files.get(name)?.loseWorker();
  }

  /** A copy of the file as it is now, as a backup or a cloned card has it. */
  save(name: string): Uint8Array {
    const file = this.#files.get(name);
    if (file === undefined) throw new Error(`there is no file ${name} on this disk`);
    return file.db.serialize();
  }

  /** Puts an earlier copy back. Only while no process has the file open. */
  restore(name: string, bytes: Uint8Array): void {
    const file = this.#file(name, 'durable');
    if (file.usedBy !== null) throw new Error(`${name} is in use`);
    load(file, bytes);
  }

  /** The rows that are on this disk now, for the judge of a run; costs no time. */
  look(name: string, sql: string, params: readonly SqlValue[] = []): Row[] {
    return this.#files.get(name)?.sql.read({ sql, params: bound(params) }) ?? [];
  }

  close(): void {
    for (const { db } of this.#files.values()) db.close();
    this.#files.clear();
  }

  #file(name: string, durability: Durability): File {
    let file = this.#files.get(name);
    if (file === undefined) {
      const db = empty();
      const synced = { at: this.#timeline.now, bytes: db.serialize() };
      file = {
        db,
        sql: new SqliteFile(db),
        durability,
        usedBy: null,
        damaged: false,
        loseWorker() {},
        busyUntil: 0,
        answeredUntil: 0,
        synced,
      };
      this.#files.set(name, file);
    }
    return file;
  }

  #database(life: Life, name: string, file: File): Database {
    let open = true;
    file.loseWorker = () => {
      open = false;
      file.usedBy = null;
    };
    const call = <T>(what: string, work: () => T): Promise<T> => {
      if (!open) return Promise.reject(new DatabaseError('closed', `${name} is closed`));
      return this.#later(life, file, what, () => {
        if (file.damaged && what !== 'close') {
          throw new DatabaseError('corrupt', `${name}: database disk image is malformed`);
        }
        return work();
      });
    };
    return {
      async read<T extends Row>(sql: string, params: Parameters<Database['read']>[1] = []) {
        const statement = { sql, params: bound(params) };
        return call('read', () => file.sql.read(statement) as T[]);
      },
      commit: async (statements) => {
        const all = statements.map(boundStatement);
        return call<StatementResult[]>('commit', () => {
          const results = file.sql.commit(all);
          this.#trace(`commits ${all.length} to ${name}`);
          this.#sync(file);
          this.onCommit(name);
          return results;
        });
      },
      close: async () => {
        if (!open) return;
        const closed = call('close', () => {
          file.usedBy = null;
        });
        open = false;
        await closed;
      },
    };
  }

  /** A crash before `work` leaves nothing, one between `work` and the answer leaves it unanswered. */
  #later<T>(life: Life, file: File | null, what: string, work: () => T): Promise<T> {
    if (!life.alive) return never();
    return new Promise((resolve, reject) => {
      const { now } = this.#timeline;
      const workAt = Math.max(file?.busyUntil ?? 0, now + this.#draw(this.requestMs));
      const answerAt = Math.max(file?.answeredUntil ?? 0, workAt + this.#draw(this.answerMs));
      if (file !== null) {
        file.busyUntil = workAt;
        file.answeredUntil = answerAt;
      }
      life.after(workAt - now, () => {
        let answer: () => void;
        try {
          this.#obstruct(what);
          const value = work();
          answer = () => resolve(value);
        } catch (error) {
          const failure = asDatabaseError(error, codeOf(error));
          answer = () => reject(failure);
        }
        life.after(answerAt - workAt, answer);
      });
    });
  }

  /** A file can always be closed; a full disk can be read, and takes what has been given free on it. */
  #obstruct(what: string): void {
    if (this.failing === null || what === 'close') return;
    if (this.failing === 'io') throw new DatabaseError('io', 'the disk fails (io)');
    if (what === 'open' || what === 'commit') {
      if (this.#room < commitBytes) throw new DatabaseError('full', 'the disk fails (full)');
      this.#room -= commitBytes;
    }
  }

  #draw([least, most]: [number, number]): number {
    return this.#random.between(least, most) * this.slowness;
  }

  #sync(file: File): void {
    if (file.durability === 'durable' || this.#timeline.now - file.synced.at < relaxedSyncMs) return;
    file.synced = { at: this.#timeline.now, bytes: file.db.serialize() };
  }
}

function empty(): DatabaseSync {
  return new DatabaseSync(':memory:', { enableForeignKeyConstraints: true });
}

function load(file: File, bytes: Uint8Array): void {
  file.db.close();
  file.db = empty();
  if (bytes.length > 0) file.db.deserialize(bytes);
  file.sql = new SqliteFile(file.db);
}

function asDatabaseError(error: unknown, code: DatabaseErrorCode): DatabaseError {
  return error instanceof DatabaseError ? error : new DatabaseError(code, (error as Error).message);
}
