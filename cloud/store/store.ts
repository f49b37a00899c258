import { Buffer } from 'node:buffer';
import type { Database, Ports, Row, SqlValue, Statement, StatementResult } from '#platform/ports.ts';
import type { FeedEvent } from '#protocols/api.ts';
import { attentionSchema } from '../alerts/schema.ts';
import { fourHundredSchema } from '../four-hundred/schema.ts';
import { inventorySchema } from '../inventory/schema.ts';
import { peopleSchema } from '../people/schema.ts';
import { cloudSchema, grownColumns } from './schema.ts';

/** Entries of the feed that are kept; a reader that was away for longer starts anew. */
export const eventsKept = 100_000;

/**
 * One entry of the feed: what kind of thing changed, and which one (an alarm's name, `gateway/device`, a
 * gateway, an alert's id, a centre). `subjectsOf` selects the subjects (one column, `subject`) where only the
 * commit itself knows them.
 */
export type Change =
  { type: FeedEvent['type']; subject: string } | { type: FeedEvent['type']; subjectsOf: Statement };

/** The cloud's relational state, and the only way to change it. */
export interface Store {
  /** Of this store: a new one has a new epoch, and gateways are told it with every answer. */
  readonly epoch: string;
  /** Rejects with a `DatabaseError` when the disk fails or the store is closed. */
  read<T extends Row = Row>(sql: string, params?: readonly SqlValue[]): Promise<T[]>;
  /**
   * Runs the statements and writes the feed's entries in one transaction, then wakes the feed. The results are
   * those of `statements`. Rejects with a `DatabaseError`, and then nothing was written.
   */
  commit(statements: readonly Statement[], changes?: readonly Change[]): Promise<StatementResult[]>;
  /** `wake` is called after each commit that may have added to the feed. Returns what ends it. */
  subscribe(wake: () => void): () => void;
  close(): Promise<void>;
}

/** Opens (and creates) the database `cloud` of this process. */
export async function openStore(ports: Pick<Ports, 'clock' | 'random' | 'databases'>): Promise<Store> {
  const { clock, random, databases } = ports;
  const schema = [cloudSchema, attentionSchema, fourHundredSchema, inventorySchema, peopleSchema].join('');
  const database = await databases.open('cloud', 'durable', schema);
  await grow(database);
  await database.commit([
    {
      sql: `INSERT INTO meta (key, value) VALUES ('cloud_epoch', ?) ON CONFLICT (key) DO NOTHING`,
      params: [Buffer.from(random.bytes(8)).toString('hex')],
    },
  ]);
  const [row] = await database.read<{ value: string }>(`SELECT value FROM meta WHERE key = 'cloud_epoch'`);
  if (row === undefined) throw new Error('the store has no epoch although it was just written');

  const wakes = new Set<() => void>();
  return {
    epoch: row.value,
    read: (sql, params) => database.read(sql, params),
    async commit(statements, changes = []) {
      if (changes.length === 0) return database.commit(statements);
      const at = Math.round(clock.wall());
      const results = await database.commit([
        ...statements,
        ...changes.map((change) => entryOf(change, at)),
        { sql: `DELETE FROM events WHERE id <= (SELECT MAX(id) FROM events) - ${eventsKept}` },
      ]);
      for (const wake of wakes) wake();
      return results.slice(0, statements.length);
    },
    subscribe(wake) {
      wakes.add(wake);
      return () => wakes.delete(wake);
    },
    close: () => database.close(),
  };
}

function entryOf(change: Change, at: number): Statement {
  if ('subject' in change) {
    return {
      sql: `INSERT INTO events (at, type, subject) VALUES (?, ?, ?)`,
      params: [at, change.type, change.subject],
    };
  }
  const { sql, params = [] } = change.subjectsOf;
  return {
    sql: `INSERT INTO events (at, type, subject) SELECT ?, ?, changed.subject FROM (${sql}) AS changed`,
    params: [at, change.type, ...params],
  };
}

/** Adds the columns that a store of an earlier version has not got yet. */
async function grow(database: Database): Promise<void> {
  const tables = new Set(grownColumns.map(({ table }) => table));
  const held = new Set<string>();
  for (const table of tables) {
    const columns = await database.read<{ name: string }>('SELECT name FROM pragma_table_info(?)', [table]);
    for (const { name } of columns) held.add(`${table}.${name}`);
  }
  const missing = grownColumns.filter(({ table, column }) => !held.has(`${table}.${column}`));
  if (missing.length === 0) return;
  await database.commit(
    missing.map(({ table, column, definition }) => ({
      sql: `ALTER TABLE ${table} ADD COLUMN ${column} ${definition}`,
    })),
  );
}
