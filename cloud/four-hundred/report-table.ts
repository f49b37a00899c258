import type { Buffer } from 'node:buffer';
import type { MonthlyReport } from '#protocols/api-four-hundred.ts';
import { csvOf } from '#protocols/csv.ts';
import { xlsxOf } from '../inventory/table-file.ts';

const text = (value: string | number | null) => (value === null ? '' : String(value));

/** What was reported of the cells: those of the whole first (county empty), then those of each county. */
function cellRows({ city, campus, month, verdict, cells, counties }: MonthlyReport): string[][] {
  const about = [
    city,
    campus ?? '',
    month,
    new Date(verdict.moment).toISOString(),
    new Date(verdict.as_of).toISOString(),
    verdict.rules,
  ];
  const head = ['city', 'campus', 'month', 'moment', 'as_of', 'rules', 'county'];
  return [
    [...head, 'item', 'level', 'answer', 'yes', 'of', 'percent', 'time_yes_percent'],
    ...cells.map(({ item, level, answer, yes, of, percent, time_yes_percent }) =>
      [...about, '', item, level, answer, yes, of, percent, time_yes_percent].map(text),
    ),
    ...counties.flatMap(({ county, cells }) =>
      cells.map(({ item, level, yes, of, percent }) =>
        [...about, county, item, level, '', yes, of, percent, ''].map(text),
      ),
    ),
  ];
}

function repairRows({ repairs }: MonthlyReport): string[][] {
  return [
    ['subject_zh', 'subject_en', 'zh', 'en', 'parts'],
    ...repairs.map(({ subject, text, parts }) => {
      const { zh, en } = typeof subject === 'string' ? { zh: subject, en: subject } : subject;
      return [zh, en, text.zh, text.en, String(parts)];
    }),
  ];
}

/** A monthly report's figures, one row for each cell. */
export function reportCsv(report: MonthlyReport): string {
  return csvOf(cellRows(report));
}

/** The same, and on a second sheet what would lift it to 100 %. */
export function reportXlsx(report: MonthlyReport): Promise<Buffer> {
  return xlsxOf([
    { name: 'cells', rows: cellRows(report) },
    { name: 'repairs', rows: repairRows(report) },
  ]);
}
