import { expect, test } from 'vitest';
import { stageNames } from '#protocols/api.ts';
import { emptyView, withEvent } from '#cloud/console/feed/store.ts';
import { hops, pressing, stageOrder, waterfall } from '#cloud/console/reading/alarms.ts';
import { alarm } from '../../browser/campus.ts';

test('the stages stand in the order of the path', () => {
  expect(stageOrder).toEqual(stageNames);
});

test('a waterfall begins at the finger: the age of the press comes before its first byte', () => {
  const { steps, end } = waterfall(alarm(1, 9, { age_at_first_byte_ms: 100 }));
  expect(steps[0]).toEqual({ name: 'first_byte', at: { from: 0, to: 100 } });
  expect(steps[7]?.at?.to).toBeCloseTo(131.7);
  expect(end).toBeCloseTo(158.2);
});

test('a stage that the offset estimate puts before its predecessor has no negative length', () => {
  const stages = [
    { name: 'first_byte' as const, ms: 0 },
    { name: 'published' as const, ms: 5 },
    { name: 'ingested' as const, ms: 4 },
    { name: 'committed' as const, ms: 9 },
  ];
  const { steps } = waterfall(alarm(1, 6, { stages, age_at_first_byte_ms: 0 }));
  for (const { at } of steps) if (at) expect(at.to).toBeGreaterThanOrEqual(at.from);
  expect(steps.find(({ name }) => name === 'committed')?.at).toEqual({ from: 5, to: 9 });
});

test('110 has it only by a receipt, whatever was timed', () => {
  const centreOf = (one: ReturnType<typeof alarm>) => hops(one).find(({ name }) => name === 'centre');
  expect(centreOf(alarm(1, 7))?.reached).toBe(false);
  expect(centreOf(alarm(1, 8))?.reached).toBe(true);
  expect(centreOf(alarm(1, 9, { state: 'stored' }))?.reached).toBe(false);
});

test('the band shows what has waited longest for 110 first, and cannot be folded over it', () => {
  let view = emptyView;
  for (const one of [
    alarm(1, 9, {}, 9000),
    alarm(2, 5, {}, 60_000),
    alarm(3, 5, {}, 1000),
    alarm(4, 9, {}, 700_000),
  ]) {
    view = withEvent(view, { type: 'alarm', data: one });
  }
  view = withEvent(view, { type: 'alarm', data: alarm(5, 5, { mode: 'drill' }) });
  const all = new Set(view.alarms.keys());
  const numbers = (folded: ReadonlySet<string>) =>
    pressing(view, folded, Date.now()).map((one) => one.sequence);
  expect(numbers(new Set())).toEqual([2, 3, 1]);
  expect(numbers(all)).toEqual([2, 3]);
});
