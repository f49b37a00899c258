import type { Bilingual } from './messages/bilingual.ts';

/** A text that is no CSV, and the line (from 1) where that shows. */
export class CsvError extends Error {
  readonly line: number;
  readonly text: Bilingual;
  constructor(line: number, text: Bilingual) {
    super(text.en);
    this.line = line;
    this.text = text;
  }
}

/**
 * The text of a CSV file: UTF-8 (with a byte order mark or without), UTF-16 with one, or GB 18030, as which Excel in
 * Chinese saves it. Throws a `CsvError` where it is none of these.
 */
export function csvText(bytes: Uint8Array): string {
  const [a, b] = bytes;
  if (a === 0xff && b === 0xfe) return new TextDecoder('utf-16le').decode(bytes);
  if (a === 0xfe && b === 0xff) return new TextDecoder('utf-16be').decode(bytes);
  for (const encoding of ['utf-8', 'gb18030']) {
    try {
      return new TextDecoder(encoding, { fatal: true }).decode(bytes);
    } catch {
      // It is not this one: every byte sequence of the one that is wrong is told below.
    }
  }
  throw new CsvError(1, {
    zh: '文件既不是 UTF-8 也不是 GB 18030 编码',
    en: 'this file is neither UTF-8 nor GB 18030',
  });
}

export interface CsvLimits {
  rows: number;
  columns: number;
}

/** Rows of a CSV text (RFC 4180; commas, semicolons or tabs, as its first line has them). Throws a `CsvError`. */
export function csvRows(text: string, limits: CsvLimits): string[][] {
  const separator = separatorOf(text);
  const rows: string[][] = [];
  let row: string[] = [];
  let line = 1;
  let i = 0;
  const endRow = () => {
    rows.push(row);
    row = [];
    if (rows.length > limits.rows)
      throw new CsvError(line, { zh: `超过 ${limits.rows} 行`, en: `more than ${limits.rows} rows` });
  };
  while (i < text.length) {
    let cell = '';
    if (text[i] === '"') {
      const began = line;
      for (i += 1; ; i += 1) {
        if (i >= text.length)
          throw new CsvError(began, { zh: '引号没有结束', en: 'a quotation mark is never closed' });
        if (text[i] === '"') {
          if (text[i + 1] !== '"') break;
          i += 1;
        } else if (text[i] === '\n') line += 1;
        cell += text[i];
      }
      i += 1;
    }
    const from = i;
    while (i < text.length && text[i] !== separator && text[i] !== '\n' && text[i] !== '\r') i += 1;
    row.push(cell + text.slice(from, i));
    if (row.length > limits.columns)
      throw new CsvError(line, {
        zh: `超过 ${limits.columns} 列`,
        en: `more than ${limits.columns} columns`,
      });
    if (text[i] === separator) {
      i += 1;
      if (i === text.length) row.push('');
      continue;
    }
    if (i < text.length) {
      i += text[i] === '\r' && text[i + 1] === '\n' ? 2 : 1;
      line += 1;
    }
    endRow();
  }
  if (row.length > 0) endRow();
  return rows;
}

function separatorOf(text: string): string {
  const [first = ''] = text.split(/\r|\n/, 1);
  const count = (mark: string) => first.split(mark).length;
  return [';', '\t'].reduce((best, mark) => (count(mark) > count(best) ? mark : best), ',');
}
