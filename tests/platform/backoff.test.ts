import { expect, test } from 'vitest';
import { backoff } from '#platform/backoff.ts';

const always = (fraction: number) => ({ fraction: () => fraction, bytes: () => new Uint8Array() });

test('delays grow to a ceiling and begin again after a reset', () => {
  const retry = backoff({ firstMs: 250, maxMs: 1500 }, always(1));
  expect([1, 2, 3, 4, 5].map(() => retry.next())).toEqual([250, 500, 1000, 1500, 1500]);
  retry.reset();
  expect(retry.next()).toBe(250);
});

test('the luckiest draw still waits, so that no loop runs busy', () => {
  expect(backoff({ firstMs: 250, maxMs: 1500 }, always(0)).next()).toBe(25);
});
