import { existsSync, mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { realDatabases } from '#platform/real/database.ts';
import { realDisk } from '#platform/real/disk.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'belfry-disk-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const schema = 'CREATE TABLE IF NOT EXISTS press (n INTEGER PRIMARY KEY)';

test('a file is set aside with all that belongs to it, and an empty one begins', async () => {
  const open = () => realDatabases(folder).open('alarms', 'durable', schema);
  const first = await open();
  await first.commit([{ sql: 'INSERT INTO press VALUES (1)' }]);
  await first.close();
  const aside = await realDisk(folder).setAside('alarms', Date.UTC(2026, 10, 23, 8, 0, 1, 5));
  expect(aside).toBe('alarms.damaged-20261123T080001Z.sqlite');
  expect(existsSync(join(folder, aside))).toBe(true);
  const second = await open();
  expect(await second.read('SELECT * FROM press')).toEqual([]);
  await second.close();
  const next = await realDisk(folder).setAside('alarms', Date.UTC(2026, 10, 23, 8, 0, 1, 900));
  expect(next).toBe('alarms.damaged-20261123T080001Z-2.sqlite');
  expect(readdirSync(folder)).toEqual(expect.arrayContaining([aside, next]));
});

test('what is held back is there once, and is gone when it is given free', async () => {
  const disk = realDisk(folder);
  expect(await disk.freeBytes()).toBeGreaterThan(100_000);
  await disk.holdBack(100_000);
  await disk.holdBack(100_000);
  expect(readdirSync(folder)).toEqual(['reserve']);
  expect(statSync(join(folder, 'reserve')).size).toBe(100_000);
  await disk.holdBack(0);
  await disk.holdBack(0);
  expect(readdirSync(folder)).toEqual([]);
});

test('a folder that is gone rejects as a failing disk', async () => {
  const disk = realDisk(join(folder, 'none'));
  await expect(disk.freeBytes()).rejects.toMatchObject({ code: 'io' });
  await expect(disk.holdBack(10)).rejects.toMatchObject({ code: 'io' });
});
