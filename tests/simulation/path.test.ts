import { availableParallelism } from 'node:os';
import { describe, expect, it } from 'vitest';
import { liveAll } from './crew.ts';
import { liveThrough } from './day.ts';
import type { DayOptions } from './plan.ts';
import { commandOf } from './shrink.ts';

/** About a minute of two processors. `npm run simulate` lives as many as are wanted. */
const seeds = 80;
const presses = 100;

describe('a bad day, from one seed', () => {
  it(`keeps every promise, ${seeds} times`, async () => {
    const days = Array.from({ length: seeds }, (_, i): DayOptions => ({ seed: i + 1, presses }));
    const wrong: object[] = [];
    let made = 0;
    await liveAll(days, Math.min(2, availableParallelism()), (options, day) => {
      made += day.presses;
      if (Object.keys(day.wrongs).length > 0) wrong.push({ see: commandOf(options), ...day.wrongs });
    });
    expect(wrong).toEqual([]);
    expect(made).toBeGreaterThan(seeds * presses);
  }, 600_000);

  it('is the same day, byte for byte, when its seed comes again', async () => {
    const once = await liveThrough({ seed: 'twice', presses: 60 });
    const again = await liveThrough({ seed: 'twice', presses: 60 });
    expect(once.trace.filter((line) => line.includes('trouble:')).length).toBeGreaterThan(5);
    expect(once.trace.length).toBeGreaterThan(500);
    expect(again.trace).toEqual(once.trace);
  });

  it('is the same day whether or not it is written down', async () => {
    const written = await liveThrough({ seed: 'unwritten', presses: 40 });
    const unwritten = await liveThrough({ seed: 'unwritten', presses: 40 }, { tracing: false });
    expect(unwritten.trace).toEqual([]);
    expect(unwritten.events).toBe(written.events);
  });
});
