import { expect, test } from 'vitest';
import { createServerClock } from '#cloud/console/feed/server-clock.ts';

const header = (ms: number) => new Date(ms).toUTCString();

test('a browser whose clock is an hour slow still knows the time of the server', () => {
  const clock = createServerClock();
  const browser = Date.UTC(2026, 0, 1, 8);
  clock.note(header(browser + 3_600_000), browser, browser + 20);
  expect(Math.abs(clock.at(browser) - (browser + 3_600_000))).toBeLessThan(1000);
});

test('of several answers the one of the shortest round trip is believed', () => {
  const clock = createServerClock();
  const browser = Date.UTC(2026, 0, 1, 8);
  clock.note(header(browser + 60_000), browser, browser + 10);
  clock.note(header(browser + 65_000), browser, browser + 9000);
  expect(Math.abs(clock.at(browser) - (browser + 60_000))).toBeLessThan(1000);
});

test('an answer without a date changes nothing', () => {
  const clock = createServerClock();
  clock.note(null, 0, 10);
  expect(clock.at(1234)).toBe(1234);
});
