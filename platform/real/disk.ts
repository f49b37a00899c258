import { randomBytes } from 'node:crypto';
import { rename, rm, stat, statfs, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { DatabaseError } from '#platform/database-error.ts';
import type { DiskPort } from '#platform/ports.ts';

/** The disk under the database files in `folder`. */
export function realDisk(folder: string): DiskPort {
  return {
    setAside: (name, at) => onDisk(() => setAside(folder, name, at)),
    freeBytes: () =>
      onDisk(async () => {
        const { bavail, bsize } = await statfs(folder);
        return bavail * bsize;
      }),
    holdBack: (bytes) => onDisk(() => holdBack(join(folder, 'reserve'), bytes)),
  };
}

/** Runs file work, and tells its errors as a `DatabaseError`. */
export async function onDisk<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof DatabaseError) throw error;
    const { code, message } = error as NodeJS.ErrnoException;
    throw new DatabaseError(code === 'ENOSPC' || code === 'EDQUOT' ? 'full' : 'io', message);
  }
}

/** The log (-wal) belongs to the file: without it, what people may want to look at is not all there. */
async function setAside(folder: string, name: string, at: number): Promise<string> {
  const time = new Date(at).toISOString().replaceAll(/[-:]|\.\d+/g, '');
  let aside = `${name}.damaged-${time}.sqlite`;
  // A second one within a second never takes the place of the first.
  for (let i = 2; await isThere(join(folder, aside)); i++) aside = `${name}.damaged-${time}-${i}.sqlite`;
  for (const suffix of ['-wal', '-shm', '']) {
    await rename(join(folder, `${name}.sqlite${suffix}`), join(folder, `${aside}${suffix}`)).catch(
      (error: NodeJS.ErrnoException) => {
        if (error.code !== 'ENOENT') throw error;
      },
    );
  }
  return aside;
}

async function isThere(path: string): Promise<boolean> {
  return (await stat(path).catch(() => null)) !== null;
}

async function holdBack(path: string, bytes: number): Promise<void> {
  if (bytes === 0) return rm(path, { force: true });
  const there = await stat(path).catch(() => null);
  if (there?.size === bytes) return;
  try {
    // Not zeroes: a file system that compresses would hold nothing back.
    await writeFile(path, randomBytes(bytes), { mode: 0o600, flush: true });
  } catch (error) {
    await rm(path, { force: true });
    throw error;
  }
}
