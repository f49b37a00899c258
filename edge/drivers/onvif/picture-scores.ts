import { createHash } from 'node:crypto';
import { decoder } from '#platform/jpeg.ts';
import { jpegSize } from './jpeg.ts';

/** A picture, small and grey, as everything is judged on. */
export interface SmallPicture {
  width: 64;
  height: 36;
  /** Mean brightness of each cell, 0 to 255. */
  cells: Float32Array;
  /** 0 sharp to 1 blurred, measured before the picture was made so small. */
  blur: number;
  /** SHA-256 of the compressed scan: a picture taken again differs by the noise of its sensor. */
  scan: string;
}

export interface PictureScores {
  /** Share of cells below 20 of 255. */
  black: number;
  /** Share of cells above 235 of 255. */
  overexposed: number;
  /** "The Blur Effect", Crété, Dolmiere, Ladret, Nicolas 2007: 0 sharp to 1 blurred. */
  blurred: number;
  /** Entropy of the brightness in 32 steps, bits (at most 5): a covered lens shows next to nothing. */
  entropy: number;
}

const columns = 64;
const rows = 36;
/** The blur is measured on a picture so many times larger, where the camera's is that large. */
const finest = 5;
const pixelLimit = 4e7;
const dark = 20;
const bright = 235;
const steps = 32;

/**
 * Decodes a JPEG. Rejects when it is none, is cut, or names more than 40 megapixels; with `NoDecoder` when this
 * gateway cannot decode.
 */
export async function smallPicture(jpeg: Uint8Array): Promise<SmallPicture> {
  const size = jpegSize(jpeg);
  if (!size) throw new Error('what came is no whole JPEG');
  const fine = Math.max(
    1,
    Math.min(finest, Math.floor(size.width / columns), Math.floor(size.height / rows)),
  );
  const [width, height] = [columns * fine, rows * fine];
  const sharp = await decoder();
  const grey = await sharp(jpeg, { limitInputPixels: pixelLimit, failOn: 'error' })
    .greyscale()
    .resize(width, height, { fit: 'fill' })
    .raw()
    .toBuffer();
  const cells = new Float32Array(columns * rows);
  for (let y = 0; y < height; y += 1) {
    for (let x = 0; x < width; x += 1) {
      cells[Math.floor(y / fine) * columns + Math.floor(x / fine)]! += grey[y * width + x]! / (fine * fine);
    }
  }
  return { width: columns, height: rows, cells, blur: blurOf(grey, width, height), scan: scanOf(jpeg) };
}

export function scoresOf({ cells, blur }: SmallPicture): PictureScores {
  const share = (holds: (value: number) => boolean) => cells.filter(holds).length / cells.length;
  const histogram = new Float64Array(steps);
  for (const value of cells)
    histogram[Math.min(steps - 1, Math.floor((value * steps) / 256))]! += 1 / cells.length;
  const entropy = histogram.reduce((sum, p) => (p > 0 ? sum - p * Math.log2(p) : sum), 0);
  return {
    black: share((value) => value < dark),
    overexposed: share((value) => value > bright),
    blurred: blur,
    entropy,
  };
}

/** Strength of the edges of each cell: what stays of a view when the light changes. */
export function edgesOf({ cells }: SmallPicture): Float32Array {
  const edges = new Float32Array(cells.length);
  for (let y = 1; y < rows - 1; y += 1) {
    for (let x = 1; x < columns - 1; x += 1) {
      const at = y * columns + x;
      edges[at] = Math.hypot(cells[at + 1]! - cells[at - 1]!, cells[at + columns]! - cells[at - columns]!);
    }
  }
  return edges;
}

/** How alike two views are: the best correlation of their edges within one cell's shift, 1 the same, 0 unrelated. */
export function likeness(a: Float32Array, b: Float32Array): number {
  let best = -1;
  for (let dy = -1; dy <= 1; dy += 1)
    for (let dx = -1; dx <= 1; dx += 1) best = Math.max(best, shifted(a, b, dx, dy));
  return best;
}

function shifted(a: Float32Array, b: Float32Array, dx: number, dy: number): number {
  let [n, sumA, sumB, aa, bb, ab] = [0, 0, 0, 0, 0, 0];
  for (let y = 1; y < rows - 1; y += 1) {
    for (let x = 1; x < columns - 1; x += 1) {
      const va = a[y * columns + x]!;
      const vb = b[(y + dy) * columns + x + dx]!;
      n += 1;
      sumA += va;
      sumB += vb;
      aa += va * va;
      bb += vb * vb;
      ab += va * vb;
    }
  }
  const spread = Math.sqrt((aa - (sumA * sumA) / n) * (bb - (sumB * sumB) / n));
  return spread > 0 ? (ab - (sumA * sumB) / n) / spread : 0;
}

/** The variation between neighbours that a further blur (9 taps) takes away: a blurred picture has little to lose. */
function blurOf(grey: Uint8Array, width: number, height: number): number {
  const along = (step: number, across: number, length: number, lines: number) => {
    let variation = 0;
    let kept = 0;
    for (let line = 0; line < lines; line += 1) {
      const value = (i: number) => grey[line * across + Math.max(0, Math.min(length - 1, i)) * step]!;
      let sum = 0;
      for (let i = -5; i <= 3; i += 1) sum += value(i);
      for (let i = 0; i < length; i += 1) {
        const before = sum;
        sum += value(i + 4) - value(i - 5);
        const sharpStep = Math.abs(value(i) - value(i - 1));
        variation += sharpStep;
        kept += Math.min(sharpStep, Math.abs(sum - before) / 9);
      }
    }
    return variation > 0 ? kept / variation : 1;
  };
  return Math.max(along(1, width, width, height), along(width, 1, height, width));
}

/** From the start of scan on: what stands before it (EXIF, a comment with the time) changes also in a frozen picture. */
function scanOf(jpeg: Uint8Array): string {
  const at = Buffer.from(jpeg.buffer, jpeg.byteOffset, jpeg.length).indexOf(Buffer.from([0xff, 0xda]));
  return createHash('sha256').update(jpeg.subarray(at)).digest('base64');
}
