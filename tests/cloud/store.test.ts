import { DatabaseSync } from 'node:sqlite';
import { beforeEach, expect, test } from 'vitest';
import { createFeed } from '#cloud/feed.ts';
import { eventsKept, openStore, type Store } from '#cloud/store/store.ts';
import { HandClock, MemoryDatabases, seeded } from './fake-ports.ts';

const clock = new HandClock();
let disk: MemoryDatabases;
let store: Store;
beforeEach(async () => {
  disk = new MemoryDatabases();
  store = await openStore({ clock, random: seeded(1), databases: disk });
});

const meta = (key: string) => ({ sql: 'INSERT INTO meta (key, value) VALUES (?, ?)', params: [key, 'v'] });

test('the epoch is that of the store, not of the process', async () => {
  const again = await openStore({ clock, random: seeded(2), databases: disk });
  expect(again.epoch).toBe(store.epoch);
  expect(store.epoch).toMatch(/^[0-9a-f]{16}$/);
  const other = await openStore({ clock, random: seeded(2), databases: new MemoryDatabases() });
  expect(other.epoch).not.toBe(store.epoch);
});

test('what changed and the word of it are written together, or not at all', async () => {
  const feed = createFeed(store);
  let woken = 0;
  const end = feed.subscribe(() => (woken += 1));
  await store.commit([meta('a')], [{ type: 'device', subject: 'gate/button' }]);
  await expect(store.commit([meta('a')], [{ type: 'device', subject: 'lost' }])).rejects.toThrow();
  expect(await feed.after(0, 10)).toMatchObject([{ type: 'device', subject: 'gate/button' }]);
  expect(woken).toBe(1);
  end();
  await store.commit([], [{ type: 'device', subject: 'x' }]);
  expect(woken).toBe(1);
});

test('the results are those of the caller alone', async () => {
  const results = await store.commit([meta('a'), meta('b')], [{ type: 'gateway', subject: 'g' }]);
  expect(results.map(({ changes }) => changes)).toEqual([1, 1]);
});

test('a subject that only the commit knows is found by it', async () => {
  await store.commit(
    [meta('k')],
    [
      {
        type: 'alert',
        subjectsOf: { sql: `SELECT key AS subject FROM meta WHERE key = ?`, params: ['k'] },
      },
      { type: 'alert', subjectsOf: { sql: `SELECT key AS subject FROM meta WHERE key = 'none'` } },
    ],
  );
  expect(await createFeed(store).after(0, 10)).toMatchObject([{ type: 'alert', subject: 'k' }]);
});

test('the feed keeps its newest entries, and says to a reader who was away too long that it does not hold his', async () => {
  const feed = createFeed(store);
  expect(await feed.holds(0)).toBe(true);
  expect(await feed.latest()).toBe(0);
  const many = Array.from({ length: 10_000 }, (_, i) => ({ type: 'device' as const, subject: `${i}` }));
  for (let i = 0; i < eventsKept; i += many.length) await store.commit([], many);
  await store.commit([], many.slice(0, 5));
  expect(await feed.latest()).toBe(eventsKept + 5);
  expect(await feed.holds(4)).toBe(false);
  expect(await feed.holds(5)).toBe(true);
  expect(await feed.holds(eventsKept + 6)).toBe(false);
  expect((await feed.after(0, 1))[0]!.id).toBe(6);
});

/** Tables as the first version made them. */
const firstSchema = `
CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL);
CREATE TABLE signals (
  id INTEGER PRIMARY KEY, name TEXT NOT NULL, digest TEXT NOT NULL, campus TEXT NOT NULL, gateway TEXT NOT NULL,
  epoch TEXT NOT NULL, n INTEGER NOT NULL, device TEXT NOT NULL, type TEXT NOT NULL, mode TEXT NOT NULL,
  account TEXT NOT NULL, zone INTEGER NOT NULL, code TEXT NOT NULL, occurred_at INTEGER NOT NULL,
  clock_known INTEGER NOT NULL, origin TEXT, same_as INTEGER REFERENCES signals(id),
  incident INTEGER REFERENCES incidents(id), age_at_ingest_ms REAL NOT NULL, age_at_first_byte_ms REAL NOT NULL,
  first_byte_at REAL NOT NULL, ingested_at REAL NOT NULL, committed_at REAL NOT NULL, dispatched_at REAL,
  delivered_at REAL, ended_by TEXT, crossed_restart INTEGER NOT NULL DEFAULT 0, late INTEGER NOT NULL DEFAULT 0,
  edge_stages TEXT NOT NULL DEFAULT '{"first_byte":0}', lamp TEXT, reported INTEGER NOT NULL DEFAULT 0,
  UNIQUE (name, digest)
);
CREATE TABLE incidents (
  id INTEGER PRIMARY KEY, campus TEXT NOT NULL, gateway TEXT NOT NULL, device TEXT NOT NULL,
  opened_at INTEGER NOT NULL, acknowledged_by TEXT, acknowledged_at INTEGER, resolved_by TEXT, resolved_at INTEGER
);
CREATE TABLE alerts (
  id INTEGER PRIMARY KEY, code TEXT NOT NULL, severity TEXT NOT NULL, subject TEXT NOT NULL, text TEXT NOT NULL,
  opened_at INTEGER NOT NULL, closed_at INTEGER
);
CREATE UNIQUE INDEX alerts_open ON alerts (code, subject) WHERE closed_at IS NULL;
INSERT INTO meta VALUES ('cloud_epoch', '0123456789abcdef');
INSERT INTO alerts (code, severity, subject, text, opened_at) VALUES ('gateway-offline', 'critical', 'gate', '{"zh":"x","en":"x"}', 1);
INSERT INTO signals (name, digest, campus, gateway, epoch, n, device, type, mode, account, zone, code, occurred_at,
  clock_known, age_at_ingest_ms, age_at_first_byte_ms, first_byte_at, ingested_at, committed_at)
  VALUES ('gate.0.alarm.1', 'd', 'school', 'gate', '0', 1, 'b1', 'press', 'real', 'AAAA', 1, '120', 1, 1, 1, 1, 1, 1, 1);
`;

test('a store of the first version is opened: it loses nothing, and gains what came since', async () => {
  const old = new MemoryDatabases();
  const file = new DatabaseSync(':memory:');
  file.exec(firstSchema);
  old.files.set('cloud', file);
  const columnsOf = (of: MemoryDatabases) =>
    of.files
      .get('cloud')!
      .prepare(
        `SELECT t.name || '.' || c.name AS c FROM sqlite_schema t, pragma_table_info(t.name) c
         WHERE t.type = 'table' ORDER BY 1`,
      )
      .all()
      .map(({ c }) => c);
  const grown = await openStore({ clock, random: seeded(3), databases: old });
  expect(grown.epoch).toBe('0123456789abcdef');
  expect(columnsOf(old)).toEqual(columnsOf(disk));
  expect(await grown.read('SELECT name, sum, route, ended_at FROM signals')).toEqual([
    { name: 'gate.0.alarm.1', sum: null, route: null, ended_at: null },
  ]);
  expect(await grown.read('SELECT subject, mode, repeats FROM alerts')).toEqual([
    { subject: 'gate', mode: null, repeats: 0 },
  ]);
  const again = await openStore({ clock, random: seeded(4), databases: old });
  expect(again.epoch).toBe(grown.epoch);
});
