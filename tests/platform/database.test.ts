import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, expect, test } from 'vitest';
import type { DatabaseErrorCode } from '#platform/database-error.ts';
import type { Database, SqlValue } from '#platform/ports.ts';
import { realDatabases } from '#platform/real/database.ts';
import { until } from './pty.ts';

const cleanup: (() => unknown)[] = [];
afterEach(async () => {
  for (const undo of cleanup.splice(0).toReversed()) await undo();
});

const schema = `CREATE TABLE IF NOT EXISTS press (
  n INTEGER PRIMARY KEY, origin TEXT UNIQUE, real ANY, payload BLOB) STRICT`;

function folder(): string {
  const path = mkdtempSync(join(tmpdir(), 'belfry-db-'));
  cleanup.push(() => rmSync(path, { recursive: true, force: true }));
  return path;
}

async function open(at = folder()): Promise<Database> {
  const db = await realDatabases(at).open('outbox', 'durable', schema);
  cleanup.push(() => db.close());
  return db;
}

const insert = (...params: SqlValue[]) => ({
  sql: 'INSERT INTO press (n, origin, real) VALUES (?, ?, ?) RETURNING n',
  params,
});

const fails = (promise: Promise<unknown>, code: DatabaseErrorCode, message = /./) =>
  expect(promise).rejects.toMatchObject({
    name: 'DatabaseError',
    code,
    message: expect.stringMatching(message),
  });

test('a durable file brings its log home in a quiet moment, not within a commit', async () => {
  const at = folder();
  const db = await open(at);
  const size = () => statSync(join(at, 'outbox.sqlite')).size;
  const payload = new Uint8Array(2_000_000);
  await db.commit([insert(1, 'a', 1), { sql: 'UPDATE press SET payload = ?', params: [payload] }]);
  expect(size()).toBeLessThan(payload.length);
  await until('the file has grown by what the log held', () => size() > payload.length);
  expect(await db.read('SELECT n FROM press')).toEqual([{ n: 1 }]);
});

test('statements run in one transaction and give changes and RETURNING rows', async () => {
  const db = await open();
  const results = await db.commit([
    insert(1, 'a', true),
    insert(2, 'b', 7),
    { sql: 'UPDATE press SET payload = ?', params: [Buffer.from('0102', 'hex')] },
    { sql: "INSERT INTO press (origin) VALUES ('a') ON CONFLICT DO NOTHING RETURNING n" },
  ]);
  expect(results).toEqual([
    { changes: 1, rows: [{ n: 1 }] },
    { changes: 1, rows: [{ n: 2 }] },
    { changes: 2, rows: [] },
    { changes: 0, rows: [] },
  ]);
  const rows = await db.read('SELECT *, typeof(real) AS t FROM press WHERE n <= ? ORDER BY n', [9]);
  expect(rows).toEqual([
    { n: 1, origin: 'a', real: 1, payload: Uint8Array.of(1, 2), t: 'integer' },
    { n: 2, origin: 'b', real: 7, payload: Uint8Array.of(1, 2), t: 'integer' },
  ]);
});

test('a second press of one origin is refused as unique, and nothing of its transaction stays', async () => {
  const db = await open();
  await db.commit([insert(1, 'a', 0)]);
  await fails(db.commit([insert(2, 'b', 0), insert(3, 'a', 0)]), 'unique', /UNIQUE/);
  expect(await db.read('SELECT n FROM press')).toEqual([{ n: 1 }]);
  await db.commit([insert(4, 'd', 0)]);
});

test('a Date, undefined, an object and NaN are refused instead of stored as something else', async () => {
  const db = await open();
  for (const wrong of [new Date(0), undefined, { a: 1 }, NaN, Infinity, [1], () => 1, Symbol.iterator]) {
    await fails(db.commit([insert(wrong as SqlValue, 'a', 1)]), 'parameter', /parameter 1 is/);
    await fails(db.read('SELECT ?, ?', [1, wrong as SqlValue]), 'parameter', /parameter 2 is/);
  }
  expect(await db.read('SELECT * FROM press')).toEqual([]);
});

