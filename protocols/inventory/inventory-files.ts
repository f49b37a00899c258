import { z } from 'zod';
import type { Bilingual } from '../messages/bilingual.ts';
import { complainOfCity } from './complaints.ts';
import { type CampusEntryFull, campusFileEntry, type CityEntry, cityEntry, type KeptCity } from './entry.ts';
import type { Path } from './reference.ts';
import { inChinese } from './schema-words.ts';

/** One file of a city's inventory, as it was read; a city may have one file for each campus. */
export interface InventoryFile {
  file: string;
  value: unknown;
}

/** What is wrong, where. */
export interface Complaint {
  file: string;
  path: Path;
  text: Bilingual;
}

const part = z.strictObject({
  /** In exactly one of the files. */
  city: cityEntry.omit({ counties: true }).optional(),
  counties: cityEntry.shape.counties.optional(),
  campuses: z.array(campusFileEntry).default([]),
});

/** A file as an import takes it: what its campuses are is looked at later, so that each mistake has its place. */
export const givenEntries = z.strictObject({
  city: part.shape.city,
  counties: part.shape.counties,
  campuses: z
    .array(z.looseObject({ id: z.string() }))
    .max(10_000)
    .default([]),
});
export type GivenEntries = z.infer<typeof givenEntries>;

/**
 * Makes one inventory of several files. All of them or none: with a complaint there is no city, so that nothing is
 * half imported. The same id in two files is a complaint about the later one, by file and field.
 */
export function joinFiles(
  files: readonly InventoryFile[],
): { city: KeptCity; complaints: null } | { city: null; complaints: Complaint[] } {
  const complaints: Complaint[] = [];
  const campuses: { campus: CampusEntryFull; file: string; index: number }[] = [];
  const counties: { county: CityEntry['counties'][number]; file: string; index: number }[] = [];
  let city: { id: string; name?: Bilingual | undefined } | null = null;
  for (const { file, value } of files) {
    const parsed = part.safeParse(value);
    if (!parsed.success) {
      for (const issue of parsed.error.issues) {
        const path = issue.path.map((step) => (typeof step === 'symbol' ? String(step) : step));
        complaints.push({ file, path, text: { zh: inChinese(issue), en: issue.message } });
      }
      continue;
    }
    if (parsed.data.city !== undefined) {
      if (city !== null) {
        const text = {
          zh: `城市已经在别的文件里：${city.id}`,
          en: `the city is in another file already: ${city.id}`,
        };
        complaints.push({ file, path: ['city'], text });
      }
      city ??= parsed.data.city;
    }
    campuses.push(...parsed.data.campuses.map((campus, index) => ({ campus, file, index })));
    counties.push(...(parsed.data.counties ?? []).map((county, index) => ({ county, file, index })));
  }
  // What could not be read may name what the others refer to.
  if (complaints.length > 0) return { city: null, complaints };
  if (city === null) {
    const text = { zh: '没有一个文件写明城市', en: 'no file names the city' };
    complaints.push({ file: files[0]?.file ?? '', path: ['city'], text });
  }
  const joined: KeptCity = {
    id: city?.id ?? 'city',
    name: city?.name,
    counties: counties.map(({ county }) => county),
    campuses: campuses.map(({ campus }) => campus),
  };
  complainOfCity(joined, ([list, index, ...rest], text) => {
    const source = (list === 'counties' ? counties : campuses)[index as number]!;
    complaints.push({ file: source.file, path: [list!, source.index, ...rest], text });
  });
  return complaints.length === 0 ? { city: joined, complaints: null } : { city: null, complaints };
}
