import { type Answer, answers } from './answer.ts';
import type { Span } from './spans.ts';

/** From `at` (UTC ms) on the answer was this, until the next change. */
export interface Change {
  at: number;
  answer: Answer;
}

/** How long each answer held, ms; together the length of the stretch, so that hours add up to days and days to years. */
export type Spent = Record<Answer, number>;

/**
 * How long each answer held within a stretch, from the changes of one cell, oldest first. Before the first change
 * nothing was measured.
 */
export function spentWithin(changes: readonly Change[], [from, to]: Span): Spent {
  const spent = noTime();
  let [since, answer]: [number, Answer] = [from, 'not-measured'];
  for (const change of changes) {
    if (change.at >= to) break;
    if (change.at > since) {
      spent[answer] += change.at - since;
      since = change.at;
    }
    answer = change.answer;
  }
  spent[answer] += Math.max(0, to - since);
  return spent;
}

/** Several stretches, or several campuses, taken together. */
export function spentTogether(all: Iterable<Spent>): Spent {
  const sum = noTime();
  for (const spent of all) for (const answer of answers) sum[answer] += spent[answer];
  return sum;
}

function noTime(): Spent {
  return { yes: 0, maintenance: 0, 'not-measured': 0, unknown: 0, no: 0 };
}
