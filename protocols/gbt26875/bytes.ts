import type { WireTime } from './frame.ts';

/** Reads little endian fields one after another; null fields never come: check `left` first. */
export interface Reader {
  readonly left: number;
  u8(): number;
  u16(): number;
  i16(): number;
  u32(): number;
  /** 48 bits: exact in a double. */
  u48(): number;
  time(): WireTime;
  bytes(count: number): Uint8Array;
}

/** Reading past the end gives zeros: callers compare `left` with the size of what they read. */
export function reader(bytes: Uint8Array, from = 0): Reader {
  let at = from;
  const u8 = () => bytes[at++] ?? 0;
  const u16 = () => u8() + u8() * 0x100;
  const u32 = () => u16() + u16() * 0x1_0000;
  return {
    get left() {
      return Math.max(0, bytes.length - at);
    },
    u8,
    u16,
    i16: () => (u16() << 16) >> 16,
    u32,
    u48: () => u32() + u16() * 0x1_0000_0000,
    time: () => ({ second: u8(), minute: u8(), hour: u8(), day: u8(), month: u8(), year: u8() }),
    bytes(count) {
      at += count;
      return bytes.slice(at - count, at);
    },
  };
}

/** `count` bytes of a number, little endian, taken modulo the width. */
export function little(value: number, count: number): number[] {
  return Array.from({ length: count }, (_, i) => Math.floor(value / 256 ** i) & 0xff);
}

export function timeBytes(t: WireTime): number[] {
  return [t.second, t.minute, t.hour, t.day, t.month, t.year].map((part) => part & 0xff);
}
