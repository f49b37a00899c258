import { expect, test } from 'vitest';
import { caughtBy, mutants } from './mutants.ts';

test.each(mutants.map((mutant) => [mutant.mistake, mutant] as const))(
  'a handful of days finds it when %s',
  async (_, mutant) => {
    const found = await caughtBy(mutant);
    expect(mutant.breaks).toContain(found?.promise);
  },
  120_000,
);
