import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

const main = fileURLToPath(new URL('../../cli/main.ts', import.meta.url));
const shipped = fileURLToPath(new URL('../../firmware-sim/scenarios', import.meta.url));

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'belfry-scenario-test-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

function run(file: string) {
  const args = [main, 'scenario', file, '--fast', '--language', 'en'];
  return spawnSync(process.execPath, args, { encoding: 'utf8', timeout: 100_000 });
}

function written(text: string): string {
  const file = join(folder, 'scenario.yaml');
  writeFileSync(file, text);
  return file;
}

const head = `title: { zh: 一, en: One }
hardware:
  buttons: [{ id: gate, serial: b0000001 }]
`;

describe('a scenario', () => {
  it.each(readdirSync(shipped))(
    '%s holds in every expectation',
    (name) => {
      const { status, stdout, stderr } = run(join(shipped, name));
      expect(`${stdout}${stderr}`).not.toContain('✗');
      expect(status, stderr).toBe(0);
    },
    120_000,
  );

  it('that does not hold says what was expected and what was seen, and ends with 1', () => {
    const { status, stdout } = run(
      written(`${head}timeline:
  - press: gate
  - expect: { at_110: { device: gate, code: '120' } }
  - expect: { alarm: { device: gate, mode: drill } }
    within: 3s
`),
    );
    expect(status).toBe(1);
    expect(stdout).toContain('✓ 110 has gate E120  [seen: E120 zone 1]');
    expect(stdout).toMatch(/✗ alarm delivered from gate, mode drill {2}\[seen: real press, E120 zone 1/);
    expect(stdout).toContain('1 of 2 expectations held');
  }, 60_000);

  it('asks a button for its self-test, and sees records of a card and of a card that was not there', () => {
    const { status, stdout, stderr } = run(
      written(`title: { zh: 一, en: One }
hardware:
  buttons: [{ id: gate, serial: b0000001 }]
  card_readers: [{ id: post, format: wie232-a }]
devices:
  - { id: post, purpose: patrol, point: post }
timeline:
  - expect: { device: { device: gate, state: good } }
  - at: '+10s'
    ask: { device: gate, to: self-test }
  - expect: { answer: { device: gate, to: self-test } }
    within: 20s
  - act: { on: post, do: show, with: { card: 63E9AE } }
  - expect: { records: { device: post, kind: check-in } }
    within: 30s
  - expect: { records: { device: post, kind: check-in, with: { card: nobody } } }
    within: 2s
`),
    );
    expect(stdout, stderr).toContain('✓ answer of gate: self-test done');
    expect(stdout).toContain('✓ records of post: check-in ≥ 1');
    expect(stdout).toContain('✗ records of post: check-in, card nobody ≥ 1');
    expect(stdout).toContain('3 of 4 expectations held');
    expect(status).toBe(1);
  }, 60_000);

  it.each([
    ['a time that is none', "  - { at: '25:00', press: gate }", ':5:7 timeline[0].at: expected "07:20"'],
    ['two things in one step', '  - { press: gate, kill: edge }', 'give one only, not press and kill'],
    ['a button that is not there', '  - { press: nowhere }', 'there is no button nowhere; there are: gate'],
    ['an act that is not done', '  - { act: { on: gate, do: sing } }', 'gate does press, misbehave'],
  ])(
    'names file, line and column of %s',
    (_what, line, message) => {
      const file = written(`${head}timeline:\n${line}\n`);
      const { status, stderr } = run(file);
      expect(status).toBe(1);
      expect(stderr).toContain(`${file}:5:`);
      expect(stderr).toContain(message);
    },
    60_000,
  );
});
