import type { Bilingual } from '#protocols/messages/bilingual.ts';
import type { Sheet } from '#protocols/inventory/tables/rows.ts';

/** Why a file is not read, in words for whoever has sent it. */
export class SpreadsheetError extends Error {
  readonly text: Bilingual;
  constructor(text: Bilingual) {
    super(text.en);
    this.text = text;
  }
}

export type SpreadsheetFormat = 'csv' | 'xlsx';

/** Reads spreadsheets that strangers have made: with bounds of size, memory and time. */
export interface SpreadsheetPort {
  /** A CSV is one sheet, called `name`. Rejects with a `SpreadsheetError`. */
  read(bytes: Uint8Array, format: SpreadsheetFormat, name: string): Promise<Sheet[]>;
}
