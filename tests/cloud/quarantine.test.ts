import { expect, test } from 'vitest';
import { createQuarantine } from '#cloud/ingest/quarantine.ts';
import type { Store } from '#cloud/store/store.ts';
import { HandClock, quiet, settle } from './fake-ports.ts';

test('a flood of what cannot be read puts one commit in front of an alarm, and is kept all the same', async () => {
  const commits: { inserts: number; done: () => void }[] = [];
  const store = {
    commit: (statements: readonly { sql: string }[]) =>
      new Promise((done) => {
        const inserts = statements.filter(({ sql }) => sql.startsWith('INSERT')).length;
        commits.push({ inserts, done: () => done([]) });
      }),
  } as unknown as Store;
  const quarantine = createQuarantine({ clock: new HandClock(), log: quiet, store });
  const all = Array.from({ length: 500 }, () => quarantine.keep('t', Uint8Array.of(1), 'no'));
  await settle();
  expect(commits).toHaveLength(1);
  for (let i = 0; i < commits.length; i++) {
    expect(commits[i]!.inserts).toBeLessThanOrEqual(20);
    commits[i]!.done();
    await settle();
  }
  await Promise.all(all);
  expect(commits.reduce((sum, { inserts }) => sum + inserts, 0)).toBe(500);
});
