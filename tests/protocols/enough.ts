/**
 * How many cases a property test of a codec takes (`tests/style/codecs.test.ts` asks it of each): any byte sequence,
 * in any split, is what a stranger's device may send.
 */
export const enough = { numRuns: 100_000 } as const;
