import {
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { realDatabases } from '#platform/real/database.ts';
import { onDisk, realDisk } from '#platform/real/disk.ts';

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
  // As a killed process leaves it: the last commits are in the log only.
  for (const suffix of ['-wal', '-shm']) writeFileSync(join(folder, `alarms.sqlite${suffix}`), suffix);
  const aside = await realDisk(folder).setAside('alarms', Date.UTC(2026, 10, 23, 8, 0, 1, 5));
  expect(aside).toBe('alarms.damaged-20261123T080001Z.sqlite');
  expect(existsSync(join(folder, aside))).toBe(true);
  expect(readFileSync(join(folder, `${aside}-wal`), 'utf8')).toBe('-wal');
  expect(readdirSync(folder).filter((name) => name.startsWith('alarms.sqlite'))).toEqual([]);
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
  const reserve = join(folder, 'reserve');
  utimesSync(reserve, 0, 0);
  await disk.holdBack(100_000);
  expect(readdirSync(folder)).toEqual(['reserve']);
  // Not written again, and nothing that a file system could make small.
  expect(statSync(reserve)).toMatchObject({ size: 100_000, mtimeMs: 0 });
  expect(new Set(readFileSync(reserve)).size).toBeGreaterThan(200);
  await disk.holdBack(50_000);
  expect(statSync(reserve).size).toBe(50_000);
  await disk.holdBack(0);
  await disk.holdBack(0);
  expect(readdirSync(folder)).toEqual([]);
});

test('a folder that is gone rejects as a failing disk', async () => {
  const disk = realDisk(join(folder, 'none'));
  await expect(disk.freeBytes()).rejects.toMatchObject({ code: 'io' });
  await expect(disk.holdBack(10)).rejects.toMatchObject({ code: 'io' });
});

test('a disk that is full is told from one that fails', async () => {
  const failing = (code: string) => onDisk(() => Promise.reject(Object.assign(new Error(code), { code })));
  await expect(failing('ENOSPC')).rejects.toMatchObject({ code: 'full' });
  await expect(failing('EDQUOT')).rejects.toMatchObject({ code: 'full' });
  await expect(failing('EIO')).rejects.toMatchObject({ code: 'io' });
});
