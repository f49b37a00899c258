import * as fc from 'fast-check';
import { expect, it } from 'vitest';
import { answers } from '#protocols/four-hundred/answer.ts';
import { spentTogether, spentWithin } from '#protocols/four-hundred/history.ts';
import { coveredMs, lengthOf, type Span, uncovered, withSpan } from '#protocols/four-hundred/spans.ts';

const moment = fc.integer({ min: 0, max: 60 });
const span = fc.tuple(moment, moment).map(([a, b]): Span => [Math.min(a, b), Math.max(a, b)]);
const minutes = ([from, to]: Span) => Array.from({ length: to - from }, (_, i) => from + i);

it('stretches of time in any order cover what each of them covers, and leave the rest', () => {
  fc.assert(
    fc.property(fc.array(span, { maxLength: 12 }), span, (some, whole) => {
      const list = some.reduce<Span[]>((spans, one) => withSpan(spans, one), []);
      expect(some.toReversed().reduce<Span[]>((spans, one) => withSpan(spans, one), [])).toEqual(list);
      const covered = new Set(some.flatMap(minutes));
      const left = minutes(whole).filter((minute) => !covered.has(minute));
      expect(uncovered(whole, list).flatMap(minutes)).toEqual(left);
      expect(lengthOf(uncovered(whole, list)) + coveredMs(whole, list)).toBe(whole[1] - whole[0]);
      for (const [i, one] of list.entries()) if (i > 0) expect(one[0]).toBeGreaterThan(list[i - 1]![1]);
    }),
  );
});

it('the hours of a day add up to the day, and each to its own length', () => {
  const changes = fc
    .uniqueArray(fc.record({ at: moment, answer: fc.constantFrom(...answers) }), { selector: ({ at }) => at })
    .map((all) => all.toSorted((a, b) => a.at - b.at));
  fc.assert(
    fc.property(changes, (all) => {
      const hours = [0, 1, 2, 3, 4, 5].map((hour): Span => [hour * 10, hour * 10 + 10]);
      const each = hours.map((hour) => spentWithin(all, hour));
      for (const spent of each) expect(answers.reduce((sum, answer) => sum + spent[answer], 0)).toBe(10);
      const day = spentWithin(all, [0, 60]);
      expect(spentTogether(each)).toEqual(day);
      const held = minutes([0, 60]).map(
        (minute) => all.findLast(({ at }) => at <= minute)?.answer ?? 'not-measured',
      );
      for (const answer of answers) expect(day[answer]).toBe(held.filter((one) => one === answer).length);
    }),
  );
});
