/**
 * The thread in which one SQLite file lives: a synchronous commit would stall the event loop of the path.
 * Answers come in the order of the questions.
 */
import { DatabaseSync } from 'node:sqlite';
import { parentPort, workerData } from 'node:worker_threads';
import { type BoundStatement, SqliteFile, codeOf } from '../sqlite.ts';
import type { DatabaseErrorCode } from '../database-error.ts';
import type { Durability, Row, StatementResult } from '../ports.ts';

export interface WorkerSetup {
  path: string;
  durability: Durability;
  schema: string;
}
export type Question =
  | { id: number; kind: 'read'; statement: BoundStatement }
  | { id: number; kind: 'commit'; statements: BoundStatement[] }
  | { id: number; kind: 'close' };
export type Answer =
  | { id: number; ok: true; value: Row[] | StatementResult[] | null }
  | { id: number; ok: false; code: DatabaseErrorCode; message: string };

/** How long an opener waits for a process that is just ending. */
const busyTimeoutMs = 1000;

const port = parentPort!;
const { path, durability, schema } = workerData as WorkerSetup;

function open(): DatabaseSync {
  const db = new DatabaseSync(path, { timeout: busyTimeoutMs, enableForeignKeyConstraints: true });
  try {
    // EXCLUSIVE before the first access: two processes on one outbox would both number signals. The kernel
    // drops the lock of a killed process. (POSIX locks belong to the process: nobody in it may open and close
    // this file by other means.)
    db.exec(`PRAGMA locking_mode = EXCLUSIVE;
      PRAGMA journal_mode = WAL;
      PRAGMA synchronous = ${durability === 'durable' ? 'FULL' : 'NORMAL'};
      BEGIN IMMEDIATE; COMMIT;`);
    db.exec(schema);
    return db;
  } catch (error) {
    db.close();
    throw error;
  }
}

function failed(id: number, error: unknown): Answer {
  const code = codeOf(error);
  const message =
    code === 'in-use' ? `${path} is in use by another process` : `${path}: ${(error as Error).message}`;
  return { id, ok: false, code, message };
}

try {
  const db = open();
  const file = new SqliteFile(db);
  port.on('message', (question: Question) => {
    let answer: Answer;
    try {
      switch (question.kind) {
        case 'read':
          answer = { id: question.id, ok: true, value: file.read(question.statement) };
          break;
        case 'commit':
          answer = { id: question.id, ok: true, value: file.commit(question.statements) };
          break;
        case 'close':
          db.close();
          answer = { id: question.id, ok: true, value: null };
          break;
      }
    } catch (error) {
      answer = failed(question.id, error);
    }
    port.postMessage(answer);
    if (question.kind === 'close') port.close();
  });
  port.postMessage({ id: 0, ok: true, value: null } satisfies Answer);
} catch (error) {
  port.postMessage(failed(0, error));
  port.close();
}
