import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parse } from 'yaml';
import { z } from 'zod';
import { bilingual } from '#protocols/messages/bilingual.ts';

export const root = fileURLToPath(new URL('../..', import.meta.url));
export const folder = 'edge/drivers';

/** A file, or `file: words that stand in it` (a test's title). */
const evidence = z.string().regex(/^[\w./-]+(: .+)?$/);
const point = z.union([
  z.strictObject({ done: z.array(evidence).min(1) }),
  z.strictObject({ not: z.string().min(15, 'say why, in a sentence') }),
]);

/** What a buyer asks of a driver, in the order of the page. */
export const points = {
  configuration: 'Configuration checked without a network',
  heartbeat: 'Heartbeat',
  faults: "Faults in a technician's words",
  commands: 'Command replies',
  simulator: 'Simulator',
  golden: 'Golden cases',
  property: 'Property tests',
  independent: 'Tried against a part that is not ours',
} as const;
type Points = { [K in keyof typeof points]: typeof point };

const card = z.strictObject({
  driver: z.string(),
  title: bilingual.strict(),
  /** The wire and the documents that it follows. */
  speaks: z.string(),
  ...(Object.fromEntries(Object.keys(points).map((name) => [name, point])) as Points),
});
export type Card = z.infer<typeof card>;

/** The quality cards (`NAME.card.yaml` beside each driver), by name. Throws where one cannot be read. */
export function cards(): Card[] {
  return readdirSync(join(root, folder))
    .filter((file) => file.endsWith('.card.yaml'))
    .toSorted()
    .map((file) => {
      const parsed = card.safeParse(parse(readFileSync(join(root, folder, file), 'utf8')));
      if (!parsed.success) throw new Error(`${folder}/${file}: ${z.prettifyError(parsed.error)}`);
      return parsed.data;
    });
}

/** docs/drivers.md, as it follows from the cards. */
export function driversPage(all: readonly Card[]): string {
  const names = Object.keys(points) as (keyof typeof points)[];
  const lines = [
    '# The drivers, and what is proved of each',
    '',
    'Made from the quality cards beside the drivers (`npm run docs`); a test holds the cards against the files that',
    'they name. ✓ is proved, – is not, with the reason below.',
    '',
    `| driver | ${names.map((name) => points[name]).join(' | ')} |`,
    `|---|${names.map(() => ':-:').join('|')}|`,
    ...all.map((c) => `| [\`${c.driver}\`](#${c.driver}) | ${names.map((n) => mark(c[n])).join(' | ')} |`),
  ];
  for (const c of all) {
    lines.push('', `## ${c.driver}`, '', `${c.title.zh} · ${c.title.en}. ${c.speaks}`, '');
    for (const name of names) {
      const point = c[name];
      const words = 'done' in point ? point.done.map(quoted).join('; ') : `not: ${point.not}`;
      lines.push(`- ${mark(point)} **${points[name]}**: ${words}`);
    }
  }
  return `${lines.join('\n')}\n`;
}

function mark(point: Card['heartbeat']): string {
  return 'done' in point ? '✓' : '–';
}

function quoted(evidence: string): string {
  const [file, ...words] = evidence.split(': ');
  return words.length === 0 ? `\`${file}\`` : `\`${file}\` “${words.join(': ')}”`;
}
