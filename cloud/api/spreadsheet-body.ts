import { Buffer } from 'node:buffer';
import type { FastifyInstance } from 'fastify';
import { SpreadsheetError, type SpreadsheetFormat, type SpreadsheetPort } from '#platform/spreadsheets.ts';
import type { Sheet } from '#protocols/inventory/tables/rows.ts';
import { xlsxType } from '../inventory/table-file.ts';
import { Problem } from './problems.ts';

/** Of a file as it is sent. */
export const fileLimit = 10 * 1024 * 1024;

/** The routes of this plugin take spreadsheets as their body, as they are. */
export function takeSpreadsheets(app: {
  addContentTypeParser: FastifyInstance['addContentTypeParser'];
}): void {
  app.addContentTypeParser(
    [xlsxType, 'text/csv', 'application/octet-stream'],
    { parseAs: 'buffer' },
    (_request, body, done) => done(null, body),
  );
}

/** The sheets of a body; a CSV is one, called `name`. Throws a `Problem` in words for whoever has sent it. */
export async function sheetsIn(
  spreadsheets: SpreadsheetPort,
  body: unknown,
  format: SpreadsheetFormat,
  name: string,
): Promise<Sheet[]> {
  if (!Buffer.isBuffer(body)) throw new Problem(415, `Send the file itself, as ${xlsxType} or text/csv.`);
  return spreadsheets.read(body, format, name).catch((error: unknown) => {
    if (!(error instanceof SpreadsheetError)) throw error;
    const { text } = error;
    throw new Problem(422, text.en, [{ pointer: '', detail: text.en, text }]);
  });
}
