import type { Bilingual } from '../../messages/bilingual.ts';
import type { CampusEntryFull, CityEntry } from '../entry.ts';
import type { Path } from '../reference.ts';
import type { RowMistake, TableRow } from './rows.ts';
import type { Column } from './tables.ts';

/** `merge` adds and changes; `replace` also takes out what a table no longer lists of a campus that it names. */
export type ImportMode = 'merge' | 'replace';

type Plain = Record<string, unknown>;

/** What the rows make of the inventory, not yet checked. */
export interface Applied {
  /** Null: no row says anything of counties. */
  counties: unknown[] | null;
  campuses: Map<string, Plain>;
  mistakes: RowMistake[];
  /** The place in the file that a mistake at `path` of a campus (null: of the city) comes from. */
  whereOf(campus: string | null, path: Path): Omit<RowMistake, 'text'>;
}

/** Writes the rows into copies of the campuses that they name; `kept`: null where there is no such campus yet. */
export function applyRows(
  rows: readonly TableRow[],
  kept: ReadonlyMap<string, CampusEntryFull | null>,
  city: CityEntry | null,
  mode: ImportMode,
): Applied {
  const campuses = new Map<string, Plain>();
  const mistakes: RowMistake[] = [];
  const places = new Map<string, TableRow>();
  const counties = rows.some(({ table }) => table.id === 'counties')
    ? (structuredClone(city?.counties ?? []) as Plain[])
    : null;
  const complain = ({ sheet, row }: TableRow, column: string | null, text: Bilingual) =>
    mistakes.push({ sheet, row, column, text });

  for (const row of rows.filter(({ table }) => table.id === 'campuses')) {
    const id = row.campus!;
    const entry = structuredClone(kept.get(id) ?? { id, calendar: {} }) as Plain;
    if (campuses.has(id)) complain(row, null, alreadyIn(places.get(`${id} `)!));
    else places.set(`${id} `, row);
    campuses.set(id, entry);
    write(entry, row, complain);
  }
  for (const row of rows) {
    const { table, campus } = row;
    if (table.id === 'campuses') continue;
    let list = counties;
    let around = '';
    if (campus !== null) {
      const entry = campuses.get(campus) ?? (structuredClone(kept.get(campus) ?? null) as Plain | null);
      if (entry === null) {
        complain(row, null, {
          zh: `没有校区 ${campus}，“校区”表里也没有新建它`,
          en: `there is no campus ${campus}, and no row of the table "campuses" makes one`,
        });
        continue;
      }
      campuses.set(campus, entry);
      ({ list, around } = listOf(entry, row));
    }
    const names = row.values.filter(({ column }) => column.key);
    const name = names.map(({ value }) => String(value)).join(' ');
    const place = `${campus ?? ''} ${around}/${name}`;
    const earlier = places.get(place);
    if (earlier !== undefined) complain(row, null, alreadyIn(earlier));
    places.set(place, row);
    let item = list!.find((one) => names.every(({ column, value }) => one[String(column.path[0])] === value));
    if (item === undefined) list!.push((item = {}));
    write(item, row, complain);
  }
  if (mode === 'replace') takeOut(rows, campuses, places);
  return { counties, campuses, mistakes, whereOf };

  function whereOf(campus: string | null, path: Path): Omit<RowMistake, 'text'> {
    let value: unknown = campus === null ? { counties } : campuses.get(campus);
    let at = '';
    let found = campus === null ? undefined : places.get(`${campus} `);
    let rest: Path = path;
    for (const [i, step] of path.entries()) {
      const inside: unknown = (value as Plain | undefined)?.[step];
      at += typeof step === 'number' ? `/${keyOf(inside)}` : `${at === '' ? '' : '/'}${step}`;
      value = inside;
      const row = places.get(`${campus ?? ''} ${at}`);
      if (row === undefined) continue;
      found = row;
      rest = path.slice(i + 1);
    }
    if (found === undefined) return { sheet: null, row: null, column: null };
    const column = columnOf(found, rest);
    return { sheet: found.sheet, row: found.row, column: column === undefined ? null : found.headOf(column) };
  }
}

function alreadyIn({ sheet, row }: TableRow): Bilingual {
  return { zh: `“${sheet}”第 ${row} 行已经写了它`, en: `row ${row} of "${sheet}" has it already` };
}