test('wrong SQL rejects and the file serves on', async () => {
  const db = await open();
  await fails(db.read('SELECT nonsense'), 'sql', /no such column/);
  await fails(db.commit([{ sql: 'INSERT INTO nowhere VALUES (1)' }]), 'sql', /no such table/);
  await fails(db.commit([insert('text', 'a', 1)]), 'constraint');
  expect(await db.commit([])).toEqual([]);
});

test('after close every call rejects as closed, and calls before it are served', async () => {
  const db = await open();
  const first = db.commit([insert(1, 'a', 1)]);
  await Promise.all([db.close(), db.close()]);
  expect(await first).toHaveLength(1);
  await fails(db.read('SELECT 1'), 'closed', /is closed/);
});

test('the file is durable, in WAL, and its folder for its owner only', async () => {
  const at = join(folder(), 'data');
  const db = await open(at);
  expect(await db.read('PRAGMA synchronous')).toEqual([{ synchronous: 2 }]);
  expect(await db.read('PRAGMA journal_mode')).toEqual([{ journal_mode: 'wal' }]);
  expect(await db.read('PRAGMA foreign_keys')).toEqual([{ foreign_keys: 1 }]);
  expect(statSync(at).mode & 0o777).toBe(0o700);
});

test('the same file cannot be opened twice, not even in one process', async () => {
  const at = folder();
  const db = await open(at);
  await fails(
    realDatabases(at).open('outbox', 'durable', schema),
    'in-use',
    /outbox.sqlite is in use by another/,
  );
  await db.commit([insert(1, 'a', 1)]);
});

test('a file that is no database, and a folder that cannot be made, are refused with their names', async () => {
  const at = folder();
  writeFileSync(join(at, 'outbox.sqlite'), 'x'.repeat(4096));
  await fails(realDatabases(at).open('outbox', 'durable', schema), 'corrupt', /outbox\.sqlite/);
  const file = join(at, 'outbox.sqlite');
  await fails(realDatabases(file).open('outbox', 'durable', schema), 'io', /cannot make the folder/);
});

test('a full disk rejects as full, keeps what was stored, and serves again when there is room', async () => {
  const db = await open();
  await db.commit([insert(1, 'a', 1)]);
  await db.read('PRAGMA max_page_count = 8');
  await fails(db.commit([{ sql: 'INSERT INTO press (n, payload) VALUES (2, zeroblob(100000))' }]), 'full');
  await db.read('PRAGMA max_page_count = 1000000');
  await db.commit([insert(2, 'b', 1)]);
  expect(await db.read('SELECT count(*) AS n FROM press')).toEqual([{ n: 2 }]);
});

test(
  'kill -9 of the writer loses no acknowledged row, and its lock dies with it',
  { timeout: 60_000 },
  async () => {
    const at = folder();
    const writer = fileURLToPath(new URL('./database-writer.ts', import.meta.url));
    let acknowledged = 0;
    for (let round = 1; round <= 4; round++) {
      const child = spawn(process.execPath, [writer, at], { stdio: ['ignore', 'pipe', 'inherit'] });
      let text = '';
      child.stdout.on('data', (bytes) => (text += bytes));
      const before = acknowledged;
      await until('the child has written', () => text.split('\n').length > 20 * round);
      await fails(realDatabases(at).open('outbox', 'durable', ''), 'in-use');
      child.kill('SIGKILL');
      await new Promise((closed) => child.once('close', closed));
      acknowledged = Number(text.split('\n').at(-2));
      expect(acknowledged).toBeGreaterThan(before);
      const db = await realDatabases(at).open('outbox', 'durable', '');
      const [row] = await db.read('SELECT count(*) AS n, max(n) AS top FROM press');
      expect(row!.n).toBe(row!.top);
      expect(row!.n).toBeGreaterThanOrEqual(acknowledged);
      expect(await db.read('PRAGMA integrity_check')).toEqual([{ integrity_check: 'ok' }]);
      await db.close();
    }
  },
);
