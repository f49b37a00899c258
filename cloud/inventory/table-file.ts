import { Buffer } from 'node:buffer';
import writeExcel from 'write-excel-file/node';
import { csvOf } from '#protocols/csv.ts';
import type { CampusEntryFull, CityEntry } from '#protocols/inventory/entry.ts';
import { rowsOf, sheetsOf } from '#protocols/inventory/tables/export.ts';
import { tables } from '#protocols/inventory/tables/tables.ts';
import type { Bilingual } from '#protocols/messages/bilingual.ts';

export const xlsxType = 'application/vnd.openxmlformats-officedocument.spreadsheetml.sheet';

/**
 * The inventory as a file for a spreadsheet: one table as CSV, or (`table` null) all of them as XLSX. Without campuses it
 * is a template. Every cell is a text, so none is a formula.
 */
export async function tableFile(
  table: string | null,
  city: Pick<CityEntry, 'counties'>,
  campuses: readonly CampusEntryFull[],
  language: keyof Bilingual,
): Promise<Buffer> {
  if (table !== null) {
    const found = tables.find(({ id }) => id === table);
    if (found === undefined) throw new Error(`there is no table ${table}`);
    return Buffer.from(csvOf(rowsOf(found, city, campuses, language)));
  }
  return xlsxOf(sheetsOf(city, campuses, language));
}

/** A workbook of these sheets, each with its head in bold. Every cell is a text, so none is a formula. */
export async function xlsxOf(
  sheets: readonly { name: string; rows: readonly string[][] }[],
): Promise<Buffer> {
  const all = sheets.map(({ name, rows }) => ({
    sheet: name,
    data: rows.map((row, i) =>
      row.map((value) => ({ value, type: String, ...(i === 0 && { fontWeight: 'bold' as const }) })),
    ),
  }));
  return Buffer.from(await writeExcel(all).toBuffer());
}
