import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import { DatabaseError } from '#platform/database-error.ts';
import type { Database, DatabasePort, Row, StatementResult } from '#platform/ports.ts';
import { bound, boundStatement } from '#platform/sqlite.ts';
import type { Answer, Question, WorkerSetup } from './database-worker.ts';

/** Calls that may wait for the disk; above it a call is refused with `busy`. */
const waitingLimit = 10_000;

/**
 * SQLite files in `folder` (made, for its owner only, when missing), each in a worker thread of its own and
 * open to this process alone.
 */
export function realDatabases(folder: string): DatabasePort {
  return {
    async open(name, durability, schema) {
      try {
        mkdirSync(folder, { recursive: true, mode: 0o700 });
      } catch (error) {
        throw new DatabaseError('io', `cannot make the folder ${folder}: ${(error as Error).message}`);
      }
      return openFile({ path: join(folder, `${name}.sqlite`), durability, schema });
    },
  };
}

type Ask = Question extends infer Q ? (Q extends Question ? Omit<Q, 'id'> : never) : never;
interface Pending {
  resolve(value: unknown): void;
  reject(error: Error): void;
}

async function openFile(setup: WorkerSetup): Promise<Database> {
  const waiting = new Map<number, Pending>();
  const worker = new Worker(new URL('./database-worker.ts', import.meta.url), { workerData: setup });
  let last = 0;
  let gone: string | null = null;

  const die = (why: string) => {
    gone ??= `${setup.path} ${why}`;
    for (const { reject } of waiting.values()) reject(new DatabaseError('closed', gone));
    waiting.clear();
  };
  worker.on('message', (answer: Answer) => {
    const pending = waiting.get(answer.id);
    waiting.delete(answer.id);
    if (answer.ok) pending?.resolve(answer.value);
    else pending?.reject(new DatabaseError(answer.code, answer.message));
  });
  worker.on('error', (error) => die(`lost its worker thread: ${error.message}`));
  const exited = new Promise<void>((done) => {
    worker.once('exit', (code) => {
      die(`lost its worker thread (exit code ${code})`);
      done();
    });
  });

  const expectAnswer = <T>(id: number) =>
    new Promise<T>((resolve, reject) => waiting.set(id, { resolve: resolve as Pending['resolve'], reject }));
  const ask = <T>(question: Ask): Promise<T> => {
    if (gone !== null) throw new DatabaseError('closed', gone);
    if (waiting.size >= waitingLimit) {
      throw new DatabaseError('busy', `${setup.path}: ${waitingLimit} calls are waiting for the disk`);
    }
    const id = ++last;
    const answer = expectAnswer<T>(id);
    // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread, not a window
    worker.postMessage({ ...question, id } as Question);
    return answer;
  };

  await expectAnswer(0);
  return {
    async read<T extends Row>(sql: string, params: Parameters<Database['read']>[1] = []): Promise<T[]> {
      return ask<T[]>({ kind: 'read', statement: { sql, params: bound(params) } });
    },
    async commit(statements) {
      return ask<StatementResult[]>({ kind: 'commit', statements: statements.map(boundStatement) });
    },
    async close() {
      if (gone === null) {
        const closed = ask({ kind: 'close' });
        gone = `${setup.path} is closed`;
        // The lock is gone with the thread, however the closing went.
        await closed.finally(() => exited);
      }
      await exited;
    },
  };
}
