import type { Bilingual } from '../../messages/bilingual.ts';
import type { Choices } from './choices.ts';

/** A cell of a spreadsheet as it was read. */
export type CellValue = string | number | boolean | Date | null;

export type CellKind =
  | 'text'
  | 'number'
  | 'yes-no'
  /** 2026-09-01 */
  | 'day'
  /** 07:20 */
  | 'time'
  /** Several ids or numbers, with ; or spaces between them. */
  | 'list'
  | 'numbers'
  /** x y; x y; … */
  | 'points'
  /** x y x y; … */
  | 'walls'
  /** 2560x1440 */
  | 'resolution'
  /** `always`, or windows. */
  | 'duty'
  | Choices;

/** What a cell says, as the inventory has it; `undefined`: it is empty. A `mistake` is for whoever filled it in. */
export type Read = { value: unknown } | { mistake: Bilingual };

const yes = /^(yes|y|true|1|是|√|✓)$/i;
const no = /^(no|n|false|0|否|×)$/i;
const always = /^(always|全天|24小时)$/i;

export function readCell(cell: CellValue, kind: CellKind): Read {
  const text = textOf(cell, kind);
  if (text === '') return { value: undefined };
  if (typeof kind === 'object') return choiceOf(text, kind);
  switch (kind) {
    case 'text':
      return { value: text };
    case 'number':
      return numberOf(text);
    case 'yes-no':
      if (yes.test(text)) return { value: true };
      return no.test(text) ? { value: false } : wrong('应为 是 或 否', 'expected yes or no');
    case 'day': {
      const [, year, month, day] = /^(\d{4})[-/.年](\d{1,2})[-/.月](\d{1,2})日?$/.exec(text) ?? [];
      if (year === undefined) return wrong('应为日期，如 2026-09-01', 'expected a day as in 2026-09-01');
      return { value: `${year}-${month!.padStart(2, '0')}-${day!.padStart(2, '0')}` };
    }
    case 'time': {
      const [, hour, minute] = /^(\d{1,2})[:：](\d{2})(?:[:：]00)?$/.exec(text) ?? [];
      if (hour === undefined) return wrong('应为时刻，如 07:20', 'expected a time of day as in 07:20');
      return { value: `${hour.padStart(2, '0')}:${minute}` };
    }
    case 'list':
      return { value: itemsOf(text) };
    case 'numbers':
      return several(itemsOf(text).map(numberOf));
    case 'points':
      return several(piecesOf(text).map((piece) => tuple(piece, 2)));
    case 'walls': {
      const read = several(piecesOf(text).map((piece) => tuple(piece, 4)));
      if ('mistake' in read) return read;
      const walls = read.value as [number, number, number, number][];
      return {
        value: walls.map(([a, b, c, d]) => [
          [a, b],
          [c, d],
        ]),
      };
    }
    case 'resolution': {
      const [, across, down] = /^(\d{2,5})\s*[x×*]\s*(\d{2,5})$/i.exec(text) ?? [];
      return across === undefined
        ? wrong('应为分辨率，如 2560x1440', 'expected a resolution as in 2560x1440')
        : { value: [Number(across), Number(down)] };
    }
    case 'duty':
      return { value: always.test(text) ? 'always' : { windows: itemsOf(text) } };
  }
}

/** The same, the other way. */
export function writeCell(value: unknown, kind: CellKind, language: keyof Bilingual): string {
  if (value === undefined || value === null) return '';
  if (typeof kind === 'object') return kind[String(value)]?.[language] ?? String(value);
  switch (kind) {
    case 'yes-no':
      return value ? { zh: '是', en: 'yes' }[language] : { zh: '否', en: 'no' }[language];
    case 'list':
    case 'numbers':
      return (value as unknown[]).join('; ');
    case 'points':
      return (value as number[][]).map((point) => point.join(' ')).join('; ');
    case 'walls':
      return (value as number[][][]).map((wall) => wall.flat().join(' ')).join('; ');
    case 'resolution':
      return (value as number[]).join('x');
    case 'duty':
      if (value === 'always') return { zh: '全天', en: 'always' }[language];
      return (value as { windows: string[] }).windows.join('; ');
    default:
      return String(value as string | number);
  }
}

function textOf(cell: CellValue, kind: CellKind): string {
  if (cell === null) return '';
  if (cell instanceof Date) {
    if (Number.isNaN(cell.getTime())) return '?';
    const iso = cell.toISOString();
    return kind === 'time' ? iso.slice(11, 16) : iso.slice(0, 10);
  }
  if (kind === 'time' && typeof cell === 'number' && cell >= 0 && cell < 1) {
    const minutes = Math.round(cell * 1_440) % 1_440;
    return `${Math.floor(minutes / 60)}:${String(minutes % 60).padStart(2, '0')}`;
  }
  // An apostrophe before it keeps a spreadsheet from running it as a formula.
  return String(cell)
    .trim()
    .replace(/^'(?=[=+\-@])/, '');
}

function wrong(zh: string, en: string): Read {
  return { mistake: { zh, en } };
}

function choiceOf(text: string, choices: Choices): Read {
  const wanted = text.toLowerCase();
  const found = Object.entries(choices).find(
    ([value, { zh, en }]) => value === wanted || zh === text || en.toLowerCase() === wanted,
  );
  if (found !== undefined) return { value: found[0] };
  const all = Object.entries(choices);
  return wrong(
    `应为其中之一：${all.map(([, { zh }]) => zh).join('、')}`,
    `expected one of: ${all.map(([value]) => value).join(', ')}`,
  );
}

function numberOf(text: string): Read {
  const value = /^[-+]?(\d+\.?\d*|\.\d+)$/.test(text) ? Number(text) : Number.NaN;
  return Number.isFinite(value) ? { value } : wrong(`${text} 不是数字`, `${text} is no number`);
}

const itemsOf = (text: string) => text.split(/[;；,，、\s]+/).filter((item) => item !== '');
const piecesOf = (text: string) =>
  text
    .split(/[;；\n]/)
    .map((piece) => piece.trim())
    .filter((piece) => piece !== '');

function tuple(piece: string, length: number): Read {
  const numbers = piece.split(/[\s,，]+/).map(numberOf);
  const bad = numbers.find((one) => 'mistake' in one);
  if (bad !== undefined) return bad;
  if (numbers.length === length) return several(numbers);
  return wrong(
    `“${piece}” 应为 ${length} 个数，各组之间用分号`,
    `"${piece}" should be ${length} numbers, with semicolons between the groups`,
  );
}

function several(all: readonly Read[]): Read {
  const bad = all.find((one) => 'mistake' in one);
  return bad ?? { value: all.map((one) => (one as { value: unknown }).value) };
}
