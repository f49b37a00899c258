import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { z } from 'zod';
import { ConfigurationError, readConfiguration } from '#platform/configuration.ts';

const schema = z.strictObject({
  campus: z.string(),
  password: z.string().max(12).optional(),
  devices: z.array(
    z.strictObject({
      id: z.string().regex(/^[a-z]+$/, 'use a-z'),
      zone: z.int().max(999).optional(),
      kind: z.enum(['button', 'smoke']).optional(),
    }),
  ),
  door: z
    .discriminatedUnion('kind', [
      z.strictObject({ kind: z.literal('dc09'), port: z.int() }),
      z.strictObject({ kind: z.literal('http'), url: z.url() }),
    ])
    .optional(),
});

const folders: string[] = [];
afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true });
});

function file(text: string, secrets?: string, mode = 0o600): string {
  const folder = mkdtempSync(join(tmpdir(), 'belfry-conf-'));
  folders.push(folder);
  const path = join(folder, 'edge.yaml');
  writeFileSync(path, text);
  if (secrets !== undefined) {
    writeFileSync(join(folder, 'secrets'), secrets);
    chmodSync(join(folder, 'secrets'), mode);
  }
  return path;
}

const read = (path: string, env: Record<string, string> = {}) => readConfiguration(path, schema, { env });

/** The message of the mistake without the folder. */
function mistakes(path: string, env: Record<string, string> = {}): string[] {
  try {
    read(path, env);
  } catch (error) {
    expect(error).toBeInstanceOf(ConfigurationError);
    return (error as Error).message.split('\n').map((line) => line.replace(/^.*?([a-z.]+:\d+:\d+)/, '$1'));
  }
  throw new Error('no mistake was found');
}

test('a right file gives its value, and later mistakes still find their line', () => {
  const { value, source } = read(file('campus: c\ndevices:\n  - id: a\n  - id: b\n    zone: 3\n'));
  expect(value).toEqual({ campus: 'c', devices: [{ id: 'a' }, { id: 'b', zone: 3 }] });
  expect(source.problemAt(['devices', 1, 'zone'], 'x')).toMatchObject({
    line: 5,
    column: 5,
    path: 'devices[1].zone',
  });
  expect(source.problemAt(['devices', 1], 'x')).toMatchObject({ line: 4, column: 5 });
  expect(source.problemAt(['devices', 0, 'nothing'], 'x')).toMatchObject({ line: 3 });
});

test('every mistake is told at once, each with its line and path', () => {
  const text = 'campus: 7\ncolour: red\ndevices:\n  - id: A1\n  - zone: 1000\n    kind: lamp\n';
  expect(mistakes(file(text))).toEqual([
    "edge.yaml:1:1 campus: is read as a number: put it in quotes, '7'",
    'edge.yaml:2:1 colour: expected a key that is known here (is it misspelt?)',
    'edge.yaml:4:5 devices[0].id: use a-z',
    'edge.yaml:5:5 devices[1].id: is missing: expected string',
    'edge.yaml:5:5 devices[1].zone: expected number to be <=999',
    'edge.yaml:6:5 devices[1].kind: expected one of "button"|"smoke"',
  ]);
});

test('a mistake inside one of several kinds is told by its own line', () => {
  const text = 'campus: c\ndevices: []\ndoor:\n  kind: dc09\n  port: many\n';
  expect(mistakes(file(text))).toEqual(['edge.yaml:5:3 door.port: expected number, received string']);
  expect(mistakes(file('campus: c\ndevices: []\ndoor:\n  kind: fax\n'))[0]).toMatch(
    /^edge.yaml:4:3 door.kind: /,
  );
});

test('a key written twice, a tab, an empty file and a missing file are told', () => {
  expect(mistakes(file('campus: a\ncampus: b\n'))).toEqual(['edge.yaml:2:1 Map keys must be unique']);
  expect(mistakes(file('campus: a\ndevices:\n\t- id: a\n'))[0]).toMatch(/^edge.yaml:3:\d+ .*[Tt]ab/);
  expect(mistakes(file(''))).toEqual(['edge.yaml:1:1 is empty: expected keys and values']);
  expect(mistakes(file('# only this\n'))).toEqual(['edge.yaml:1:1 is empty: expected keys and values']);
  expect(mistakes('/nowhere/edge.yaml')[0]).toContain('cannot be read: ENOENT');
});

test('a secret comes from the environment or else from the secrets file', () => {
  const text = 'campus: ${A}-${B}\ndevices: [] # ${C}\n';
  const { value } = read(file(text, '# two\nA=file\nB=b=b\n'), { A: 'env' });
  expect(value.campus).toBe('env-b=b');
});

test('a secret that is nowhere is told by its name', () => {
  expect(mistakes(file('devices: []\ncampus: ${GONE}\n'))).toEqual([
    'edge.yaml:2:9 ${GONE} is neither in the environment nor in the secrets file',
  ]);
});

test('a wrong secret is never echoed', () => {
  const long = 'correct-horse-battery';
  const text = 'campus: c\ndevices: []\npassword: ${P}\ndoor: { kind: "${P}" }\n';
  const all = mistakes(file(text), { P: long }).join('\n');
  expect(all).toContain('password: ');
  expect(all).not.toContain(long);
});

test('a secrets file that others may read is refused', () => {
  expect(mistakes(file('campus: c\ndevices: []\n', 'A=1', 0o640))[0]).toContain('run chmod 600');
});

test('a line of the secrets file that is none is told without its text', () => {
  const all = mistakes(file('campus: c\ndevices: []\n', 'A=1\nhunter2\n'));
  expect(all).toEqual(['secrets:2:1 expected NAME=value']);
});
