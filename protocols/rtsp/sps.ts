export interface PictureSize {
  width: number;
  height: number;
}

/** The size that a sequence parameter set names, after cropping, or null when it cannot be read. */
export function sizeOfSps(codec: 'H264' | 'H265', nal: Uint8Array): PictureSize | null {
  const bits = new BitReader(withoutEmulation(nal.subarray(0, 1024)));
  const size = codec === 'H264' ? h264(bits) : h265(bits);
  const sound = !bits.exhausted && size.width > 0 && size.height > 0 && size.width <= 16_384;
  return sound && size.height <= 16_384 ? size : null;
}

/** ITU-T H.264, 7.3.2.1.1 */
function h264(bits: BitReader): PictureSize {
  bits.u(8);
  const profile = bits.u(8);
  bits.u(16);
  bits.ue();
  let chroma = 1;
  let separate = 0;
  if ([100, 110, 122, 244, 44, 83, 86, 118, 128, 138, 139, 134, 135].includes(profile)) {
    chroma = bits.ue();
    if (chroma === 3) separate = bits.u(1);
    bits.ue();
    bits.ue();
    bits.u(1);
    if (bits.u(1))
      for (let i = 0; i < (chroma === 3 ? 12 : 8); i += 1) if (bits.u(1)) scalingList(bits, i < 6 ? 16 : 64);
  }
  bits.ue();
  const orderType = bits.ue();
  if (orderType === 0) bits.ue();
  else if (orderType === 1) {
    bits.u(1);
    bits.ue();
    bits.ue();
    const cycle = Math.min(bits.ue(), 255);
    for (let i = 0; i < cycle; i += 1) bits.ue();
  }
  bits.ue();
  bits.u(1);
  const columns = bits.ue() + 1;
  const rows = bits.ue() + 1;
  const frames = bits.u(1);
  if (!frames) bits.u(1);
  bits.u(1);
  const [left, right, top, bottom] = bits.u(1) ? [bits.ue(), bits.ue(), bits.ue(), bits.ue()] : [0, 0, 0, 0];
  const sampled = separate ? 0 : chroma;
  const unitX = sampled === 1 || sampled === 2 ? 2 : 1;
  const unitY = (sampled === 1 ? 2 : 1) * (2 - frames);
  return {
    width: columns * 16 - unitX * (left + right),
    height: rows * 16 * (2 - frames) - unitY * (top + bottom),
  };
}

/** 7.3.2.1.1.1 */
function scalingList(bits: BitReader, size: number): void {
  let last = 8;
  let next = 8;
  for (let i = 0; i < size; i += 1) {
    if (next !== 0) next = (last + bits.se() + 256) & 0xff;
    if (next !== 0) last = next;
  }
}

/** ITU-T H.265, 7.3.2.2.1 and 7.3.3 */
function h265(bits: BitReader): PictureSize {
  bits.u(16);
  bits.u(4);
  const subLayers = bits.u(3);
  bits.u(1);
  bits.skip(96);
  const present = Array.from({ length: subLayers }, () => [bits.u(1), bits.u(1)] as const);
  if (subLayers > 0) bits.skip(2 * (8 - subLayers));
  for (const [profile, level] of present) bits.skip((profile ? 88 : 0) + (level ? 8 : 0));
  bits.ue();
  const chroma = bits.ue();
  const separate = chroma === 3 ? bits.u(1) : 0;
  const width = bits.ue();
  const height = bits.ue();
  const [left, right, top, bottom] = bits.u(1) ? [bits.ue(), bits.ue(), bits.ue(), bits.ue()] : [0, 0, 0, 0];
  const sampled = separate ? 0 : chroma;
  const unitX = sampled === 1 || sampled === 2 ? 2 : 1;
  const unitY = sampled === 1 ? 2 : 1;
  return { width: width - unitX * (left + right), height: height - unitY * (top + bottom) };
}

/** Takes out the emulation prevention bytes (H.264, 7.4.1). */
function withoutEmulation(nal: Uint8Array): Uint8Array {
  return nal.filter((byte, i) => !(byte === 3 && i >= 2 && nal[i - 1] === 0 && nal[i - 2] === 0));
}

/** Reads zeros behind the end, and says so. */
class BitReader {
  readonly #bytes: Uint8Array;
  #at = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  get exhausted(): boolean {
    return this.#at > this.#bytes.length * 8;
  }

  u(width: number): number {
    let value = 0;
    for (let i = 0; i < width; i += 1) {
      const byte = this.#bytes[this.#at >> 3] ?? 0;
      value = value * 2 + ((byte >> (7 - (this.#at & 7))) & 1);
      this.#at += 1;
    }
    return value;
  }

  skip(count: number): void {
    this.#at += count;
  }

  /** Exp-Golomb, 9.1. */
  ue(): number {
    let zeros = 0;
    while (zeros < 32 && !this.exhausted && this.u(1) === 0) zeros += 1;
    return 2 ** zeros - 1 + this.u(zeros);
  }

  se(): number {
    const code = this.ue();
    return code % 2 === 1 ? (code + 1) / 2 : -code / 2;
  }
}
