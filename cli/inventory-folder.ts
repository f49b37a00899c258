import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';
import type { Log } from '#platform/ports.ts';
import { reasonOf } from '#platform/reason.ts';
import type { KeptCity } from '#protocols/inventory/entry.ts';
import { joinFiles } from '#protocols/inventory/inventory-files.ts';

/**
 * The inventory of a city from the YAML files of a folder. With a mistake in any of them nothing is taken (null), it is
 * logged by file and field, and the cloud goes on with the inventory that it has.
 */
export function inventoryIn(folder: string, log: Log): KeptCity | null {
  if (!existsSync(folder)) return null;
  const names = readdirSync(folder).filter((name) => name.endsWith('.yaml'));
  if (names.length === 0) return null;
  try {
    const files = names
      .sort()
      .map((file) => ({ file, value: parse(readFileSync(join(folder, file), 'utf8')) as unknown }));
    const { city, complaints } = joinFiles(files);
    for (const { file, path, text } of complaints ?? [])
      log.error('a mistake in the inventory', { file, at: path.join('.'), mistake: text.en });
    return city;
  } catch (error) {
    log.error('the inventory could not be read', { folder, reason: reasonOf(error) });
    return null;
  }
}
