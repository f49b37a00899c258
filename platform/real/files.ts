import { mkdir, open, readdir, readFile, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileName } from '#platform/file-name.ts';
import type { FilePort } from '#platform/ports.ts';
import { onDisk } from './disk.ts';

/** Files in `folder`, which is made with the first one, for its owner only. */
export function realFiles(folder: string): FilePort {
  let writes = 0;
  const at = (name: string) => join(folder, fileName(name));
  return {
    write: (name, bytes) =>
      onDisk(async () => {
        const path = at(name);
        await mkdir(dirname(path), { recursive: true, mode: 0o700 });
        // No two writes share one, and a rename within a folder is whole or not at all.
        const beside = `${path}.${(writes += 1)}.part`;
        try {
          const file = await open(beside, 'w', 0o600);
          try {
            await file.writeFile(bytes);
            await file.sync();
          } finally {
            await file.close();
          }
          await rename(beside, path);
        } catch (error) {
          await rm(beside, { force: true });
          throw error;
        }
        const parent = await open(dirname(path), 'r');
        await parent.sync().finally(() => parent.close());
      }),
    read: (name) =>
      onDisk(async () => {
        try {
          return await readFile(at(name));
        } catch (error) {
          if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
          throw error;
        }
      }),
    remove: (name) => onDisk(() => rm(at(name), { force: true })),
    list: () =>
      onDisk(async () => {
        const found = await readdir(folder, { recursive: true, withFileTypes: true }).catch(
          (error: NodeJS.ErrnoException) => {
            if (error.code === 'ENOENT') return [];
            throw error;
          },
        );
        return found
          .filter((entry) => entry.isFile() && !entry.name.endsWith('.part'))
          .map((entry) => `${entry.parentPath.slice(folder.length + 1)}/${entry.name}`);
      }),
  };
}
