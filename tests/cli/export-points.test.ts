import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import * as fc from 'fast-check';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { stringify } from 'yaml';
import { csvOf } from '#protocols/csv.ts';

const main = fileURLToPath(new URL('../../cli/main.ts', import.meta.url));
let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'belfry-points-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

const cloud = {
  centres: [
    {
      id: 'city-110',
      primary: true,
      doors: [
        { id: 'main', kind: 'dc09', host: '127.0.0.1', port: 1, supervision: { account: '110A' } },
        { id: 'cap', kind: 'http-cap', url: 'https://110.example.org/cap', secret: '${CAP_SECRET}' },
      ],
    },
  ],
  campuses: [
    {
      id: 'school',
      name: { zh: '一小', en: 'School One' },
      address: '幸福路 8 号',
      contacts: [{ name: '张敏', role: { zh: '保安', en: 'guard' }, phone: '+86 13800000001' }],
      buildings: [
        { id: 'main', name: { zh: '主楼', en: 'Main, "old"' }, storeys: [{ id: 'f3', name: '3' }] },
      ],
      gateways: [
        {
          id: 'gate',
          devices: [
            {
              id: 'b1',
              name: { zh: '校长室', en: '=Principal' },
              kind: 'button',
              building: 'main',
              storey: 'f3',
              room: '301',
              zone: 2,
            },
          ],
        },
      ],
    },
  ],
};
const edge = {
  campus: 'school',
  gateway: 'gate',
  account: '1234',
  devices: [
    { id: 'b1', driver: 'button', address: 'tcp://127.0.0.1:2', serial: 'b0000001', zone: 2 },
    { id: 'b0', driver: 'button', address: 'tcp://127.0.0.1:3', serial: 'b0000002', zone: 1 },
  ],
};

function run(files: { cloud?: object; edges?: object[] } = {}, ...more: string[]) {
  writeFileSync(join(folder, 'cloud.yaml'), stringify(files.cloud ?? cloud));
  const edges = (files.edges ?? [edge]).map((plain, i) => {
    const file = join(folder, `edge-${i}.yaml`);
    writeFileSync(file, stringify(plain));
    return file;
  });
  const args = [main, 'export-points', '--cloud', join(folder, 'cloud.yaml'), '--edge', ...edges, ...more];
  return spawnSync(process.execPath, args, {
    encoding: 'utf8',
    env: { ...process.env, CAP_SECRET: '0123456789abcdef' },
  });
}

test('every account and zone of the files stands in the table, with place, codes and people', () => {
  const { stdout, stderr, status } = run();
  expect(status).toBe(0);
  expect(stderr).toContain("the cloud's file does not say where gate/b0 is");
  const lines = stdout.split('\r\n');
  expect(lines[0]).toMatch(/^\uFEFF账号 account,防区 zone,事件码 Contact ID,学校,/);
  expect(lines[1]).toMatch(/^1234,001,120 121 122 601 602 607,一小,/);
  expect(lines[2]).toBe(
    '1234,002,120 121 122 601 602 607,一小,幸福路 8 号,主楼,3,301,校长室,张敏（保安） +86 13800000001,' +
      `School One,幸福路 8 号,"Main, ""old""",3,301,'=Principal,张敏 (guard) +86 13800000001,button,gate,b1`,
  );
  expect(lines[3]).toMatch(/^110A,,,/);
  expect(lines.slice(4)).toEqual(['']);
});

test('the same as JSON, for a machine', () => {
  const { stdout } = run({}, '--format', 'json');
  expect(JSON.parse(stdout)).toMatchObject([
    { account: '1234', zone: 1, building: null, campus: { zh: '一小' } },
    {
      account: '1234',
      zone: 2,
      name: { zh: '校长室', en: '=Principal' },
      contacts: [{ phone: '+86 13800000001' }],
    },
    { account: '110A', zone: null, kind: 'supervision' },
  ]);
});

test('files that contradict each other give no table', () => {
  const other = { ...edge, gateway: 'gate-2', devices: [] };
  const twice = run({ edges: [edge, other] });
  expect([twice.status, twice.stdout]).toEqual([1, '']);
  expect(twice.stderr).toContain('account 1234 is that of gate and of gate-2');
  const moved = run({ edges: [{ ...edge, devices: [{ ...edge.devices[0], zone: 7 }] }] });
  expect(moved.status).toBe(1);
  expect(moved.stderr).toContain("gate/b1 is zone 7 in the edge's file and 2 in the cloud's");
  const supervised = run({ edges: [{ ...edge, account: '110A' }] });
  expect(supervised.stderr).toContain("account 110A is that of gate and of the cloud's supervision");
});

test('whatever text is in a cell, a reader of RFC 4180 gets it back and a spreadsheet runs none of it', () => {
  const python =
    'import csv,json,sys,io; print(json.dumps(list(csv.reader(io.StringIO(sys.stdin.buffer.read().decode("utf-8-sig"),newline="")))))';
  const text = fc.string({
    unit: fc.constantFrom('"', ',', '\n', '\r', '=', '+', '-', '@', '\t', 'x', '校'),
  });
  const rows = fc.sample(fc.array(text, { minLength: 2, maxLength: 4 }), { numRuns: 200, seed: 7 });
  const read = JSON.parse(
    execFileSync('python3', ['-c', python], { input: csvOf(rows), encoding: 'utf8' }),
  ) as string[][];
  expect(read).toHaveLength(rows.length);
  for (const [i, row] of rows.entries()) {
    for (const [j, cell] of row.entries()) {
      expect(read[i]![j]).toBe(/^[=+\-@\t\r]/.test(cell) ? `'${cell}` : cell);
      expect(read[i]![j]).not.toMatch(/^[=+\-@\t\r]/);
    }
  }
});
