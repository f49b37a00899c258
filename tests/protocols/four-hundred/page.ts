import { readFileSync } from 'node:fs';
import { parse } from 'yaml';

const page = readFileSync(new URL('../../../docs/four-hundred.md', import.meta.url), 'utf8');

/** The rows of the first table under a heading of docs/four-hundred.md, by the names of their columns. */
export function tableOf(heading: string): Record<string, string>[] {
  const section = page.split(/^#+ /m).find((text) => text.startsWith(`${heading}\n`));
  if (section === undefined) throw new Error(`docs/four-hundred.md has no heading “${heading}”`);
  const lines = section.split('\n').filter((line) => line.startsWith('|'));
  const cells = (line: string) =>
    line
      .split('|')
      .slice(1, -1)
      .map((cell) => cell.trim());
  const [head = '', , ...rows] = lines;
  if (rows.length === 0) throw new Error(`docs/four-hundred.md has no table under “${heading}”`);
  return rows.map((row) => Object.fromEntries(cells(head).map((name, i) => [name, cells(row)[i] ?? ''])));
}

/** A sentence of the page. */
export function says(words: string): boolean {
  return page.replaceAll(/\s+/g, ' ').includes(words);
}

/** The page's sample of a city's file. */
export function sampleFile(): unknown {
  const [, yaml = ''] = /```yaml\n([^]*?)```/.exec(page) ?? [];
  return parse(yaml);
}
