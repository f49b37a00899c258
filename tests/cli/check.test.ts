import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { check } from '#cli/check.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'belfry-check-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

const edge = `campus: school
gateway: gate
account: '1100'
broker: { url: 'mqtt://127.0.0.1:1883' }
direct:
  centre: city-110
  door: { id: dc09, kind: dc09, host: 127.0.0.1, port: 1 }
devices:
  - id: north
    driver: button
    address: tty:/dev/ttyUSB0
    serial: b0000001
    zone: 1
`;
const cloud = `centres:
  - id: city-110
    primary: true
    doors: [{ id: main, kind: dc09, host: 127.0.0.1, port: 1 }]
campuses:
  - id: school
    name: { zh: 学校, en: School }
    buildings: [{ id: main, name: { zh: 主楼, en: Main }, storeys: [{ id: f1, name: { zh: 一层, en: F1 } }] }]
    gateways:
      - id: gate
        devices:
          - id: north
            kind: button
            name: { zh: 北门, en: North }
            zone: 1
            building: main
            storey: f1
`;

/** What `belfry check` says of these files, with their names without the folder; empty: all is well. */
async function saysOf(files: Record<string, string>): Promise<string> {
  const paths = Object.entries(files).map(([name, text]) => {
    const path = join(folder, name);
    writeFileSync(path, text);
    return path;
  });
  try {
    await check(paths);
    return '';
  } catch (error) {
    return (error as Error).message.replaceAll(`${folder}/`, '');
  }
}

test('files that fit together', async () => {
  expect(await saysOf({ 'edge.yaml': edge, 'cloud.yaml': cloud })).toBe('');
});

test.each([
  ['mqtt://10.0.0.5:1883', false],
  ['mqtt://broker.example.org:1883', false],
  ['mqtt://127.0.0.1.example.org:1883', false],
  ['mqtt://[::1]:1883', true],
  ['mqtt://localhost:1883', true],
])('a broker at %s, while nobody can sign in: %s', async (url, fine) => {
  const said = await saysOf({ 'edge.yaml': edge.replace('mqtt://127.0.0.1:1883', url) });
  if (fine) expect(said).toBe('');
  else expect(said).toMatch(/^edge\.yaml:4:\d+ broker\.url: only a broker on loopback/);
});

test.each([
  [
    "account: '1100'",
    'account: 1100',
    "edge.yaml:3:1 account: is read as a number: put it in quotes, '1100'",
  ],
  [
    'serial: b0000001',
    'serial: 12345678',
    "edge.yaml:12:5 devices[0].serial: is read as a number: put it in quotes, '12345678'",
  ],
  [
    'serial: b0000001',
    'serial: 000012e4',
    "edge.yaml:12:5 devices[0].serial: is read as a number: put it in quotes, '000012e4'",
  ],
])('text that YAML reads as a number: %s without quotes', async (right, wrong, said) => {
  expect(await saysOf({ 'edge.yaml': edge.replace(right, wrong) })).toBe(said);
});

test('a tab is named as what it is, with its line, and nothing that follows from it', async () => {
  expect(await saysOf({ 'edge.yaml': edge.replace('    zone: 1', '\tzone: 1') })).toBe(
    'edge.yaml:13:1 a tab at the beginning of a line: YAML wants spaces',
  );
});

test.each([
  ['edge', 'centre: city-110', 'centre: district', /^edge\.yaml:6:3 direct\.centre: .*city-110$/],
  [
    'cloud',
    'primary: true',
    'primary: true\n    takes_tests: false',
    /^edge\.yaml:5:1 direct\.takes_tests: .*false/,
  ],
  [
    'edge',
    'id: north',
    'id: south',
    /^edge\.yaml:9:5 .*no device south.*\ncloud\.yaml:12:13 .*no device north$/,
  ],
  ['edge', 'zone: 1', 'zone: 2', /^edge\.yaml:13:5 .*zone 1 of north$/],
  ['edge', 'gateway: gate', 'gateway: other', /^edge\.yaml:2:1 gateway: .*no gateway other/],
  ['edge', 'campus: school', 'campus: other', /^edge\.yaml:1:1 campus: .*no campus other/],
])('files that contradict each other: %s with "%s" as "%s"', async (which, from, to, said) => {
  const files = { 'edge.yaml': edge, 'cloud.yaml': cloud };
  files[`${which as 'edge' | 'cloud'}.yaml`] = (which === 'edge' ? edge : cloud).replace(from, to);
  expect(await saysOf(files)).toMatch(said);
});

test('a camera may be known for its picture alone, and a cloud without places asks for none', async () => {
  const camera = `${cloud}          - { id: nvr, kind: camera, name: { zh: 录像, en: NVR } }\n`;
  expect(await saysOf({ 'edge.yaml': edge, 'cloud.yaml': camera })).toBe('');
  expect(await saysOf({ 'edge.yaml': edge, 'cloud.yaml': cloud.split('campuses:')[0]! })).toBe('');
});
