import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { countedSince } from '#edge/drivers/modbus/count.ts';

const rules = { size: 65_536, atMostPerS: 5, elapsedMs: 1000 };

describe('a counter of people', () => {
  it('its first reading counts nobody: who passed before is not known', () => {
    expect(countedSince(null, 4000, rules)).toEqual({ kind: 'first' });
  });

  it('runs through its end', () => {
    expect(countedSince(65_534, 1, rules)).toEqual({ kind: 'passed', people: 3 });
  });

  it('reset to 0 counts from 0, and never as a run through its end', () => {
    expect(countedSince(40_000, 0, rules)).toEqual({ kind: 'restarted', people: 0 });
    expect(countedSince(40_000, 3, rules)).toEqual({ kind: 'restarted', people: 3 });
  });

  it('a leap that nobody could have walked is no crowd', () => {
    expect(countedSince(100, 9000, rules)).toEqual({ kind: 'restarted', people: 0 });
  });

  it('after an hour without the wire all who passed are counted', () => {
    expect(countedSince(100, 900, { ...rules, elapsedMs: 3_600_000 })).toEqual({
      kind: 'passed',
      people: 800,
    });
  });

  it('adds up to all who passed, wherever it began', () => {
    fc.assert(
      fc.property(fc.nat(65_535), fc.array(fc.nat(5), { minLength: 1, maxLength: 200 }), (start, steps) => {
        let last = start;
        let sum = 0;
        for (const step of steps) {
          const now = (last + step) % 65_536;
          const counted = countedSince(last, now, rules);
          if (counted.kind !== 'passed') throw new Error(counted.kind);
          sum += counted.people;
          last = now;
        }
        expect(sum).toBe(steps.reduce((a, b) => a + b, 0));
      }),
      { numRuns: 2000 },
    );
  });
});
