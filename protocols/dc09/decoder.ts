import { crc16Arc } from './crc.ts';
import { CR, type CrcForm, type Dc09Frame, LF, MAX_BODY, parseBody } from './frame.ts';

export type Dc09Event =
  | { kind: 'frame'; frame: Dc09Frame; raw: Uint8Array; crcForm: CrcForm; deviations: string[] }
  /** It began like a frame. `crc`: damaged on the way. `body`: arrived as sent, and says nothing we know. */
  | { kind: 'damaged'; fault: 'length' | 'crc' | 'body'; reason: string; raw: Uint8Array; crcForm: CrcForm }
  /** Bytes between frames. `sample` is the beginning of them. */
  | { kind: 'noise'; bytes: number; sample: Uint8Array };

const QUOTE = 0x22;
const SAMPLE = 32;
/** LF, four hex digits of CRC, four of length, the longest body, CR. */
const MAX_FRAME = 1 + 4 + 4 + MAX_BODY + 1;

function hexDigit(byte: number): number {
  if (byte >= 0x30 && byte <= 0x39) return byte - 0x30;
  const letter = byte | 0x20;
  return letter >= 0x61 && letter <= 0x66 ? letter - 0x57 : -1;
}

/** What stands after an LF: a frame of this form and length, not a frame, or too little to say. */
type Header = { form: CrcForm; body: number; length: number } | 'none' | 'more';

function readHeader(buffer: Uint8Array, start: number, end: number): Header {
  const hex = readHeaderAs('hex', buffer, start, end);
  if (typeof hex === 'object') return hex;
  // No header is complete in both forms: where one has its quote the other wants a digit.
  const raw = readHeaderAs('raw', buffer, start, end);
  if (typeof raw === 'object') return raw;
  return hex === 'more' || raw === 'more' ? 'more' : 'none';
}

function readHeaderAs(form: CrcForm, buffer: Uint8Array, start: number, end: number): Header {
  const digits = start + (form === 'hex' ? 5 : 3);
  const body = digits + 4;
  let length = 0;
  for (let i = start + 1; i < Math.min(body, end); i++) {
    if (form === 'raw' && i < digits) continue;
    const digit = hexDigit(buffer[i]!);
    if (digit < 0 || (i === digits && digit !== 0)) return 'none';
    if (i >= digits) length = length * 16 + digit;
  }
  if (end <= body) return 'more';
  return buffer[body] === QUOTE && length > 0 ? { form, body, length } : 'none';
}

/**
 * Finds frames in a TCP stream: any split, resynchronising after noise at the next LF, never holding more
 * than one frame. A body has neither CR nor LF, so a damaged length costs its own frame and not the next one.
 */
export class Dc09Decoder {
  #held = new Uint8Array(0);
  /** How far the held candidate's body was searched for a CR. */
  #searched = 0;
  #afterFrame = false;

  /** Everything that these bytes complete, in order. Never throws. */
  push(bytes: Uint8Array): Dc09Event[] {
    const buffer = new Uint8Array(this.#held.length + bytes.length);
    buffer.set(this.#held);
    buffer.set(bytes, this.#held.length);
    const events: Dc09Event[] = [];
    let noiseFrom = 0;
    let at = 0;
    const endNoise = (): void => {
      if (at > noiseFrom)
        events.push({
          kind: 'noise',
          bytes: at - noiseFrom,
          sample: buffer.slice(noiseFrom, Math.min(at, noiseFrom + SAMPLE)),
        });
    };
    while (at < buffer.length) {
      if (buffer[at] !== LF) {
        // One panel ends its frames with CR NUL.
        if (this.#afterFrame && buffer[at] === 0) noiseFrom = at + 1;
        else this.#afterFrame = false;
        at++;
        continue;
      }
      const header = readHeader(buffer, at, buffer.length);
      if (header === 'more') break;
      if (header === 'none') {
        this.#afterFrame = false;
        at++;
        continue;
      }
      const claimedEnd = header.body + header.length;
      const end = this.#bodyEnd(buffer, Math.max(header.body, at + this.#searched), claimedEnd);
      if (end === undefined) {
        this.#searched = buffer.length - at;
        break;
      }
      endNoise();
      this.#searched = 0;
      const raw = buffer.slice(at, Math.min(end + 1, at + MAX_FRAME));
      if (end !== claimedEnd || buffer[end] !== CR) {
        const reason = `length says ${header.length} bytes, no CR stands there`;
        // The LF that ended the body may begin the next frame.
        const upTo = buffer[end] === LF ? raw.slice(0, -1) : raw;
        events.push({ kind: 'damaged', fault: 'length', reason, raw: upTo, crcForm: header.form });
        this.#afterFrame = false;
        at += upTo.length;
      } else {
        events.push(this.#read(raw, header.form));
        this.#afterFrame = true;
        at = end + 1;
      }
      noiseFrom = at;
    }
    endNoise();
    this.#held = buffer.slice(at);
    return events;
  }

  /** What is held of an unfinished frame, given up: for when the stream ends, or no answer came. */
  flush(): Dc09Event[] {
    const held = this.#held;
    this.#held = new Uint8Array(0);
    this.#searched = 0;
    this.#afterFrame = false;
    return held.length === 0 ? [] : [{ kind: 'noise', bytes: held.length, sample: held.slice(0, SAMPLE) }];
  }

  /** Index of the first CR or LF, or of the claimed end; undefined while neither is there. */
  #bodyEnd(buffer: Uint8Array, from: number, claimedEnd: number): number | undefined {
    for (let i = from; i < Math.min(claimedEnd, buffer.length); i++)
      if (buffer[i] === CR || buffer[i] === LF) return i;
    return claimedEnd < buffer.length ? claimedEnd : undefined;
  }

  #read(raw: Uint8Array, crcForm: CrcForm): Dc09Event {
    const digits = Buffer.from(raw);
    const sent =
      crcForm === 'hex' ? Number.parseInt(digits.toString('latin1', 1, 5), 16) : digits.readUInt16BE(1);
    const body = raw.subarray(crcForm === 'hex' ? 9 : 7, -1);
    if (crc16Arc(body) !== sent) return { kind: 'damaged', fault: 'crc', reason: 'wrong CRC', raw, crcForm };
    const parsed = parseBody(body);
    if ('problem' in parsed) return { kind: 'damaged', fault: 'body', reason: parsed.problem, raw, crcForm };
    if (crcForm === 'raw') parsed.deviations.push('CRC as two raw bytes');
    return { kind: 'frame', ...parsed, raw, crcForm };
  }
}
