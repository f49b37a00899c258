import { crc16Arc } from './crc.ts';
import { formatTimestamp, parseTimestamp } from './timestamp.ts';

/** SIA DC-09 (ANSI/SIA DC-09-2013), the frame: LF, CRC, length, body, CR. Texts are bytes, one char each. */

export const LF = 0x0a;
export const CR = 0x0d;
/** The length has four hex digits of which the first is 0. */
export const MAX_BODY = 0x0fff;

/** `[H07:59:30,09-01-2026]` has key `H`. */
export interface ExtendedField {
  key: string;
  value: string;
}

export interface Dc09Frame {
  /** `ADM-CID`, `NULL`, `ACK`, …; a `*` in front says that `data` is ciphertext in hex up to the frame's end. */
  token: string;
  /** 0 to 9999. Alarms use 1 to 9999. */
  sequence: number;
  /** Digits after R. Absent: the frame has no R. */
  receiver?: string;
  /** Digits after L. Some panels send an empty one; absent: the frame has no L. */
  line?: string;
  /** Digits after #. Only a NAK has none. */
  account?: string;
  /** Between the first brackets. */
  data: string;
  fields: readonly ExtendedField[];
  /** UTC milliseconds, whole seconds on the wire. */
  timestamp?: number;
}

/** How the CRC is written: four hex digits (the standard), or the two raw bytes that some devices send. */
export type CrcForm = 'hex' | 'raw';

const ENCODABLE = {
  token: /^\*?[A-Z0-9-]{1,15}$/,
  number: /^[0-9A-Fa-f]{0,6}$/,
  account: /^[0-9A-Fa-f]{3,16}$/,
  data: /^[^[\]\r\n\u0100-\uffff]*$/,
  key: /^[A-Z]$/,
};

function check(pattern: RegExp, text: string | undefined, what: string): void {
  if (text !== undefined && !pattern.test(text))
    throw new RangeError(`DC-09 ${what} cannot be encoded: ${text}`);
}

function bodyText(frame: Dc09Frame): string {
  const { token, sequence, receiver, line, account, data, fields, timestamp } = frame;
  if (!Number.isInteger(sequence) || sequence < 0 || sequence > 9999)
    throw new RangeError(`DC-09 sequence cannot be encoded: ${sequence}`);
  check(ENCODABLE.token, token, 'token');
  check(ENCODABLE.number, receiver, 'receiver number');
  check(ENCODABLE.number, line, 'line number');
  check(ENCODABLE.account, account, 'account');
  check(ENCODABLE.data, data, 'data');
  const head =
    `"${token}"${String(sequence).padStart(4, '0')}` +
    (receiver === undefined ? '' : `R${receiver}`) +
    (line === undefined ? '' : `L${line}`) +
    // A NAK names nobody (DC-09 5.5.3): its account is the literal A0.
    (account === undefined ? (token === 'NAK' ? 'A0' : '') : `#${account}`);
  if (token.startsWith('*')) return `${head}[${data}`;
  let text = `${head}[${data}]`;
  for (const { key, value } of fields) {
    check(ENCODABLE.key, key, 'extended field');
    check(ENCODABLE.data, value, `field ${key}`);
    text += `[${key}${value}]`;
  }
  return timestamp === undefined ? text : `${text}_${formatTimestamp(timestamp)}`;
}

const hex4 = (n: number): string => n.toString(16).toUpperCase().padStart(4, '0');

/** The frame's bytes, LF and CR included. Throws a RangeError for what DC-09 has no words for. */
export function encodeFrame(frame: Dc09Frame, crcForm: CrcForm = 'hex'): Uint8Array {
  return frameBody(bodyText(frame), crcForm);
}

/** Puts a body, whatever it says, between LF, CRC, length and CR. Throws a RangeError when it is too long. */
export function frameBody(text: string, crcForm: CrcForm = 'hex'): Uint8Array {
  const body = Buffer.from(text, 'latin1');
  if (body.length > MAX_BODY) throw new RangeError(`DC-09 body of ${body.length} bytes is over ${MAX_BODY}`);
  const crc = crc16Arc(body);
  const crcBytes = crcForm === 'hex' ? Buffer.from(hex4(crc)) : Buffer.from([crc >>> 8, crc & 0xff]);
  return Uint8Array.from([LF, ...crcBytes, ...Buffer.from(hex4(body.length)), ...body, CR]);
}

