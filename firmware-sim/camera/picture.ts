import type { Clock, Randomness } from '#platform/ports.ts';
import type { Frame } from './h264.ts';
import { clothSvg, movingSvg, pictureSize, type SceneName, sceneSvg } from './scenes.ts';

/** How the camera sees: well, or as one does that a person must look after. */
export const views = ['clear', 'black', 'overexposed', 'blurred', 'covered', 'frozen', 'moved'] as const;
export type View = (typeof views)[number];

export interface Lens {
  view: View;
  /** A JPEG of this moment, 640 × 360. No two are the same, except when the view is frozen. */
  jpeg(): Promise<Uint8Array>;
  /** The same for the encoder of the stream. */
  frame(width: number, height: number): Promise<Frame>;
}

/** Loaded by the first picture: the simulators of other hardware run without the native part. */
const imaging = async () => (await import('sharp')).default;

const { width, height } = pictureSize;
const channels = 3;
/** Bytes of each picture that the sensor's noise touches. */
const noisy = 4096;

export function lensOn(scene: SceneName, { clock, random }: { clock: Clock; random: Randomness }): Lens {
  const backgrounds = new Map<string, Promise<Buffer>>();
  let frozen: Promise<Buffer> | null = null;
  const lens: Lens = {
    view: 'clear',
    async jpeg() {
      const sharp = await imaging();
      return sharp(await seen(), { raw: { width, height, channels } })
        .jpeg({ quality: 75 })
        .toBuffer();
    },
    async frame(toWidth, toHeight) {
      const sharp = await imaging();
      const small = await sharp(await seen(), { raw: { width, height, channels } })
        .resize(toWidth, toHeight, { fit: 'fill' })
        .raw()
        .toBuffer();
      return toYcbcr(small, toWidth, toHeight);
    },
  };

  function seen(): Promise<Buffer> {
    if (lens.view !== 'frozen') frozen = null;
    else return (frozen ??= exposure());
    return exposure();
  }

  /** The background, drawn once: it does not move. */
  function background(name: string, svg: Buffer): Promise<Buffer> {
    const draw = async () => (await imaging())(svg).removeAlpha().raw().toBuffer();
    const drawn = backgrounds.get(name) ?? draw();
    backgrounds.set(name, drawn);
    return drawn;
  }

  async function exposure(): Promise<Buffer> {
    const { view } = lens;
    const sharp = await imaging();
    const behind =
      view === 'covered'
        ? await background('cloth', clothSvg)
        : await background(view === 'moved' ? 'moved' : 'scene', sceneSvg(scene, view === 'moved'));
    let image = sharp(behind, { raw: { width, height, channels } });
    if (view !== 'covered') image = image.composite([{ input: movingSvg(clock.wall()) }]);
    let pixels: Buffer = await image.removeAlpha().raw().toBuffer();
    if (view === 'blurred') {
      pixels = await sharp(pixels, { raw: { width, height, channels } }).blur(9).raw().toBuffer();
    }
    if (view === 'black') pixels = Buffer.from(pixels.map((value) => value >> 5));
    if (view === 'overexposed') pixels = Buffer.from(pixels.map((value) => Math.min(255, 205 + value)));
    return withNoise(pixels);
  }

  function withNoise(pixels: Buffer): Buffer {
    const noise = random.bytes(noisy);
    const step = Math.floor(pixels.length / noisy);
    for (let i = 0; i < noisy; i += 1) {
      const at = i * step + (noise[i]! % step);
      pixels[at] = Math.max(0, Math.min(255, pixels[at]! + (noise[i]! % 17) - 8));
    }
    return pixels;
  }

  return lens;
}

/** ITU-R BT.601, limited range. */
function toYcbcr(rgb: Buffer, width: number, height: number): Frame {
  const y = new Uint8Array(width * height);
  const cb = new Uint8Array((width * height) / 4);
  const cr = new Uint8Array((width * height) / 4);
  for (let row = 0; row < height; row += 1) {
    for (let column = 0; column < width; column += 1) {
      const at = row * width + column;
      const [r, g, b] = [rgb[at * 3]!, rgb[at * 3 + 1]!, rgb[at * 3 + 2]!];
      y[at] = 16 + 0.257 * r + 0.504 * g + 0.098 * b;
      if ((row | column) & 1) continue;
      const half = ((row / 2) * width) / 2 + column / 2;
      cb[half] = 128 - 0.148 * r - 0.291 * g + 0.439 * b;
      cr[half] = 128 + 0.439 * r - 0.368 * g - 0.071 * b;
    }
  }
  return { width, height, y, cb, cr };
}
