import {
  closeSync,
  constants,
  copyFileSync,
  existsSync,
  openSync,
  readSync,
  rmSync,
  statSync,
} from 'node:fs';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { UserError } from './service.ts';

const tries = 100;
const pauseMs = 50;
/** A file that was written less than this ago may be written at this moment: its time is only so exact, ms. */
const restMs = 50;
/** A WAL file begins with a header that changes when SQLite begins it anew (https://www.sqlite.org/walformat.html). */
const walHeaderBytes = 32;

/**
 * Copies the cloud's database into `to` as it is at one moment. A running cloud has it for itself alone, so nothing
 * is locked and nothing of SQLite's is opened: the log is taken first and then the file, again until neither the file
 * has been written meanwhile nor the log begun anew; what was added to the log in between belongs to no copy.
 */
export async function copyStore(from: string, to: string): Promise<void> {
  // The folder of a cloud, or that of an `up`, which has the cloud's inside.
  const folder = [from, join(from, 'cloud')].find((path) => existsSync(join(path, 'cloud.sqlite'))) ?? from;
  const file = join(folder, 'cloud.sqlite');
  const log = `${file}-wal`;
  if (!existsSync(file)) throw new UserError(`${file}: there is no store of a cloud in this folder`);
  for (let i = 0; i < tries; i++) {
    if (i > 0) await wait(pauseMs);
    try {
      if (copied(file, log, to)) return;
    } catch (error) {
      // The log is removed when a cloud stops.
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    }
  }
  throw new UserError(`${file}: the cloud is writing without a pause; try again, or on a copy of its folder`);
}

/** Whether the copy is of one moment. */
function copied(file: string, log: string, to: string): boolean {
  const before = stateOf(file, log);
  if (Date.now() - before.writtenAt < restMs) return false;
  const copyOfLog = join(to, 'cloud.sqlite-wal');
  rmSync(copyOfLog, { force: true });
  if (before.header !== '') copyFileSync(log, copyOfLog, constants.COPYFILE_FICLONE);
  copyFileSync(file, join(to, 'cloud.sqlite'), constants.COPYFILE_FICLONE);
  const after = stateOf(file, log);
  return after.header === before.header && after.file === before.file;
}

function stateOf(file: string, log: string): { file: string; header: string; writtenAt: number } {
  const { mtimeNs, mtimeMs, size } = statSync(file, { bigint: true });
  return { file: `${mtimeNs} ${size}`, header: headerOf(log), writtenAt: Number(mtimeMs) };
}

/** Empty where there is no log. */
function headerOf(log: string): string {
  if (!existsSync(log)) return '';
  const bytes = Buffer.alloc(walHeaderBytes);
  const file = openSync(log, 'r');
  try {
    return bytes.toString('hex', 0, readSync(file, bytes, 0, walHeaderBytes, 0));
  } finally {
    closeSync(file);
  }
}