export type BodyResult = { frame: Dc09Frame; deviations: string[] } | { problem: string };

/**
 * Token, sequence, then R, L and account: each optional, each tolerated as the word None. The line number is
 * lazy because the A of a NAK's A0 is a hex digit too.
 */
const HEAD =
  /^"(\*?[^"*]{1,15})"(\d{4})(?:None|R(None|[0-9A-Fa-f]{0,6}))?(?:None|L(None|[0-9A-Fa-f]{0,6}?))?(?:#([0-9A-Fa-f]{3,16})|#?None|A0)?\[/;
const FIELD = /^\[([A-Z])([^\]]*)\]/;

/**
 * Reads a body whose CRC was right. Lenient where devices in the field deviate, and says where it was
 * (`deviations`); an optional field that cannot be understood is absent, never a reason to lose the frame.
 */
export function parseBody(body: Uint8Array): BodyResult {
  const text = Buffer.from(body.buffer, body.byteOffset, body.length).toString('latin1');
  const head = HEAD.exec(text);
  if (!head) return { problem: 'no token, sequence and opening bracket' };
  const deviations: string[] = [];
  const [opening, token, digits, receiver, line, account] = head as unknown as [
    string,
    string,
    string,
    ...(string | undefined)[],
  ];
  const number = (letter: string, value: string | undefined): string | undefined => {
    if (value === '') deviations.push(`empty ${letter}`);
    return value === 'None' ? undefined : value;
  };
  if (opening.includes('None')) deviations.push('the word None for an absent field');
  const frame: Dc09Frame = { token, sequence: Number(digits), data: '', fields: [] };
  const receiverDigits = number('R', receiver);
  const lineDigits = number('L', line);
  if (receiverDigits !== undefined) frame.receiver = receiverDigits;
  if (lineDigits !== undefined) frame.line = lineDigits;
  if (account !== undefined) frame.account = account;

  if (token.startsWith('*')) return { frame: { ...frame, data: text.slice(opening.length) }, deviations };
  const close = text.indexOf(']', opening.length);
  if (close < 0) return { problem: 'the data has no closing bracket' };
  frame.data = text.slice(opening.length, close);
  let rest = text.slice(close + 1);
  const fields: ExtendedField[] = [];
  for (let field = FIELD.exec(rest); field; field = FIELD.exec(rest)) {
    fields.push({ key: field[1]!, value: field[2]! });
    rest = rest.slice(field[0].length);
  }
  frame.fields = fields;
  const timestamp = rest.startsWith('_') ? parseTimestamp(rest.slice(1)) : undefined;
  if (timestamp !== undefined) frame.timestamp = timestamp;
  else if (rest !== '') deviations.push(`unreadable after the data: ${JSON.stringify(rest.slice(0, 40))}`);
  return { frame, deviations };
}

/** Well received (DC-09 5.5.3). Echoes what was sent and adds nothing: an absent field stays absent. */
export function ackOf(frame: Dc09Frame): Dc09Frame {
  return replyTo(frame, 'ACK');
}

/** Well received, but it cannot be processed (DC-09 5.5.3). */
export function duhOf(frame: Dc09Frame): Dc09Frame {
  return replyTo(frame, 'DUH');
}

/** The sender's timestamp is outside the window; names nobody, and tells the receiver's time (DC-09 5.5.3). */
export function nakAt(utcMs: number): Dc09Frame {
  return { token: 'NAK', sequence: 0, receiver: '0', line: '0', data: '', fields: [], timestamp: utcMs };
}

function replyTo({ sequence, receiver, line, account }: Dc09Frame, token: string): Dc09Frame {
  return { token, sequence, receiver, line, account, data: '', fields: [] };
}
