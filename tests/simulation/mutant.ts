import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { spawnSync } from 'node:child_process';

/** A mistake that somebody could make: in `file` the text `from` becomes `to`. */
export interface Mutation {
  file: string;
  from: string;
  to: string;
}

const root = fileURLToPath(new URL('../..', import.meta.url));
const parts = ['package.json', 'edge', 'cloud', 'platform', 'protocols', 'firmware-sim', 'tests/simulation'];
const script = `
import { liveThrough } from './tests/simulation/day.ts';
const [, days] = process.argv;
for (const day of JSON.parse(days)) {
  const { trace, ...found } = await liveThrough(day);
  const wrong = Object.entries(found).filter(([, list]) => Array.isArray(list) && list.length > 0);
  if (wrong.length === 0) continue;
  console.log(JSON.stringify(wrong.map(([what]) => what)));
  break;
}`;

/**
 * What the simulation finds wrong, in the first of these days that is not clean, with a copy of the code in which
 * that mistake was made; nothing when all are clean.
 */
export function caught({ file, from, to }: Mutation, days: readonly object[]): string[] {
  const copy = mkdtempSync(join(tmpdir(), 'belfry-mutant-'));
  try {
    for (const part of parts) cpSync(join(root, part), join(copy, part), { recursive: true });
    symlinkSync(join(root, 'node_modules'), join(copy, 'node_modules'));
    const text = readFileSync(join(copy, file), 'utf8');
    if (text.split(from).length !== 2) throw new Error(`${file} does not say once: ${from}`);
    writeFileSync(
      join(copy, file),
      text.replace(from, () => to),
    );
    const { status, stdout, stderr } = spawnSync(
      process.execPath,
      ['--input-type=module', '--disable-warning=ExperimentalWarning', '-e', script, JSON.stringify(days)],
      { cwd: copy, encoding: 'utf8', timeout: 100_000 },
    );
    if (status !== 0) throw new Error(`the mutant does not run: ${stderr}`);
    return stdout === '' ? [] : (JSON.parse(stdout) as string[]);
  } finally {
    rmSync(copy, { recursive: true });
  }
}
