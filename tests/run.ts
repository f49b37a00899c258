import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/**
 * `npm test`: types, lint and format, then every test (or those of the paths given). Ends with one plain line,
 * "N passed, N failed, N skipped". In CI a skipped test is a failure: there everything that tests want is
 * installed.
 */
const root = fileURLToPath(new URL('..', import.meta.url));
const bin = (name: string) => join(root, 'node_modules', name);
const checks: [string, string[]][] = [
  ['types', [bin('typescript/bin/tsc'), '--noEmit']],
  ['lint', [bin('oxlint/bin/oxlint'), '--deny-warnings']],
  ['format', [bin('prettier/bin/prettier.cjs'), '--check', '--log-level', 'warn', '.']],
];

let failed = 0;
const run = (args: string[]) => spawnSync(process.execPath, args, { cwd: root, stdio: 'inherit' }).status;

const paths = process.argv.slice(2);
if (paths.length === 0) {
  for (const [name, args] of checks) {
    const ok = run(args) === 0;
    if (!ok) failed += 1;
    console.log(`${ok ? '✓' : '✗'} ${name}`);
  }
}

const folder = mkdtempSync(join(tmpdir(), 'belfry-tests-'));
const file = join(folder, 'report.json');
const status = run([
  bin('vitest/vitest.mjs'),
  'run',
  '--reporter=default',
  '--reporter=json',
  `--outputFile.json=${file}`,
  ...paths,
]);
let passed = 0;
let skipped = 0;
try {
  const report = JSON.parse(readFileSync(file, 'utf8')) as {
    numPassedTests: number;
    numFailedTests: number;
    numPendingTests: number;
  };
  passed = report.numPassedTests;
  skipped = report.numPendingTests;
  failed += report.numFailedTests;
} catch (error) {
  console.error('the test runner left no report:', error);
}
rmSync(folder, { recursive: true, force: true });
if (status !== 0 && failed === 0) failed = 1;
if (passed === 0) failed += 1;
if (process.env['CI'] && skipped > 0) {
  console.error(`${skipped} skipped: in CI nothing may be skipped`);
  failed += skipped;
}
console.log(`${passed} passed, ${failed} failed, ${skipped} skipped`);
process.exitCode = failed === 0 ? 0 : 1;
