/** The thread in which one spreadsheet is read: it may run out of memory or time without anybody else noticing. */
import { parentPort, workerData } from 'node:worker_threads';
import readExcel from 'read-excel-file/node';
import { CsvError, csvRows, csvText } from '#protocols/csv-read.ts';
import type { CellValue } from '#protocols/inventory/tables/cells.ts';
import type { Sheet } from '#protocols/inventory/tables/rows.ts';
import type { Bilingual } from '#protocols/messages/bilingual.ts';
import { measuredZip } from '../measured-zip.ts';
import { SpreadsheetError, type SpreadsheetFormat } from '../spreadsheets.ts';

export interface SpreadsheetQuestion {
  bytes: Uint8Array;
  format: SpreadsheetFormat;
  name: string;
}
export type SpreadsheetAnswer = { ok: true; sheets: Sheet[] } | { ok: false; text: Bilingual };

const limits = { rows: 200_000, columns: 100 };

async function read({ bytes, format, name }: SpreadsheetQuestion): Promise<Sheet[]> {
  if (format === 'csv') return [{ name, rows: csvRows(csvText(bytes), limits) }];
  const sheets = await readExcel(measuredZip(bytes)).catch(() => {
    throw new SpreadsheetError({
      zh: '这不是 XLSX 文件，或文件已损坏',
      en: 'this is no XLSX file, or it is damaged',
    });
  });
  return sheets.map(({ sheet, data }) => {
    if (data.length > limits.rows || data.some((row) => row.length > limits.columns))
      throw new SpreadsheetError({
        zh: `表“${sheet}”超过 ${limits.rows} 行或 ${limits.columns} 列`,
        en: `the sheet "${sheet}" has more than ${limits.rows} rows or ${limits.columns} columns`,
      });
    return { name: sheet, rows: data as CellValue[][] };
  });
}

// oxlint-disable-next-line unicorn/require-post-message-target-origin -- a worker's port, no window
const answer = (said: SpreadsheetAnswer) => parentPort!.postMessage(said);
read(workerData as SpreadsheetQuestion).then(
  (sheets) => answer({ ok: true, sheets }),
  (error: unknown) => {
    if (error instanceof SpreadsheetError) return answer({ ok: false, text: error.text });
    if (!(error instanceof CsvError)) throw error;
    const { line, text } = error;
    return answer({ ok: false, text: { zh: `第 ${line} 行：${text.zh}`, en: `line ${line}: ${text.en}` } });
  },
);
