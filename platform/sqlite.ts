import { type DatabaseSync, type SQLInputValue, type StatementSync } from 'node:sqlite';
import { DatabaseError, type DatabaseErrorCode } from './database-error.ts';
import type { Row, SqlValue, Statement, StatementResult } from './ports.ts';

/** Prepared statements kept for a file; ours are few and constant. */
const cacheLimit = 256;

/**
 * Makes values that SQLite stores as what they are. The binding takes an object in first place for named
 * parameters and shifts all that follow, stores `undefined` and NaN as NULL and every number as a REAL, all
 * without a word: so objects are refused here, and whole numbers go in as integers.
 */
export function bound(params: readonly SqlValue[]): SQLInputValue[] {
  return params.map((value: unknown, index) => {
    if (value === null || typeof value === 'string' || typeof value === 'bigint') return value;
    if (typeof value === 'boolean') return value ? 1n : 0n;
    if (typeof value === 'number' && Number.isFinite(value)) {
      return Number.isSafeInteger(value) ? BigInt(value) : value;
    }
    // A copy, so that nobody changes the bytes between the call and the write.
    if (value instanceof Uint8Array) return new Uint8Array(value);
    const what = value instanceof Date ? 'a Date' : typeof value === 'object' ? 'an object' : String(value);
    throw new DatabaseError('parameter', `parameter ${index + 1} is ${what}, which SQLite cannot store`);
  });
}

export interface BoundStatement {
  sql: string;
  params: SQLInputValue[];
}

export function boundStatement(statement: Statement): BoundStatement {
  return { sql: statement.sql, params: bound(statement.params ?? []) };
}

interface Prepared {
  statement: StatementSync;
  givesRows: boolean;
}

/** An open file with its two calls, synchronous: run it in a worker thread or in the simulated world. */
export class SqliteFile {
  #prepared = new Map<string, Prepared>();
  readonly #db: DatabaseSync;
  readonly #begin: StatementSync;
  readonly #commit: StatementSync;

  constructor(db: DatabaseSync) {
    this.#db = db;
    this.#begin = db.prepare('BEGIN IMMEDIATE');
    this.#commit = db.prepare('COMMIT');
  }

  read({ sql, params }: BoundStatement): Row[] {
    return rowsOf(this.#prepare(sql).statement, params);
  }

  commit(statements: readonly BoundStatement[]): StatementResult[] {
    this.#begin.run();
    try {
      const results = statements.map(({ sql, params }) => {
        const { statement, givesRows } = this.#prepare(sql);
        if (!givesRows) return { changes: Number(statement.run(...params).changes), rows: [] };
        const rows = rowsOf(statement, params);
        return { changes: rows.length, rows };
      });
      this.#commit.run();
      return results;
    } catch (error) {
      // A full disk may have rolled back by itself.
      if (this.#db.isTransaction) this.#db.exec('ROLLBACK');
      throw error;
    }
  }

  #prepare(sql: string): Prepared {
    let prepared = this.#prepared.get(sql);
    if (prepared === undefined) {
      if (this.#prepared.size >= cacheLimit) this.#prepared.clear();
      const statement = this.#db.prepare(sql);
      prepared = { statement, givesRows: statement.columns().length > 0 };
      this.#prepared.set(sql, prepared);
    }
    return prepared;
  }
}

function rowsOf(statement: StatementSync, params: SQLInputValue[]): Row[] {
  return statement.all(...params).map((row) => ({ ...row }) as Row);
}

/** Code of a failure by SQLite's result codes (sqlite.org/rescode.html). */
export function codeOf(error: unknown): DatabaseErrorCode {
  if (error instanceof DatabaseError) return error.code;
  const extended = (error as { errcode?: number }).errcode;
  if (extended === undefined) return 'sql';
  // SQLITE_CONSTRAINT_UNIQUE, _PRIMARYKEY and _ROWID.
  if (extended === 2067 || extended === 1555 || extended === 2579) return 'unique';
  return primaryCodes[extended & 0xff] ?? 'sql';
}

const primaryCodes: Record<number, DatabaseErrorCode> = {
  3: 'io', // PERM
  5: 'in-use', // BUSY
  8: 'io', // READONLY
  10: 'io', // IOERR
  11: 'corrupt', // CORRUPT
  13: 'full', // FULL
  14: 'io', // CANTOPEN
  19: 'constraint', // CONSTRAINT
  20: 'constraint', // MISMATCH
  26: 'corrupt', // NOTADB
};
