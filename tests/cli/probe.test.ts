import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const main = fileURLToPath(new URL('../../cli/main.ts', import.meta.url));

let folder: string;
let simulator: ChildProcess;
let printed = '';
/** Answers as a cloud without alarms to the token `right`, and 401 to any other. */
let cloud: Server;
let url: string;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'belfry-probe-'));
  const file = join(folder, 'sim.yaml');
  writeFileSync(file, 'buttons: [{ id: gate, serial: b0000001, via: tcp }]\n');
  simulator = spawn(process.execPath, [main, 'sim', file, '--data', folder, '--log', 'warn'], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  await new Promise<void>((resolve, reject) => {
    simulator.once('exit', () => reject(new Error(`it ended: ${printed}`)));
    simulator.stdout!.on('data', (bytes: Buffer) => {
      printed += bytes.toString();
      if (printed.includes('Ctrl-C')) resolve();
    });
  });
  cloud = createServer((request, response) => {
    const known = request.headers.authorization === 'Bearer right';
    response.writeHead(known ? 200 : 401, { 'content-type': 'application/json' });
    response.end(known ? '{"items":[]}' : '{"detail":"who is there?"}');
  });
  await new Promise<void>((done) => cloud.listen(0, '127.0.0.1', done));
  url = `http://127.0.0.1:${(cloud.address() as AddressInfo).port}`;
  writeFileSync(join(folder, 'token'), 'right\n');
}, 60_000);

afterAll(async () => {
  cloud.close();
  const gone = new Promise((done) => simulator.once('exit', done));
  simulator.kill('SIGTERM');
  await gone;
  rmSync(folder, { recursive: true, force: true });
});

/** Asynchronously, since the cloud that it asks is in this process. */
async function probe(...args: string[]): Promise<{ status: number | null; stderr: string }> {
  const child = spawn(process.execPath, [main, 'probe', ...args], { stdio: ['ignore', 'ignore', 'pipe'] });
  let stderr = '';
  child.stderr.on('data', (bytes: Buffer) => (stderr += bytes.toString()));
  const status = await new Promise<number | null>((done) => child.once('close', done));
  return { status, stderr };
}

describe('belfry sim FILE', () => {
  it('prints what runs, how to reach it, and where that is written', () => {
    const { control, buttons } = JSON.parse(readFileSync(join(folder, 'sim.json'), 'utf8'));
    expect(printed).toMatch(new RegExp(`^buttons +gate +${buttons[0].address}$`, 'm'));
    expect(printed).toMatch(new RegExp(`^control +${control.url}$`, 'm'));
    expect(printed).toMatch(new RegExp(`^described in +${join(folder, 'sim.json')}$`, 'm'));
  });

  it('names file and line of a mistake', () => {
    const file = join(folder, 'wrong.yaml');
    writeFileSync(file, 'buttons:\n  - { id: gate, serial: nonsense }\n');
    const { status, stderr } = spawnSync(process.execPath, [main, 'sim', file, '--data', folder], {
      encoding: 'utf8',
    });
    expect(status).toBe(1);
    expect(stderr).toContain(`${file}:2:`);
  }, 30_000);
});

describe('belfry probe fails in one sentence that says what to do', () => {
  const withAll = () => {
    const [simFile, tokenFile] = [join(folder, 'sim.json'), join(folder, 'token')];
    return ['--sim', simFile, '--url', url, '--token-file', tokenFile];
  };
  const cases: [string, () => string[], string][] = [
    ['where nothing has run', () => ['--data', join(folder, 'none')], 'start `belfry up --data'],
    ['for a token file that is not there', () => [...withAll(), '--token-file', '/nowhere'], '--token-file'],
    ['for an address that is none', () => [...withAll(), '--url', 'nonsense'], 'give --url as in'],
    ['where nobody answers', () => [...withAll(), '--url', 'http://127.0.0.1:9'], 'start `belfry up`'],
    [
      'for another token',
      () => [...withAll(), '--token-file', join(folder, 'sim.yaml')],
      'does not take this token',
    ],
    [
      'for a button that is not there',
      () => [...withAll(), '--button', 'nix'],
      'no nix here; there are: gate',
    ],
    [
      'for another program',
      () => [...withAll(), '--sim', join(folder, 'token')],
      'does not describe a simulator of this version',
    ],
  ];
  it.each(cases)(
    '%s',
    async (_when, args, told) => {
      const { status, stderr } = await probe(...args());
      expect(status).toBe(1);
      expect(stderr.trim().split('\n')).toEqual([expect.stringContaining(told)]);
      expect(stderr).not.toContain('{');
    },
    30_000,
  );
});
