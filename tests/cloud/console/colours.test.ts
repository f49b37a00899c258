import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';

type Rgb = [number, number, number];
const css = readFileSync(new URL('../../../cloud/console/style/tokens.css', import.meta.url), 'utf8');
const pairs = new Map(
  [...css.matchAll(/--([a-z-]+): light-dark\((#[0-9a-f]{6}), (#[0-9a-f]{6})\)/g)].map(
    ([, name, light, dark]) => [name!, { light: linear(light!), dark: linear(dark!) }],
  ),
);
const grounds = ['ground', 'surface'];
const states = ['alarm', 'fault', 'offline', 'unknown', 'maintenance', 'good'];
const themes = ['light', 'dark'] as const;

/** Linear light of an sRGB colour (IEC 61966-2-1). */
function linear(hex: string): Rgb {
  return [1, 3, 5].map((at) => {
    const value = Number.parseInt(hex.slice(at, at + 2), 16) / 255;
    return value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
  }) as Rgb;
}

/** Contrast ratio of WCAG 2.1. */
function contrast(a: Rgb, b: Rgb): number {
  const luminance = ([r, g, blue]: Rgb) => 0.2126 * r + 0.7152 * g + 0.0722 * blue;
  const [dark, light] = [luminance(a), luminance(b)].sort((x, y) => x - y) as [number, number];
  return (light + 0.05) / (dark + 0.05);
}

/** Machado, Oliveira and Fernandes 2009, severity 1.0. */
const eyes: Record<string, [Rgb, Rgb, Rgb]> = {
  usual: [
    [1, 0, 0],
    [0, 1, 0],
    [0, 0, 1],
  ],
  protanopia: [
    [0.152286, 1.052583, -0.204868],
    [0.114503, 0.786281, 0.099216],
    [-0.003882, -0.048116, 1.051998],
  ],
  deuteranopia: [
    [0.367322, 0.860646, -0.227968],
    [0.280085, 0.672501, 0.047413],
    [-0.01182, 0.04294, 0.968881],
  ],
  tritanopia: [
    [1.255528, -0.076749, -0.178779],
    [-0.078411, 0.930809, 0.147602],
    [0.004733, 0.691367, 0.3039],
  ],
};
const seen = (eye: [Rgb, Rgb, Rgb], colour: Rgb) =>
  eye.map((row) =>
    Math.min(1, Math.max(0, row[0] * colour[0] + row[1] * colour[1] + row[2] * colour[2])),
  ) as Rgb;

describe.each(Object.entries(eyes))('to %s eyes', (_name, eye) => {
  test.each(states)('%s stands out at 3:1 on every ground', (state) => {
    for (const theme of themes) {
      for (const ground of grounds) {
        const ratio = contrast(seen(eye, pairs.get(state)![theme]), seen(eye, pairs.get(ground)![theme]));
        expect(ratio, `${theme} ${ground}`).toBeGreaterThanOrEqual(3);
      }
    }
  });

  test('text, second text and links are read at 4.5:1, on the pattern too', () => {
    for (const theme of themes) {
      for (const text of ['text', 'text-second', 'accent']) {
        for (const ground of text === 'accent' ? grounds : [...grounds, 'hatch']) {
          const ratio = contrast(seen(eye, pairs.get(text)![theme]), seen(eye, pairs.get(ground)![theme]));
          expect(ratio, `${theme} ${text} on ${ground}`).toBeGreaterThanOrEqual(4.5);
        }
      }
    }
  });
});
