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

/**
 * A checkpoint costs several trips to the disk, and SQLite makes it within a commit, which may be an alarm's. So a
 * durable file makes its own in a quiet moment, and leaves SQLite to do it where none has come for long. (The log
 * then begins anew in place: a commit that need not make its file grow is a cheaper trip as well.)
 */
const quietMs = 100;
const pagesToCheckpoint = 250;
const pagesAtMost = 4000;

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
      ${durability === 'durable' ? `PRAGMA wal_autocheckpoint = ${pagesAtMost};` : ''}
      BEGIN IMMEDIATE; COMMIT;`);
    db.exec(schema);
    return db;
  } catch (error) {
    db.close();
    throw error;
  }
}

/** Brings the log back into the file once there is enough of it. */
function checkpoint(db: DatabaseSync): void {
  try {
    const log = db.prepare('PRAGMA wal_checkpoint(NOOP)').get() as { log: number; checkpointed: number };
    if (log.log - log.checkpointed >= pagesToCheckpoint) db.exec('PRAGMA wal_checkpoint(PASSIVE)');
  } catch {
    // What is committed stays safe in the log. A disk that is full or broken tells whoever commits next.
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
  let quiet: NodeJS.Timeout | undefined;
  if (durability === 'durable') quiet = setTimeout(() => checkpoint(db), quietMs);
  port.on('message', (question: Question) => {
    quiet?.refresh();
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
          clearTimeout(quiet);
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
