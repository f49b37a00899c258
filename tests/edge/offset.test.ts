import { expect, test } from 'vitest';
import { CloudClock } from '#edge/uplink/offset.ts';
import { TestClock } from './world.ts';

/** One round trip: so long up, so long held, so long down; the cloud's clock is `ahead` of the edge's. */
function roundTrip(clock: TestClock, cloud: CloudClock, up: number, down: number, ahead: number, held = 5) {
  const echo_sent_at = cloud.sending();
  clock.now += up;
  const received_at = Math.round(clock.wall() + ahead);
  clock.now += held;
  const sent_at = received_at + held;
  clock.now += down;
  cloud.learn({ echo_sent_at, received_at, sent_at });
  clock.now += 1000;
}

test('the smallest round trip of the last 16 decides, with half of it as the error', () => {
  const clock = new TestClock();
  const cloud = new CloudClock(clock);
  expect(cloud.estimate()).toBeNull();
  roundTrip(clock, cloud, 300, 20, 7000);
  roundTrip(clock, cloud, 4, 4, 7000);
  roundTrip(clock, cloud, 20, 900, 7000);
  const estimate = cloud.estimate()!;
  expect(estimate.offset_ms).toBeCloseTo(7000, 0);
  expect(estimate.error_ms).toBeGreaterThanOrEqual(4);
  expect(estimate.error_ms).toBeLessThan(7);
  for (let i = 0; i < 16; i++) roundTrip(clock, cloud, 50, 50, 7100);
  expect(cloud.estimate()!.offset_ms).toBeCloseTo(7100, 0);
});

test('the true offset is always within the error', () => {
  for (let up = 0; up <= 400; up += 40) {
    const clock = new TestClock();
    const cloud = new CloudClock(clock);
    roundTrip(clock, cloud, up, 400 - up, -1234);
    const { offset_ms, error_ms } = cloud.estimate()!;
    expect(Math.abs(offset_ms + 1234)).toBeLessThanOrEqual(error_ms);
  }
});

test('the wall clock jumps between question and answer: the offset follows at once, no sample is spoilt', () => {
  const clock = new TestClock();
  const cloud = new CloudClock(clock);
  roundTrip(clock, cloud, 4, 4, 0);
  const echo_sent_at = cloud.sending();
  const before = clock.cloudTime();
  clock.now += 10;
  clock.skew = 3_600_000;
  cloud.learn({ echo_sent_at, received_at: before + 5, sent_at: before + 5 });
  expect(cloud.estimate()!.offset_ms).toBeCloseTo(-3_600_000, -1);
  expect(cloud.at(clock.monotonic())).toBeCloseTo(clock.cloudTime(), -1);
});

test('an answer to what was never sent, or sent twice at one wall time, teaches nothing', () => {
  const clock = new TestClock();
  const cloud = new CloudClock(clock);
  cloud.learn({ echo_sent_at: 5, received_at: 5, sent_at: 5 });
  const first = cloud.sending();
  clock.now += 1000;
  clock.skew -= 1000;
  expect(cloud.sending()).toBe(first);
  cloud.learn({ echo_sent_at: first, received_at: first, sent_at: first });
  expect(cloud.estimate()).toBeNull();
  expect(cloud.known).toBe(false);
});

test('what was known before a restart holds, unless the wall clock has gone back since', () => {
  const clock = new TestClock();
  const later = new CloudClock(clock);
  later.resume({ offset_ms: 500, wall: clock.wall() - 10_000 });
  expect(later.known).toBe(true);
  expect(later.estimate()).toBeNull();
  expect(later.at(clock.monotonic())).toBe(clock.wall() + 500);
  const reset = new CloudClock(clock);
  reset.resume({ offset_ms: 500, wall: clock.wall() + 10_000 });
  expect(reset.known).toBe(false);
  expect(reset.at(clock.monotonic())).toBe(clock.wall());
});
