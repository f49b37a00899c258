import { campusEntry, type CampusEntryFull, cityEntry, type GivenCity } from '#protocols/inventory/entry.ts';
import { type Act, campusSubject, citySubject, type LastRow } from './act.ts';

/**
 * What the folder of files asks for at a start, as package managers treat configuration files: what nobody has changed
 * since its file was followed last follows its file; what somebody has changed in the meantime stays as it is.
 * Null: nothing is to do. `left`: campuses whose file says something else and is not followed.
 */
export function followFiles(
  files: GivenCity,
  kept: readonly LastRow[],
): (Act & { left: readonly string[] }) | null {
  const last = new Map(kept.map((row) => [row.subject, row]));
  const follows = (subject: string) => (last.get(subject)?.source ?? 'file') === 'file';
  const isOther = (subject: string, entry: unknown) => last.get(subject)?.entry !== JSON.stringify(entry);

  const { campuses: given, ...rest } = files;
  const city = cityEntry.parse(rest);
  const campuses = new Map<string, CampusEntryFull | null>();
  const left: string[] = [];
  for (const one of given) {
    // Parsed, so that the same file is the same text at each start.
    const entry = campusEntry.parse(one);
    const subject = campusSubject(entry.id);
    if (!isOther(subject, entry)) continue;
    if (follows(subject)) campuses.set(entry.id, entry);
    else left.push(entry.id);
  }
  const listed = new Set(given.map(({ id }) => campusSubject(id)));
  for (const { subject, entry } of kept)
    if (subject !== citySubject && entry !== null && follows(subject) && !listed.has(subject))
      campuses.set(subject.slice(campusSubject('').length), null);
  const takesCity = follows(citySubject) && isOther(citySubject, city);
  if (!takesCity && campuses.size === 0 && left.length === 0) return null;
  return { ...(takesCity && { city }), campuses, by: 'inventory folder', source: 'file', left };
}
