/** A decoder that takes longer than this over one picture is stopped, seconds. */
const patienceS = 5;
const pixelLimit = 4e7;

/** This machine has no decoder: a fault of ours, not of the picture. */
export class NoDecoder extends Error {}

/**
 * The decoder is native, and there is none for every processor and C library: it is loaded when the first picture
 * is there, so that a process without one starts, and its alarms flow.
 */
export async function decoder() {
  try {
    const sharp = (await import('sharp')).default;
    // One picture keeps one processor busy, and leaves the others to alarms.
    sharp.concurrency(1);
    return sharp;
  } catch (error) {
    throw new NoDecoder('this machine cannot decode pictures', { cause: error });
  }
}

export interface JpegBounds {
  /** Of the longer side, pixels. */
  side: number;
  bytes: number;
}

/**
 * The picture made so small that it keeps the bounds, without anything that the camera wrote beside it (place,
 * serial number). Rejects when it is no picture or cannot be made so small; with `NoDecoder` where there is none.
 */
export async function shrunk(jpeg: Uint8Array, { side, bytes }: JpegBounds): Promise<Uint8Array> {
  const sharp = await decoder();
  for (const quality of [75, 55, 35]) {
    const small = await sharp(jpeg, { limitInputPixels: pixelLimit, failOn: 'error' })
      .rotate()
      .resize(side, side, { fit: 'inside', withoutEnlargement: true })
      .jpeg({ quality })
      .timeout({ seconds: patienceS })
      .toBuffer();
    if (small.length <= bytes) return small;
  }
  throw new Error(`the picture cannot be made smaller than ${bytes} bytes`);
}

/**
 * Decodes every pixel of what is said to be a JPEG. Null: it is none, is cut, or is larger than `side` either way.
 * Rejects with `NoDecoder` where there is none.
 */
export async function checkedSize(
  jpeg: Uint8Array,
  side: number,
): Promise<{ width: number; height: number } | null> {
  const sharp = await decoder();
  try {
    const image = sharp(jpeg, { limitInputPixels: side * side, failOn: 'error' });
    const { format, width, height } = await image.metadata();
    if (format !== 'jpeg' || width > side || height > side) return null;
    // Every pixel is decoded, and next to nothing of it kept.
    await image
      .resize(16, 16, { fit: 'fill', fastShrinkOnLoad: false })
      .raw()
      .timeout({ seconds: patienceS })
      .toBuffer();
    return { width, height };
  } catch {
    return null;
  }
}
