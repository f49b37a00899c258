import { DatabaseSync } from 'node:sqlite';
import type { Clock, Database, DatabasePort, Log, Randomness } from '#platform/ports.ts';
import { boundStatement, SqliteFile } from '#platform/sqlite.ts';

/** A clock that stands still until it is told to go on. */
export class HandClock implements Clock {
  #now = 1_000_000;
  wallAt = Date.UTC(2026, 8, 1, 8, 0, 0);
  #timers: { at: number; run: () => void }[] = [];

  wall = () => this.wallAt + this.#now;
  monotonic = () => this.#now;
  after(ms: number, then: () => void): () => void {
    const timer = { at: this.#now + ms, run: then };
    this.#timers.push(timer);
    return () => {
      this.#timers = this.#timers.filter((other) => other !== timer);
    };
  }

  /** Lets `ms` pass; promises settle between timers. */
  async pass(ms: number): Promise<void> {
    const until = this.#now + ms;
    for (;;) {
      const [next] = this.#timers.filter((t) => t.at <= until).sort((a, b) => a.at - b.at);
      if (next === undefined) break;
      this.#timers = this.#timers.filter((other) => other !== next);
      this.#now = Math.max(this.#now, next.at);
      next.run();
      await settle();
    }
    this.#now = until;
    await settle();
  }

  /** As if the process was stopped for `ms`: no timer runs in between. */
  async freeze(ms: number): Promise<void> {
    this.#now += ms;
    await this.pass(0);
  }
}

export async function settle(): Promise<void> {
  for (let i = 0; i < 3; i += 1) await new Promise((resolve) => setImmediate(resolve));
}

/** SQLite in memory. The files outlive `close()`, as files do; `fail` makes each write fail. */
export class MemoryDatabases implements DatabasePort {
  readonly files = new Map<string, DatabaseSync>();
  fail: Error | null = null;
  /** Of these statements alone, by a part of their text. */
  failsAt: string | null = null;

  async open(name: string, _durability: unknown, schema: string): Promise<Database> {
    let db = this.files.get(name);
    if (db === undefined) this.files.set(name, (db = new DatabaseSync(':memory:')));
    db.exec(schema);
    const file = new SqliteFile(db);
    return {
      read: async (sql, params = []) => file.read(boundStatement({ sql, params })) as never,
      commit: async (statements) => {
        if (this.fail !== null) throw this.fail;
        const { failsAt } = this;
        if (failsAt !== null && statements.some(({ sql }) => sql.includes(failsAt)))
          throw new Error('disk full');
        return file.commit(statements.map(boundStatement));
      },
      close: async () => {},
    };
  }
}

/** The same numbers each time. */
export function seeded(seed = 1): Randomness {
  let state = seed;
  const fraction = () => (state = (state * 16_807) % 2_147_483_647) / 2_147_483_647;
  return {
    fraction,
    bytes: (count) => Uint8Array.from({ length: count }, () => Math.floor(fraction() * 256)),
  };
}

export const quiet: Log = {
  debug() {},
  info() {},
  warn() {},
  error() {},
  child: () => quiet,
};
