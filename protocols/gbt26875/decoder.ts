import { reader } from './bytes.ts';
import {
  checksum,
  commandOf,
  endMark,
  type Frame,
  headerBytes,
  maxUnitBytes,
  startMark,
  trailerBytes,
} from './frame.ts';

/** What a sender is to be denied for, as far as its frame could be read. */
export interface Rejected {
  reason: 'checksum' | 'end-mark' | 'too-long' | 'unknown-command';
  serial: number;
  source: number;
  destination: number;
  version: Frame['version'];
}

/** What one push brought to light. */
export interface Decoded {
  frames: { frame: Frame; firstByteAt: number }[];
  /** A frame that is nearly one: who is named in it may be noise, so deny only whom you know. */
  rejected: Rejected[];
  /** Bytes that belong to no good frame. */
  discarded: number;
}

export interface FrameDecoder {
  push(bytes: Uint8Array, at: number): Decoded;
}

type Candidate = 'none' | 'partial' | { bad: Rejected['reason'] } | { length: number };

/**
 * Finds frames in a stream that may be split anywhere, stick together and hold any noise. Between pushes it keeps
 * less than one frame (1054 bytes). What looks like a frame that is not all there never holds back a whole one
 * that begins inside it. A frame whose start is damaged cannot be told from noise: its sender's time-out
 * repeats it.
 */
export function createFrameDecoder(): FrameDecoder {
  let kept = new Uint8Array(0);
  /** Which push brought the kept bytes: each mark holds for the bytes before its `end`. */
  let marks: { end: number; at: number }[] = [];
  return {
    push(bytes, at) {
      const all = new Uint8Array(kept.length + bytes.length);
      all.set(kept);
      all.set(bytes, kept.length);
      marks.push({ end: all.length, at });
      const decoded: Decoded = { frames: [], rejected: [], discarded: 0 };
      let start = 0;
      while (start < all.length) {
        const candidate = candidateAt(all, start);
        if (candidate === 'partial') {
          const inner = wholeFrameInside(all, start + 1);
          if (inner === null) break;
          decoded.discarded += inner - start;
          start = inner;
        } else if (typeof candidate === 'object' && 'length' in candidate) {
          const firstByteAt = marks.find((m) => start < m.end)!.at;
          decoded.frames.push({ frame: frameAt(all, start, candidate.length), firstByteAt });
          start += candidate.length;
        } else {
          if (candidate !== 'none') decoded.rejected.push(rejectedAt(all, start, candidate.bad));
          decoded.discarded += 1;
          start += 1;
        }
      }
      kept = all.slice(start);
      marks = marks.filter((m) => m.end > start).map((m) => ({ end: m.end - start, at: m.at }));
      return decoded;
    },
  };
}

/** Where, behind an unfinished candidate, a whole and good frame begins. */
function wholeFrameInside(bytes: Uint8Array, from: number): number | null {
  for (let start = from; start < bytes.length; start += 1) {
    const candidate = candidateAt(bytes, start);
    if (typeof candidate === 'object' && 'length' in candidate) return start;
  }
  return null;
}

function candidateAt(bytes: Uint8Array, start: number): Candidate {
  const there = bytes.length - start;
  if (bytes[start] !== startMark) return 'none';
  if (there > 1 && bytes[start + 1] !== startMark) return 'none';
  if (there < headerBytes) return 'partial';
  const unit = bytes[start + 24]! + bytes[start + 25]! * 0x100;
  const known = commandOf(bytes[start + 26]!) !== null;
  // Its end cannot be awaited: memory is bounded. Noise seldom has a command that there is.
  if (unit > maxUnitBytes) return known ? { bad: 'too-long' } : 'none';
  const length = headerBytes + unit + trailerBytes;
  if (there < length) return 'partial';
  const end = start + headerBytes + unit;
  const sumHolds = checksum(bytes, start + 2, end) === bytes[end];
  const endHolds = bytes[end + 1] === endMark && bytes[end + 2] === endMark;
  if (sumHolds && endHolds) return known ? { length } : { bad: 'unknown-command' };
  if (endHolds) return { bad: 'checksum' };
  return sumHolds ? { bad: 'end-mark' } : 'none';
}

function headOf(bytes: Uint8Array, start: number) {
  const r = reader(bytes, start + 2);
  const serial = r.u16();
  const version = { main: r.u8(), user: r.u8() };
  return { serial, version, time: r.time(), source: r.u48(), destination: r.u48() };
}

function frameAt(bytes: Uint8Array, start: number, length: number): Frame {
  return {
    ...headOf(bytes, start),
    command: commandOf(bytes[start + 26]!)!,
    unit: bytes.slice(start + headerBytes, start + length - trailerBytes),
  };
}

function rejectedAt(bytes: Uint8Array, start: number, reason: Rejected['reason']): Rejected {
  const { serial, version, source, destination } = headOf(bytes, start);
  return { reason, serial, version, source, destination };
}
