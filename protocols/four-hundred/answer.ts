/** The four of the four hundred per cent, in the order in which the plan names them. */
export const items = ['guards', 'closed-campus', 'one-key-video', 'crossing-post'] as const;
export type Item = (typeof items)[number];

/** 有 present: it is there. 管用 working: it works now. 好用 usable: it has proved itself lately. Each needs the ones before it. */
export const levels = ['present', 'working', 'usable'] as const;
export type Level = (typeof levels)[number];

/**
 * What can be said of a part, from best to worst. Only `yes` counts. `maintenance` was declared beforehand;
 * `not-measured` is time in which Belfry itself did not look; `unknown` is not known, and so not working.
 */
export const answers = ['yes', 'maintenance', 'not-measured', 'unknown', 'no'] as const;
export type Answer = (typeof answers)[number];

const rank = new Map<Answer, number>(answers.map((answer, i) => [answer, i]));

/** 0 is best. */
export function rankOf(answer: Answer): number {
  return rank.get(answer)!;
}

export function worst(all: Iterable<Answer>): Answer {
  let found: Answer = 'yes';
  for (const one of all) if (rankOf(one) > rankOf(found)) found = one;
  return found;
}

/** How many of each answer there are; together `of`. */
export type Counts = Record<Answer, number> & { of: number };

export function countOf(all: Iterable<Answer>): Counts {
  const counts: Counts = { yes: 0, maintenance: 0, 'not-measured': 0, unknown: 0, no: 0, of: 0 };
  for (const one of all) {
    counts[one] += 1;
    counts.of += 1;
  }
  return counts;
}

/** Parts of a hundred that are yes; null: there is nothing to count. */
export function percentOf({ yes, of }: Pick<Counts, 'yes' | 'of'>): number | null {
  return of === 0 ? null : (100 * yes) / of;
}
