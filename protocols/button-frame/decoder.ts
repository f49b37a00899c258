import { crc16 } from './crc16.ts';
import { crcBytes, directions, headerBytes, maxPayloadBytes, preamble } from './frame.ts';
import type { Frame } from './frame.ts';
import { parseFrame } from './parse.ts';
import type { Strange } from './parse.ts';

export interface ReceivedFrame {
  frame: Frame;
  /** The `at` of the push that brought the frame's first byte. */
  firstByteAt: number;
}

/** What one push brought to light. */
export interface Decoded {
  frames: ReceivedFrame[];
  strange: Strange[];
  /** Bytes that belong to no frame. */
  discarded: number;
  /** Of these, how often what began as a whole frame had a wrong CRC. */
  crcErrors: number;
}

export interface FrameDecoder {
  push(bytes: Uint8Array, at: number): Decoded;
}

type Candidate = 'none' | 'partial' | 'bad-crc' | { length: number };

/**
 * Finds frames in a stream that may be split anywhere and hold any noise. Linear in the bytes pushed; between
 * pushes it keeps less than one frame (44 bytes). What looks like a frame that is not all there never holds
 * back a whole one that begins inside it: a header made of noise would otherwise delay a press on a quiet line.
 */
export function createFrameDecoder(): FrameDecoder {
  let kept = new Uint8Array(0);
  /** Which push brought the kept bytes: each mark holds for the bytes before its `end`. */
  let marks: { end: number; at: number }[] = [];

  function push(bytes: Uint8Array, at: number): Decoded {
    const all = new Uint8Array(kept.length + bytes.length);
    all.set(kept);
    all.set(bytes, kept.length);
    marks.push({ end: all.length, at });
    const decoded: Decoded = { frames: [], strange: [], discarded: 0, crcErrors: 0 };

    const take = (start: number, length: number): void => {
      const result = parseFrame(all.subarray(start, start + length));
      if ('strange' in result) decoded.strange.push(result.strange);
      else decoded.frames.push({ frame: result.frame, firstByteAt: arrivalOf(start) });
    };
    const arrivalOf = (offset: number): number => marks.find((m) => offset < m.end)!.at;

    let start = 0;
    while (start < all.length) {
      const candidate = candidateAt(all, start);
      if (typeof candidate === 'object') {
        take(start, candidate.length);
        start += candidate.length;
      } else if (candidate === 'partial') {
        const inner = wholeFrameInside(all, start + 1);
        if (inner === null) break;
        decoded.discarded += inner - start;
        start = inner;
      } else {
        if (candidate === 'bad-crc') decoded.crcErrors += 1;
        decoded.discarded += 1;
        start += 1;
      }
    }

    kept = all.slice(start);
    marks = marks.filter((m) => m.end > start).map((m) => ({ end: m.end - start, at: m.at }));
    return decoded;
  }

  return { push };
}

/** Where, behind an unfinished candidate, a whole and readable frame begins. At most 44 places are tried. */
function wholeFrameInside(bytes: Uint8Array, from: number): number | null {
  for (let start = from; start < bytes.length; start += 1) {
    const candidate = candidateAt(bytes, start);
    if (typeof candidate !== 'object') continue;
    if ('frame' in parseFrame(bytes.subarray(start, start + candidate.length))) return start;
  }
  return null;
}

function candidateAt(bytes: Uint8Array, start: number): Candidate {
  const there = bytes.length - start;
  if (bytes[start] !== preamble[0]) return 'none';
  if (there > 1 && bytes[start + 1] !== preamble[1]) return 'none';
  if (there > 4) {
    const direction = bytes[start + 4];
    if (direction !== directions['unit-to-host'] && direction !== directions['host-to-unit']) return 'none';
  }
  if (there <= 5) return 'partial';
  const payload = bytes[start + 5]!;
  if (payload > maxPayloadBytes) return 'none';
  const length = headerBytes + payload + crcBytes;
  if (there < length) return 'partial';
  const end = start + length - crcBytes;
  const crc = (bytes[end]! << 8) | bytes[end + 1]!;
  return crc16(bytes, start + preamble.length, end) === crc ? { length } : 'bad-crc';
}