function keyOf(item: unknown): string {
  const { id, gate, window, day, phone, from } = (item ?? {}) as Plain;
  if (typeof gate === 'string') return `${gate} ${String(window)}`;
  return String(id ?? day ?? phone ?? from);
}

/** The list that a row's thing stands in, made where it is not there; and its name for `whereOf`. */
function listOf(entry: Plain, { table, of }: TableRow): { list: Plain[]; around: string } {
  const { name, of: outer } = table.list!;
  let holder = entry;
  let around = name;
  if (outer !== undefined) {
    const id = of[`@${outer}`]!;
    const all = (entry[outer] ??= []) as Plain[];
    let found = all.find((one) => one['id'] === id);
    if (found === undefined) all.push((found = { id }));
    holder = found;
    around = `${outer}/${id}/${name}`;
  }
  const steps = name.split('/');
  for (const step of steps.slice(0, -1)) holder = (holder[step] ??= {}) as Plain;
  return { list: (holder[steps.at(-1)!] ??= []) as Plain[], around };
}

function write(
  item: Plain,
  row: TableRow,
  complain: (row: TableRow, column: string | null, text: Bilingual) => void,
): void {
  for (const { column, value } of row.values) {
    const { path } = column;
    let holder: Plain = item;
    for (const [i, step] of path.slice(0, -1).entries()) {
      if (value === undefined && holder[step] === undefined) break;
      const next = (holder[step] ??= typeof path[i + 1] === 'number' ? [] : {});
      if (typeof next !== 'object') {
        if (value !== undefined)
          complain(row, row.headOf(column), {
            zh: '这里只在写了时段时才有意义',
            en: 'this has a meaning only beside windows',
          });
        holder = {};
        break;
      }
      holder = next as Plain;
    }
    const last = path.at(-1)!;
    if (value !== undefined) holder[last] = value;
    else if (last in holder) delete holder[last];
  }
  tidy(item);
}

/** What is named in one language only is called the same in the other; what has become empty is not there. */
function tidy(item: Plain): void {
  const name = item['name'] as { zh?: string; en?: string } | undefined;
  if (typeof name === 'object' && (name.zh ?? name.en) !== undefined)
    item['name'] = { zh: name.zh ?? name.en, en: name.en ?? name.zh };
  const sight = item['sight'] as { at?: unknown[] } | undefined;
  if (Array.isArray(sight?.at) && sight.at.every((one) => one === undefined)) delete sight.at;
  for (const key of ['name', 'sight', 'plan', 'grounds', 'needs'])
    if (typeof item[key] === 'object' && Object.keys(item[key] as Plain).length === 0) delete item[key];
}

function takeOut(
  rows: readonly TableRow[],
  campuses: ReadonlyMap<string, Plain>,
  places: ReadonlyMap<string, TableRow>,
): void {
  const said = new Map(
    rows.filter(({ table }) => table.list !== null).map((row) => [`${row.table.id} ${row.campus}`, row]),
  );
  for (const { table, campus } of said.values()) {
    const entry = campuses.get(campus!);
    if (entry === undefined) continue;
    const { name, of } = table.list!;
    const stays = (around: string) => (item: Plain) => places.has(`${campus} ${around}/${keyOf(item)}`);
    if (of === undefined) {
      const steps = name.split('/');
      const holder = steps.slice(0, -1).reduce((at, step) => at[step] as Plain, entry);
      holder[steps.at(-1)!] = (holder[steps.at(-1)!] as Plain[]).filter(stays(name));
      continue;
    }
    for (const outer of entry[of] as Plain[])
      outer[name] = ((outer[name] ?? []) as Plain[]).filter(stays(`${of}/${String(outer['id'])}/${name}`));
    // A gateway without a device is not there; a building may well have no storeys listed.
    if (of === 'gateways')
      entry[of] = (entry[of] as Plain[]).filter((outer) => (outer[name] as Plain[]).length > 0);
  }
}

function columnOf({ values, table }: TableRow, rest: Path): Column | undefined {
  const fits = ({ path }: Column) => {
    const length = Math.min(path.length, rest.length);
    return length > 0 && path.slice(0, length).every((step, i) => step === rest[i]);
  };
  return values.find(({ column }) => fits(column))?.column ?? table.columns.find(fits);
}
