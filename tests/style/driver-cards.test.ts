import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { drivers } from '#edge/drivers/index.ts';
import { type Card, cards, driversPage, points, root } from './driver-cards.ts';

describe('the quality cards of the drivers', () => {
  const all = cards();

  it('there is one for each driver that an edge can name, and no other', () => {
    expect(all.map((card) => card.driver).toSorted()).toEqual(drivers.map(({ name }) => name).toSorted());
  });

  it.each(all.map((card) => [card.driver, card] as const))(
    '%s: what it calls proved can be found',
    (_, card) => {
      const missing = (Object.keys(points) as (keyof typeof points)[]).flatMap((name) => {
        const point = card[name as keyof Card] as { done?: string[] };
        return (point.done ?? [])
          .filter((evidence) => !holds(evidence))
          .map((evidence) => `${name}: ${evidence}`);
      });
      expect(missing).toEqual([]);
    },
  );

  it('docs/drivers.md says what the cards say (npm run docs writes it)', () => {
    expect(readFileSync(join(root, 'docs/drivers.md'), 'utf8')).toBe(driversPage(all));
  });
});

/** The file is there, and says the words. */
function holds(evidence: string): boolean {
  const [file = '', ...words] = evidence.split(': ');
  const path = join(root, file);
  return existsSync(path) && (words.length === 0 || readFileSync(path, 'utf8').includes(words.join(': ')));
}
