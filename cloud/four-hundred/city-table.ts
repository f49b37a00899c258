import type { Buffer } from 'node:buffer';
import type { ApiCityVerdict, ApiRollup } from '#protocols/api-four-hundred.ts';
import { csvOf } from '#protocols/csv.ts';
import type { Bilingual } from '#protocols/messages/bilingual.ts';
import { xlsxOf } from '../inventory/table-file.ts';
import type { KeptCells } from './kept-hours.ts';

/** The sums of a city with the campuses that they are of. */
export interface CityTable {
  verdict: ApiCityVerdict;
  campuses: readonly KeptCells[];
  nameOf(campus: string): Bilingual | null;
}

const time = (at: number) => new Date(at).toISOString();

function sumRows({ verdict }: CityTable): string[][] {
  const rowsOf = ({ city, county, name, scope, moment, as_of, cells }: ApiRollup) =>
    cells.map(({ item, level, campuses, campuses_percent, devices, devices_percent }) => [
      city,
      county ?? '',
      name?.zh ?? '',
      name?.en ?? '',
      scope,
      time(moment),
      time(as_of),
      item,
      level,
      ...[campuses.yes, campuses.of, campuses_percent, devices.yes, devices.of, devices_percent].map(
        (figure) => (figure === null ? '' : String(figure)),
      ),
    ]);
  const figures = [
    'campuses_yes',
    'campuses',
    'campuses_percent',
    'devices_yes',
    'devices',
    'devices_percent',
  ];
  return [
    ['city', 'county', 'zh', 'en', 'scope', 'moment', 'as_of', 'item', 'level', ...figures],
    ...[verdict, ...verdict.counties].flatMap(rowsOf),
  ];
}

function campusRows({ campuses, nameOf }: CityTable): string[][] {
  return [
    [
      'campus',
      'zh',
      'en',
      'county',
      'item',
      'level',
      'answer',
      'parts_yes',
      'parts',
      'devices_yes',
      'devices',
    ],
    ...campuses.flatMap(({ campus, county, cells }) => {
      const name = nameOf(campus);
      return cells.map(({ item, level, answer, parts, devices }) => [
        campus,
        name?.zh ?? '',
        name?.en ?? '',
        county ?? '',
        item,
        level,
        answer,
        ...[parts.yes, parts.of, devices.yes, devices.of].map(String),
      ]);
    }),
  ];
}

/** The sums of the city and its counties, one row for each cell. */
export function cityCsv(table: CityTable): string {
  return csvOf(sumRows(table));
}

/** The same, and on a second sheet each campus that they are of. */
export function cityXlsx(table: CityTable): Promise<Buffer> {
  return xlsxOf([
    { name: 'sums', rows: sumRows(table) },
    { name: 'campuses', rows: campusRows(table) },
  ]);
}
