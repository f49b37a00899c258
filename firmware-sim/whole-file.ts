import { renameSync, writeFileSync } from 'node:fs';

/** Writes a file so that who is killed meanwhile leaves the old one, and never half of the new one. */
export function writeWhole(path: string, text: string): void {
  writeFileSync(`${path}.new`, text);
  renameSync(`${path}.new`, path);
}
