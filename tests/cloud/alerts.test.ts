import { beforeEach, expect, test } from 'vitest';
import { type Alerts, type AlertText, createAlerts } from '#cloud/alerts/alerts.ts';
import { createFeed } from '#cloud/feed.ts';
import { openStore, type Store } from '#cloud/store/store.ts';
import { HandClock, MemoryDatabases, quiet, seeded } from './fake-ports.ts';

const clock = new HandClock();
let disk: MemoryDatabases;
let store: Store;
let alerts: Alerts;
beforeEach(async () => {
  disk = new MemoryDatabases();
  store = await openStore({ clock, random: seeded(), databases: disk });
  alerts = await createAlerts({ clock, random: seeded(), log: quiet, store });
});

const gone: AlertText = {
  code: 'gateway-offline',
  severity: 'critical',
  subject: 'gate',
  text: { zh: '离线', en: 'offline' },
};
const rows = () => store.read('SELECT subject, closed_at IS NULL AS open FROM alerts ORDER BY id');

test('raised a hundred times at once it is one alert, and one entry of the feed', async () => {
  await Promise.all(Array.from({ length: 100 }, () => alerts.raise(gone)));
  expect(await rows()).toEqual([{ subject: 'gate', open: 1 }]);
  expect(await createFeed(store).after(0, 10)).toMatchObject([{ type: 'alert', subject: '1' }]);
});

test('cleared and raised again it is a second alert, each change in the feed', async () => {
  await alerts.raise(gone);
  await alerts.clear(gone.code, 'gate');
  await alerts.clear(gone.code, 'gate');
  expect(alerts.isOpen(gone.code, 'gate')).toBe(false);
  await alerts.raise(gone);
  expect(await rows()).toEqual([
    { subject: 'gate', open: 0 },
    { subject: 'gate', open: 1 },
  ]);
  const feed = await createFeed(store).after(0, 10);
  expect(feed.map(({ subject }) => subject)).toEqual(['1', '1', '2']);
});

test('after a restart it is still open, is not raised twice and can be cleared', async () => {
  await alerts.raise(gone);
  const next = await createAlerts({ clock, random: seeded(), log: quiet, store });
  await next.raise(gone);
  expect(await rows()).toEqual([{ subject: 'gate', open: 1 }]);
  await next.clear(gone.code, 'gate');
  expect(await rows()).toEqual([{ subject: 'gate', open: 0 }]);
});

test('a disk that fails does not throw at whoever raises, and the next call writes it', async () => {
  disk.fail = new Error('disk full');
  await alerts.raise(gone);
  expect(alerts.isOpen(gone.code, 'gate')).toBe(false);
  disk.fail = null;
  await alerts.raise(gone);
  disk.fail = new Error('disk full');
  await alerts.clear(gone.code, 'gate');
  expect(alerts.isOpen(gone.code, 'gate')).toBe(true);
  disk.fail = null;
  await alerts.clear(gone.code, 'gate');
  expect(await rows()).toEqual([{ subject: 'gate', open: 0 }]);
});

test('what the disk does not take is written later, though nobody says it again', async () => {
  disk.fail = new Error('disk full');
  await alerts.raise(gone);
  disk.fail = null;
  await clock.pass(60_000);
  expect(await rows()).toEqual([{ subject: 'gate', open: 1 }]);
  disk.fail = new Error('disk full');
  await alerts.clear(gone.code, 'gate');
  await clock.pass(60_000);
  disk.fail = null;
  await clock.pass(60_000);
  expect(await rows()).toEqual([{ subject: 'gate', open: 0 }]);
  // A newer word takes the place of one that is not written.
  disk.fail = new Error('disk full');
  await alerts.raise(gone);
  await alerts.clear(gone.code, 'gate');
  disk.fail = null;
  await clock.pass(60_000);
  expect(await rows()).toEqual([{ subject: 'gate', open: 0 }]);
});
