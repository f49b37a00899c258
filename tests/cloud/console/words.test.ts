import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { en } from '#cloud/console/words/en.ts';
import { zh } from '#cloud/console/words/zh.ts';

const home = fileURLToPath(new URL('../../../cloud/console/', import.meta.url));
const sources = readdirSync(home, { recursive: true, encoding: 'utf8' })
  .filter((name) => /\.tsx?$/.test(name) && !/^(dist|words)\//.test(name))
  .map((name) => readFileSync(home + name, 'utf8'))
  .join('\n');

/** Words that are found by the API's own names: states, modes, stages, listings. */
const byName = /words\[(state|link|alarm\.mode|name|device\.listing|furthest\(alarm\))\]/;

test('every word is used: directly, or by the name that the API has for it', () => {
  expect(sources).toMatch(byName);
  const apiNames = new Set(
    ['alarm fault offline unknown maintenance good real test drill probe unlisted missing']
      .concat('first_byte decoded stored_edge published ingested committed dispatched delivered lamp')
      .flatMap((names) => names.split(' ')),
  );
  const unused = Object.keys(zh).filter(
    (key) => !apiNames.has(key) && !new RegExp(`words\\.${key}\\b`).test(sources),
  );
  expect(unused).toEqual([]);
});

test('no English is left in Chinese sentences, and no Chinese in English ones', () => {
  const said = (words: object) =>
    Object.values(words)
      .map((word: unknown) =>
        typeof word === 'function' ? (word('2', '3', '4', '5') as string) : String(word),
      )
      .join('\n');
  expect(said(en).match(/\p{Script=Han}/u)).toBeNull();
  expect(said(zh).match(/[a-z]{3,}/i)).toBeNull();
});

test('one is not many', () => {
  expect(en.saidOpenAlerts(1)).toBe('1 alert open');
  expect(en.saidOpenAlerts(2)).toBe('2 alerts open');
});
