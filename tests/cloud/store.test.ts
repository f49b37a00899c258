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
