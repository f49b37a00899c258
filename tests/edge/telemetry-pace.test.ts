import { expect, test } from 'vitest';
import { Pace } from '#edge/telemetry/pace.ts';
import { TestClock } from './world.ts';

test('a backlog of big batches leaves at a bounded rate of values, whatever it holds', () => {
  const clock = new TestClock();
  const pace = new Pace(clock);
  let values = 0;
  for (let ms = 0; ms < 60_000; ms += 100) {
    clock.now += 100;
    while (pace.turn(500, false) === 'send') values += 500;
  }
  expect(values).toBeGreaterThan(50_000);
  expect(values).toBeLessThanOrEqual(62_000);
});
