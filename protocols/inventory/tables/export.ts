import type { Bilingual } from '../../messages/bilingual.ts';
import type { CampusEntryFull, CityEntry } from '../entry.ts';
import { writeCell } from './cells.ts';
import { type Column, type Table, tables } from './tables.ts';

type Plain = Record<string, unknown>;

/** The rows of a table with its head, as an import would take them back; without campuses: a template. */
export function rowsOf(
  { id, list, columns }: Table,
  city: Pick<CityEntry, 'counties'>,
  campuses: readonly CampusEntryFull[],
  language: keyof Bilingual,
): string[][] {
  const row = (item: Plain, of: Record<string, string>) =>
    columns.map((column) =>
      writeCell(of[String(column.path[0])] ?? valueAt(item, column), column.kind, language),
    );
  const head = columns.map(({ name }) => name[language]);
  if (id === 'counties') return [head, ...city.counties.map((county) => row(county, {}))];
  return [
    head,
    ...campuses.flatMap((campus) => {
      const of = { '@campus': campus.id };
      if (list === null) return [row(campus, of)];
      if (list.of !== undefined) {
        const outer = (campus as Plain)[list.of] as (Plain & { id: string })[];
        return outer.flatMap((one) =>
          ((one[list.name] ?? []) as Plain[]).map((item) => row(item, { ...of, [`@${list.of}`]: one.id })),
        );
      }
      const items = list.name
        .split('/')
        .reduce<unknown>((at, step) => (at as Plain)[step], campus) as Plain[];
      return items.map((item) => row(item, of));
    }),
  ];
}

function valueAt(item: Plain, { path }: Column): unknown {
  return path.reduce<unknown>(
    (at, step) => (typeof at === 'object' && at !== null ? (at as Plain)[step] : undefined),
    item,
  );
}

/** Every table as a sheet. */
export function sheetsOf(
  city: Pick<CityEntry, 'counties'>,
  campuses: readonly CampusEntryFull[],
  language: keyof Bilingual,
): { name: string; rows: string[][] }[] {
  return tables.map((table) => ({
    name: table.name[language],
    rows: rowsOf(table, city, campuses, language),
  }));
}
