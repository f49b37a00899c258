import { describe, expect, it } from 'vitest';
import { liveThrough } from './city.ts';

const seeds = Number(process.env['BELFRY_SEEDS'] ?? 20);
const first = Number(process.env['BELFRY_SEED'] ?? 1);
const presses = 200;

describe('a bad day, from one seed', () => {
  it.each(Array.from({ length: seeds }, (_, i) => first + i))(
    'loses and doubles no press, and no lamp lies (seed %i)',
    async (seed) => {
      const { trace, ...found } = await liveThrough({ seed, presses });
      const wrong = [found.lost, found.doubled, found.unexplained, found.lies, found.dark, found.stuck];
      if (wrong.some((list) => list.length > 0))
        console.error(`seed ${seed}\n${trace.slice(-200).join('\n')}`);
      expect(found).toMatchObject({
        presses,
        lost: [],
        doubled: [],
        unexplained: [],
        lies: [],
        dark: [],
        stuck: [],
      });
      expect(found.crashes).toBeGreaterThan(0);
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
