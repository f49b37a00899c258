import { beforeEach, describe, expect, it } from 'vitest';
import { type LoadStep, Shedding } from '#cloud/ingest/shedding.ts';
import { seeded } from '#platform/simulated/seeded.ts';
import { HandClock } from './fake-ports.ts';

const limit = 1000;
let clock: HandClock;
let steps: LoadStep[];
let shedding: Shedding;
beforeEach(() => {
  clock = new HandClock();
  steps = [];
  shedding = new Shedding(clock, seeded(1), limit, (step) => steps.push(step));
});

describe('load shedding', () => {
  it('slows, then samples, then refuses telemetry as its queue fills, and comes back the same way', () => {
    for (let waiting = 0; waiting <= limit; waiting += 10) shedding.waiting(waiting, 0);
    for (let waiting = limit; waiting >= 0; waiting -= 10) shedding.waiting(waiting, 0);
    expect(steps).toEqual(['slowed', 'sampled', 'refused', 'sampled', 'slowed', 'free']);
  });

  it('does not flap on the edge of a step', () => {
    for (let i = 0; i < 100; i++) shedding.waiting(i % 2 === 0 ? 200 : 190, 0);
    expect(steps).toEqual(['slowed']);
  });

  it('makes room for alarms that wait: they count as many batches', () => {
    shedding.waiting(0, 50);
    expect(shedding.step).toBe('sampled');
  });

  it('asks each gateway for its share of what the store takes, and counts what it asked', async () => {
    shedding.waiting(limit * 0.3, 0);
    for (let gateway = 0; gateway < 10; gateway++) shedding.spoke(`g${gateway}`);
    for (let second = 0; second < 3; second++) {
      for (let i = 0; i < 50; i++) shedding.stored();
      await clock.pass(1000);
    }
    shedding.stored();
    const pace = shedding.pace();
    expect(pace).toMatchObject({ kind: 'slowed' });
    // 50 a second, of which four fifths are given out among ten.
    expect(pace.kind === 'slowed' && pace.batches_per_s).toBeCloseTo(4, 0);
    expect(shedding.load().asked).toEqual({ slowed: 1, sampled: 0, refused: 0 });
  });

  it('refuses for different times, so that gateways do not all return in one second', () => {
    shedding.waiting(limit, 0);
    const waits = new Set(Array.from({ length: 20 }, () => JSON.stringify(shedding.pace())));
    expect(waits.size).toBeGreaterThan(10);
  });
});
