import { describe, expect, it } from 'vitest';
import { liveThrough } from './day.ts';

const seeds = Number(process.env['BELFRY_SEEDS'] ?? 20);
const first = Number(process.env['BELFRY_SEED'] ?? 1);
const presses = 200;

const nothingWrong = {
  lost: [],
  doubled: [],
  unexplained: [],
  lies: [],
  dark: [],
  stuck: [],
  untold: [],
  stale: [],
};

describe('a bad day, from one seed', () => {
  it.each(Array.from({ length: seeds }, (_, i) => first + i))(
    'loses and doubles no press, and no lamp lies (seed %i)',
    async (seed) => {
      const { trace, ...found } = await liveThrough({ seed, presses });
      expect(trace.filter((line) => line.includes('trouble:')).length).toBeGreaterThan(5);
      expect(found).toMatchObject(nothingWrong);
    },
    120_000,
  );

  it('is the same day, byte for byte, when its seed comes again', async () => {
    const once = await liveThrough({ seed: 'again', presses: 60 });
    const again = await liveThrough({ seed: 'again', presses: 60 });
    expect(once.trace.length).toBeGreaterThan(500);
    expect(again.trace).toEqual(once.trace);
  });
});
