import type { Bilingual } from '../../messages/bilingual.ts';
import { type CellValue, readCell } from './cells.ts';
import { type Column, type Table, tables as inventoryTables } from './tables.ts';

/** One table of a file as it was read; the first row is its head. */
export interface Sheet {
  name: string;
  rows: readonly (readonly CellValue[])[];
}

/** What is wrong with a file, and where. Rows count from 1, with the head; null: the sheet, or the file, as a whole. */
export interface RowMistake {
  sheet: string | null;
  row: number | null;
  /** As its head calls it. */
  column: string | null;
  text: Bilingual;
}

/** A row that says something of one thing. */
export interface TableRow {
  table: Table;
  sheet: string;
  row: number;
  /** Of a county: null. */
  campus: string | null;
  /** By the part of its path that begins with `@`: where it belongs. */
  of: Readonly<Record<string, string>>;
  values: readonly { column: Column; value: unknown }[];
  /** As the head of the file calls a column. */
  headOf(column: Column): string;
}

const sameWord = (one: string, other: string) => one.trim().toLowerCase() === other.toLowerCase();

/** Reads every sheet by its table. Empty rows are passed over. */
export function readRows(
  sheets: readonly Sheet[],
  tables: readonly Table[] = inventoryTables,
): { rows: TableRow[]; mistakes: RowMistake[] } {
  const rows: TableRow[] = [];
  const mistakes: RowMistake[] = [];
  for (const sheet of sheets) {
    const table = tables.find(({ name }) => sameWord(sheet.name, name.zh) || sameWord(sheet.name, name.en));
    if (table === undefined) {
      const known = tables.map(({ name }) => name);
      mistakes.push({
        sheet: sheet.name,
        row: null,
        column: null,
        text: {
          zh: `没有叫“${sheet.name}”的表，应为：${known.map(({ zh }) => zh).join('、')}`,
          en: `there is no table "${sheet.name}"; expected one of: ${known.map(({ en }) => en).join(', ')}`,
        },
      });
    } else readSheet(sheet, table, rows, mistakes);
  }
  return { rows, mistakes };
}

function readSheet(sheet: Sheet, table: Table, rows: TableRow[], mistakes: RowMistake[]): void {
  const complain = (row: number | null, column: string | null, text: Bilingual) =>
    mistakes.push({ sheet: sheet.name, row, column, text });
  const heads = (sheet.rows[0] ?? []).map((cell) => String(cell ?? '').trim());
  const columns = heads.map((head) =>
    table.columns.find(({ name }) => sameWord(head, name.zh) || sameWord(head, name.en)),
  );
  const before = mistakes.length;
  for (const [i, head] of heads.entries()) {
    const column = columns[i];
    if (
      column === undefined &&
      (head !== '' || sheet.rows.some((row) => (row[i] ?? null) !== null && row[i] !== ''))
    )
      complain(1, head === '' ? null : head, {
        zh: `没有“${head}”这一列`,
        en: `there is no column "${head}"`,
      });
    if (column !== undefined && columns.indexOf(column) < i)
      complain(1, head, { zh: '这一列出现了两次', en: 'this column is there twice' });
  }
  for (const { key, name } of table.columns)
    if (key && !columns.some((column) => column?.name === name))
      complain(1, null, { zh: `缺少“${name.zh}”这一列`, en: `the column "${name.en}" is missing` });
  if (mistakes.length > before) return;

  const headOf = (column: Column) => heads[columns.indexOf(column)] ?? column.name.en;
  for (const [i, cells] of sheet.rows.entries()) {
    if (i === 0 || cells.every((cell) => cell === null || String(cell).trim() === '')) continue;
    const values: { column: Column; value: unknown }[] = [];
    const of: Record<string, string> = {};
    for (const [c, column] of columns.entries()) {
      if (column === undefined) continue;
      const read = readCell(cells[c] ?? null, column.kind);
      if ('mistake' in read) complain(i + 1, heads[c]!, read.mistake);
      else if (column.key && read.value === undefined)
        complain(i + 1, heads[c]!, { zh: '不能为空', en: 'this cannot be empty' });
      else if (String(column.path[0]).startsWith('@')) of[String(column.path[0])] = String(read.value);
      else values.push({ column, value: read.value });
    }
    rows.push({ table, sheet: sheet.name, row: i + 1, campus: of['@campus'] ?? null, of, values, headOf });
  }
}
