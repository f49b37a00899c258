import type { Randomness } from '#platform/ports.ts';

/** Randomness that follows from a seed. Each concern takes a fork, so that one more draw here moves nothing there. */
export interface Seeded extends Randomness {
  fork(label: string): Seeded;
  /** Uniform in [least, most). */
  between(least: number, most: number): number;
  /** True with this probability; draws nothing when it is 0, so that an unused fault costs nothing. */
  chance(probability: number): boolean;
}

/** sfc32 (PractRand's small fast counter), its state filled by FNV-1a over the seed's text. */
export function seeded(seed: string | number): Seeded {
  const text = String(seed);
  let a = hash(`a${text}`);
  let b = hash(`b${text}`);
  let c = hash(`c${text}`);
  let counter = 1;
  const next = () => {
    const t = (((a + b) | 0) + counter) | 0;
    counter = (counter + 1) | 0;
    a = b ^ (b >>> 9);
    b = (c + (c << 3)) | 0;
    c = ((c << 21) | (c >>> 11)) + t;
    c |= 0;
    return t >>> 0;
  };
  for (let i = 0; i < 12; i++) next();
  const fraction = () => next() / 2 ** 32;
  return {
    fraction,
    bytes: (count) => Uint8Array.from({ length: count }, () => next() & 0xff),
    fork: (label) => seeded(`${text}/${label}`),
    between: (least, most) => least + (most - least) * fraction(),
    chance: (probability) => probability > 0 && fraction() < probability,
  };
}

function hash(text: string): number {
  let h = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) h = Math.imul(h ^ text.charCodeAt(i), 0x01000193);
  return h | 0;
}
