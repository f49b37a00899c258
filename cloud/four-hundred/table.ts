import type { Buffer } from 'node:buffer';
import type { ApiPart, ApiVerdict } from '#protocols/api-four-hundred.ts';
import { csvOf } from '#protocols/csv.ts';
import type { Evidence } from '#protocols/four-hundred/evidence.ts';
import { xlsxOf } from '../inventory/table-file.ts';

/** A verdict with all that it rests on, for a spreadsheet. */
export interface VerdictTable {
  verdict: ApiVerdict;
  parts: readonly ApiPart[];
  evidence: readonly Evidence[];
}

const time = (at: number) => new Date(at).toISOString();

function cells({ verdict }: VerdictTable): string[][] {
  const about = [
    verdict.campus,
    time(verdict.moment),
    time(verdict.as_of),
    String(verdict.revision),
    `${verdict.rules.id} ${verdict.rules.version}`,
  ];
  return [
    ['campus', 'moment', 'as_of', 'revision', 'rules', 'item', 'level', 'answer', 'parts_yes', 'parts'],
    ...verdict.cells.map(({ item, level, answer, parts }) => [
      ...about,
      item,
      level,
      answer,
      String(parts.yes),
      String(parts.of),
    ]),
  ];
}

function partRows({ verdict, parts, evidence }: VerdictTable): string[][] {
  const found = new Map(evidence.map((piece) => [`${piece.kind} ${piece.id}`, piece]));
  return [
    [
      'campus',
      'moment',
      'as_of',
      'revision',
      'item',
      'level',
      'part',
      'subject',
      'answer',
      'code',
      '原因',
      'why',
      'evidence',
      'evidence_at',
      'evidence_says',
    ],
    ...parts.flatMap((part) => {
      const { item, level, id, subject, answer, code, text } = part;
      const row = [
        verdict.campus,
        time(verdict.moment),
        time(verdict.as_of),
        String(verdict.revision),
        item,
        level,
        id,
        Object.values(subject).join(' '),
        answer,
        code,
        text.zh,
        text.en,
      ];
      if (part.evidence.length === 0) return [[...row, '', '', '']];
      return part.evidence.map((ref) => {
        const piece = found.get(`${ref.kind} ${ref.id}`);
        return [
          ...row,
          `${ref.kind} ${ref.id}`,
          time(ref.at),
          piece === undefined ? '' : JSON.stringify(piece),
        ];
      });
    }),
  ];
}

/** One row for each part and piece of evidence. What a spreadsheet would run as a formula is made harmless. */
export function verdictCsv(table: VerdictTable): string {
  return csvOf(partRows(table));
}

/** Cells and parts on two sheets; every cell is a text, so none is a formula. */
export function verdictXlsx(table: VerdictTable): Promise<Buffer> {
  return xlsxOf([
    { name: 'cells', rows: cells(table) },
    { name: 'parts', rows: partRows(table) },
  ]);
}
