import { z } from 'zod';

/**
 * How a card reader says a card on its serial line. All at 9600 8N1 where the maker says nothing else.
 * - `id-12`: ID-Innovations ID-12, ID-20: STX, 10 hex digits, 2 of checksum, CR LF ETX (data sheet, page 4)
 * - `rdm6300`: the same without CR LF; it repeats the card while that lies on it
 * - `wie232-a`: Priority 1 Design WIE232-A, a converter of Wiegand-26: 6 hex digits, CR
 * - `s4a`: S4A readers: 10 decimal digits, CR LF
 * - `cn-binary`: STX, length, type, serial number, BCC, ETX: the binary frame of many Chinese readers
 */
export const cardFormat = z.enum(['id-12', 'rdm6300', 'wie232-a', 's4a', 'cn-binary']);
export type CardFormat = z.infer<typeof cardFormat>;

/** One reading of a card. */
export interface Card {
  /** As most cards have it printed on them: the last four bytes as ten decimal digits. */
  number: string;
  /** All that the reader said of it, without loss: hex digits (`s4a`: decimal ones). */
  raw: string;
}

/** What the bytes from some place on are. `more`: it may become a frame. */
export type Match =
  { kind: 'card'; length: number; card: Card } | { kind: 'more' } | { kind: 'bad-check' } | { kind: 'noise' };

/**
 * How one format is found in a stream and written to one. `match` reads at most `longest` bytes from `start`.
 * What has no checksum (`wie232-a`, `s4a`) must be a whole line: digits before it make it a broken one.
 */
export interface Shape {
  readonly longest: number;
  match(bytes: Uint8Array, start: number, before: number | undefined): Match;
  /** The frame of a card by its `raw`; the checksum is made. */
  encode(raw: string): Uint8Array;
}

const stx = 0x02;
const etx = 0x03;
const cr = 0x0d;
const lf = 0x0a;

/** Bytes around the serial number: STX, length, type, BCC, ETX. The length counts them all. */
const frameBytes = 5;
/** EM4100 has 5 bytes, Mifare 4 or 7. */
const serialBytes = { least: 4, most: 7 };

export const shapes: Readonly<Record<CardFormat, Shape>> = {
  'id-12': checkedHex([cr, lf, etx]),
  rdm6300: checkedHex([etx]),
  'wie232-a': line(6, 'hex', [cr]),
  s4a: line(10, 'decimal', [cr, lf]),
  'cn-binary': binary(),
};

/** STX, ten hex digits, the XOR of their five bytes in two more, then `end`. */
function checkedHex(end: readonly number[]): Shape {
  const longest = 13 + end.length;
  return {
    longest,
    match(bytes, start) {
      const has = Math.min(longest, bytes.length - start);
      for (let i = 0; i < has; i++) {
        const byte = bytes[start + i]!;
        const fits = i === 0 ? byte === stx : i <= 12 ? isDigit(byte, 'hex') : byte === end[i - 13];
        if (!fits) return { kind: 'noise' };
      }
      if (has < longest) return { kind: 'more' };
      const raw = text(bytes, start + 1, 10);
      const check = Number.parseInt(text(bytes, start + 11, 2), 16);
      if (xor(fromHex(raw)) !== check) return { kind: 'bad-check' };
      return { kind: 'card', length: longest, card: cardOfHex(raw) };
    },
    encode: (raw) => Uint8Array.of(stx, ...ascii(raw), ...ascii(hexByte(xor(fromHex(raw)))), ...end),
  };
}

/** Digits and an end, and nothing that would tell a wrong digit. */
function line(digits: number, kind: 'hex' | 'decimal', end: readonly number[]): Shape {
  const longest = digits + end.length;
  return {
    longest,
    match(bytes, start, before) {
      if (before !== undefined && isDigit(before, 'hex')) return { kind: 'noise' };
      const has = Math.min(longest, bytes.length - start);
      for (let i = 0; i < has; i++) {
        const byte = bytes[start + i]!;
        if (!(i < digits ? isDigit(byte, kind) : byte === end[i - digits])) return { kind: 'noise' };
      }
      if (has < longest) return { kind: 'more' };
      const raw = text(bytes, start, digits);
      if (kind === 'hex') return { kind: 'card', length: longest, card: cardOfHex(raw) };
      if (Number(raw) > 0xffff_ffff) return { kind: 'noise' };
      return { kind: 'card', length: longest, card: { number: raw, raw } };
    },
    encode: (raw) => Uint8Array.of(...ascii(raw), ...end),
  };
}

/** BCC is the XOR of length, type and serial number. The serial number may hold 02 and 03: the length rules. */
function binary(): Shape {
  return {
    longest: frameBytes + serialBytes.most,
    match(bytes, start) {
      if (bytes[start] !== stx) return { kind: 'noise' };
      const length = bytes[start + 1];
      if (length === undefined) return { kind: 'more' };
      if (length < frameBytes + serialBytes.least || length > frameBytes + serialBytes.most) {
        return { kind: 'noise' };
      }
      if (bytes.length - start < length) return { kind: 'more' };
      if (bytes[start + length - 1] !== etx) return { kind: 'noise' };
      if (xor(bytes.subarray(start + 1, start + length - 2)) !== bytes[start + length - 2]) {
        return { kind: 'bad-check' };
      }
      return { kind: 'card', length, card: cardOfHex(toHex(bytes.subarray(start + 3, start + length - 2))) };
    },
    /** Type 02: an EM4100 card. */
    encode(raw) {
      const inner = Uint8Array.of(frameBytes + raw.length / 2, 0x02, ...fromHex(raw));
      return Uint8Array.of(stx, ...inner, xor(inner), etx);
    },
  };
}

function cardOfHex(raw: string): Card {
  const upper = raw.toUpperCase();
  return { raw: upper, number: String(Number.parseInt(upper.slice(-8), 16)).padStart(10, '0') };
}

function isDigit(byte: number, kind: 'hex' | 'decimal'): boolean {
  if (byte >= 0x30 && byte <= 0x39) return true;
  return kind === 'hex' && ((byte >= 0x41 && byte <= 0x46) || (byte >= 0x61 && byte <= 0x66));
}

function text(bytes: Uint8Array, start: number, length: number): string {
  return String.fromCharCode(...bytes.subarray(start, start + length));
}

function ascii(characters: string): number[] {
  return [...characters].map((c) => c.charCodeAt(0));
}

function fromHex(hex: string): number[] {
  return (hex.match(/../g) ?? []).map((pair) => Number.parseInt(pair, 16));
}

function toHex(bytes: Uint8Array): string {
  return Array.from(bytes, hexByte).join('');
}

function hexByte(byte: number): string {
  return byte.toString(16).toUpperCase().padStart(2, '0');
}

function xor(bytes: Iterable<number>): number {
  let sum = 0;
  for (const byte of bytes) sum ^= byte;
  return sum;
}
