import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { alertCode, apiAlert } from '#protocols/api.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
const page = readFileSync(join(root, 'docs/webhook.md'), 'utf8');
const [alertTable, noticeTable] = page.split('## Every code')[1]!.split('The notices of a gateway');

/** The cells of a table's rows, by the code in the first. */
function rowsOf(text: string): Map<string, string[]> {
  const lines = text.split('\n').filter((line) => line.startsWith('| `'));
  return new Map(
    lines.map((line) => {
      const cells = line.split('|').slice(1, -1);
      return [cells[0]!.trim().replaceAll('`', ''), cells.map((cell) => cell.trim())];
    }),
  );
}

/** All sources of a folder. */
function sourcesOf(folder: string): string[] {
  return readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
    .filter((path) => path.endsWith('.ts') && !path.startsWith('console'))
    .map((path) => readFileSync(join(root, folder, path), 'utf8'));
}

test('the page lists every alert code there is, and no other, with its severities as the code has them', () => {
  const severities = new Map<string, Set<string>>();
  for (const source of sourcesOf('cloud')) {
    for (const [, code, expression] of source.matchAll(/code: '([a-z-]+)',\s*severity: ([^,]+),/g)) {
      const found = severities.get(code!) ?? severities.set(code!, new Set()).get(code!)!;
      for (const [word] of expression!.matchAll(/critical|warning/g)) found.add(word);
    }
  }
  const listed = rowsOf(alertTable!);
  expect([...severities.keys()].sort()).toEqual([...alertCode.options].sort());
  expect([...listed.keys()].sort()).toEqual([...alertCode.options].sort());
  for (const [code, cells] of listed) {
    expect([code, ...cells[1]!.split(', ').sort()]).toEqual([code, ...[...severities.get(code)!].sort()]);
    expect(cells).toHaveLength(5);
    expect(cells.every((cell) => cell !== '')).toBe(true);
  }
});

test('the page lists every notice of a gateway, and no other', () => {
  const opened = sourcesOf('edge').flatMap((source) =>
    [...source.matchAll(/notices\s*\.open\(\s*'([a-z-]+)'/g)].map(([, code]) => code!),
  );
  expect(opened.length).toBeGreaterThan(5);
  expect([...rowsOf(noticeTable!).keys()].sort()).toEqual([...new Set(opened)].sort());
});

test('the example of the page is an alert as the API shows it', () => {
  const example = JSON.parse(page.split('```json')[1]!.split('```')[0]!) as { data: unknown };
  expect(apiAlert.strict().parse(example.data)).toMatchObject({ code: 'gateway-offline', repeats: 0 });
});
