/**
 * What a UPS server of Network UPS Tools says on its line (RFC 9271): lines of words, of which some are quoted. Pure.
 */

/** One line of the server. */
export type NutLine =
  | { kind: 'begin' | 'end'; list: string }
  | { kind: 'variable'; ups: string; name: string; value: string }
  | { kind: 'error'; code: string }
  | { kind: 'other'; words: string[] };

/** Longer lines are none: upsd itself takes 512 bytes a word. */
export const longestNutLine = 1024;

export interface NutDecoder {
  push(bytes: Uint8Array): { lines: NutLine[]; discarded: number };
  /** Bytes that are kept for the next push. */
  readonly kept: number;
}

/** Finds lines in a stream that may be split anywhere. Linear in the bytes pushed. What is too long to be a line goes. */
export function createNutDecoder(): NutDecoder {
  const decoder = new TextDecoder();
  let kept: number[] = [];
  let tooLong = false;
  return {
    push(bytes) {
      const lines: NutLine[] = [];
      let discarded = 0;
      for (const byte of bytes) {
        if (byte === 0x0a) {
          if (tooLong) discarded += 1;
          else lines.push(readNutLine(decoder.decode(Uint8Array.from(kept))));
          kept = [];
          tooLong = false;
        } else if (tooLong) {
          discarded += 1;
        } else if (kept.push(byte) > longestNutLine) {
          discarded += kept.length;
          kept = [];
          tooLong = true;
        }
      }
      return { lines, discarded };
    },
    get kept() {
      return kept.length;
    },
  };
}

export function readNutLine(line: string): NutLine {
  const words = wordsOf(line.replace(/\r$/, ''));
  const [first, second, ...rest] = words;
  if ((first === 'BEGIN' || first === 'END') && second === 'LIST') {
    return { kind: first === 'BEGIN' ? 'begin' : 'end', list: rest.join(' ') };
  }
  if (first === 'VAR' && second !== undefined && rest.length === 2) {
    return { kind: 'variable', ups: second, name: rest[0]!, value: rest[1]! };
  }
  if (first === 'ERR' && second !== undefined) return { kind: 'error', code: second };
  return { kind: 'other', words };
}

/** Words are apart by blanks; within quotes `\"` and `\\` stand for themselves (RFC 9271, 4.1). */
function wordsOf(line: string): string[] {
  const words: string[] = [];
  let word: string | null = null;
  let quoted = false;
  for (let i = 0; i < line.length; i++) {
    const char = line[i]!;
    if (char === '\\' && i + 1 < line.length) word = (word ?? '') + line[++i]!;
    else if (char === '"') {
      quoted = !quoted;
      word ??= '';
    } else if (!quoted && (char === ' ' || char === '\t')) {
      if (word !== null) words.push(word);
      word = null;
    } else word = (word ?? '') + char;
  }
  if (word !== null) words.push(word);
  return words;
}

export function askNutVariables(ups: string): string {
  return `LIST VAR ${ups}\n`;
}

/** As a server writes it: for simulators. */
export function writeNutVariable(ups: string, name: string, value: string): string {
  return `VAR ${ups} ${name} "${value.replaceAll(/["\\]/g, '\\$&')}"\n`;
}

/** A name of a UPS, as ups.conf has it. */
export const nutName = /^[A-Za-z0-9_.-]{1,64}$/;

/** What `ups.status` says, by its words (RFC 9271, appendix). */
export interface UpsStatus {
  onMains: boolean;
  batteryLow: boolean;
  replaceBattery: boolean;
  overloaded: boolean;
  bypassed: boolean;
  /** Its own output is off. */
  off: boolean;
}

/** Null: it says neither that it is on mains nor that it is not. */
export function upsStatusOf(text: string): UpsStatus | null {
  const words = new Set(text.trim().split(/\s+/));
  if (!words.has('OL') && !words.has('OB') && !words.has('OFF')) return null;
  return {
    onMains: words.has('OL'),
    batteryLow: words.has('LB'),
    replaceBattery: words.has('RB'),
    overloaded: words.has('OVER'),
    bypassed: words.has('BYPASS'),
    off: words.has('OFF'),
  };
}
