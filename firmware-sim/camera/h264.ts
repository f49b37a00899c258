/**
 * The least of H.264 (ITU-T H.264, constrained baseline) that every decoder must take, so that a simulated camera
 * can send a true stream without an encoder: key frames of raw samples (I_PCM, 7.3.5) and frames that repeat the
 * one before (all macroblocks skipped, 7.3.4).
 */

/** A picture in YCbCr 4:2:0. Width and height are multiples of 16. */
export interface Frame {
  width: number;
  height: number;
  y: Uint8Array;
  cb: Uint8Array;
  cr: Uint8Array;
}

/** 7.4.1, table 7-1, with the nal_ref_idc that goes with it here. */
const nal = { repeat: 0x41, key: 0x65, sps: 0x67, pps: 0x68 };
/** log2_max_frame_num is 4. */
export const frameNumbers = 16;
const macroblock = 16;
const iPcm = 25;

/** Sequence and picture parameter set (7.3.2.1, 7.3.2.2), as NAL units. */
export function parameterSets(width: number, height: number): { sps: Uint8Array; pps: Uint8Array } {
  const sps = new Bits();
  const baseline = 66;
  const constrained = 0xc0;
  const level = 30;
  sps.u(8, baseline).u(8, constrained).u(8, level).ue(0);
  sps
    .ue(0) // log2_max_frame_num_minus4
    .ue(2) // pic_order_cnt_type: output order is decoding order
    .ue(1) // max_num_ref_frames
    .u(1, 0)
    .ue(width / macroblock - 1)
    .ue(height / macroblock - 1)
    .u(1, 1) // frame_mbs_only_flag
    .u(1, 1) // direct_8x8_inference_flag
    .u(1, 0) // no cropping
    .u(1, 0); // no VUI
  const pps = new Bits();
  pps.ue(0).ue(0).u(1, 0).u(1, 0).ue(0).ue(0).ue(0).u(1, 0).u(2, 0).se(0).se(0).se(0);
  pps
    .u(1, 1) // deblocking_filter_control_present_flag
    .u(1, 0)
    .u(1, 0);
  return { sps: unit(nal.sps, sps), pps: unit(nal.pps, pps) };
}

/** An IDR picture of raw samples. Neighbouring ones must differ in `idrPicId`. */
export function keyFrame(frame: Frame, idrPicId: number): Uint8Array {
  const { width, height, y, cb, cr } = frame;
  const bits = new Bits(Math.ceil(width * height * 1.6) + 64);
  const allI = 7;
  bits.ue(0).ue(allI).ue(0).u(4, 0).ue(idrPicId);
  bits.u(1, 0).u(1, 0).se(0).ue(1);
  for (let row = 0; row < height; row += macroblock) {
    for (let column = 0; column < width; column += macroblock) {
      bits.ue(iPcm).align();
      for (let line = 0; line < 16; line += 1) {
        const at = (row + line) * width + column;
        bits.raw(y.subarray(at, at + 16));
      }
      for (const plane of [cb, cr]) {
        for (let line = 0; line < 8; line += 1) {
          const at = (row / 2 + line) * (width / 2) + column / 2;
          bits.raw(plane.subarray(at, at + 8));
        }
      }
    }
  }
  return unit(nal.key, bits);
}

/** A picture that is the same as the one before. `frameNumber`: frames since the key frame, modulo `frameNumbers`. */
export function repeatFrame(width: number, height: number, frameNumber: number): Uint8Array {
  const bits = new Bits();
  const allP = 5;
  bits.ue(0).ue(allP).ue(0).u(4, frameNumber);
  bits.u(1, 0).u(1, 0).u(1, 0).se(0).ue(1);
  bits.ue((width * height) / (macroblock * macroblock));
  return unit(nal.repeat, bits);
}

/** NAL unit (7.3.1): header, payload with its trailing bits, and emulation prevention. */
function unit(header: number, payload: Bits): Uint8Array {
  const bytes = payload.u(1, 1).align().bytes();
  const escaped = Buffer.allocUnsafe(1 + Math.ceil(bytes.length * 1.5));
  let length = 0;
  let zeros = 0;
  escaped[length++] = header;
  for (const byte of bytes) {
    if (zeros >= 2 && byte <= 3) {
      escaped[length++] = 3;
      zeros = 0;
    }
    escaped[length++] = byte;
    zeros = byte === 0 ? zeros + 1 : 0;
  }
  return escaped.subarray(0, length);
}

/** Writes fixed length and Exp-Golomb codes (9.1), most significant bit first. */
class Bits {
  readonly #bytes: Uint8Array;
  #length = 0;

  constructor(capacity = 64) {
    this.#bytes = new Uint8Array(capacity);
  }

  u(width: number, value: number): this {
    for (let bit = width - 1; bit >= 0; bit -= 1) {
      if ((value >> bit) & 1) this.#bytes[this.#length >> 3]! |= 0x80 >> (this.#length & 7);
      this.#length += 1;
    }
    return this;
  }

  ue(value: number): this {
    const width = 32 - Math.clz32(value + 1);
    return this.u(width - 1, 0).u(width, value + 1);
  }

  se(value: number): this {
    return this.ue(value > 0 ? 2 * value - 1 : -2 * value);
  }

  align(): this {
    this.#length = (this.#length + 7) & ~7;
    return this;
  }

  /** Whole bytes; only where the writing is aligned. */
  raw(bytes: Uint8Array): this {
    this.#bytes.set(bytes, this.#length >> 3);
    this.#length += bytes.length * 8;
    return this;
  }

  bytes(): Uint8Array {
    return this.#bytes.subarray(0, this.#length >> 3);
  }
}
