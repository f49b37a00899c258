import { type ChildProcess, spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { explain } from '../../cli/service.ts';

const main = fileURLToPath(new URL('../../cli/main.ts', import.meta.url));
let folder: string;
const running: ChildProcess[] = [];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'belfry-edge-'));
  writeFileSync(
    join(folder, 'edge.yaml'),
    'campus: school\ngateway: gate\naccount: "1100"\nbroker: { url: mqtt://127.0.0.1:1 }\n',
  );
});
afterEach(async () => {
  for (const child of running.splice(0)) {
    if (child.exitCode !== null || child.signalCode !== null) continue;
    const gone = new Promise((done) => child.once('exit', done));
    child.kill('SIGKILL');
    await gone;
  }
  rmSync(folder, { recursive: true, force: true });
});

/** `belfry edge`; resolves when it runs, or has ended. */
async function edge(data: string): Promise<{ code: number | null; said: string }> {
  const child = spawn(
    process.execPath,
    [main, 'edge', '--config', join(folder, 'edge.yaml'), '--data', data, '--log', 'error'],
    { stdio: ['ignore', 'pipe', 'pipe', 'ipc'] },
  );
  running.push(child);
  let said = '';
  child.stderr!.on('data', (bytes: Buffer) => (said += bytes.toString()));
  return new Promise((done) => {
    child.once('message', () => done({ code: null, said }));
    child.once('close', (code) => done({ code, said }));
  });
}

test('a second edge on the same data says so and ends, instead of running on without its outbox', async () => {
  const data = join(folder, 'data');
  expect(await edge(data)).toMatchObject({ code: null });
  const { code, said } = await edge(data);
  expect(code).toBe(1);
  expect(said).toBe(`${data} is in use by another \`belfry edge\`. Stop that one first.\n`);
}, 60_000);

test('a damaged outbox is set aside under a name with its time, and the edge runs', async () => {
  const data = join(folder, 'data');
  mkdirSync(data);
  writeFileSync(join(data, 'alarms.sqlite'), 'not a database '.repeat(500));
  expect(await edge(data)).toMatchObject({ code: null });
  const files = readdirSync(data);
  expect(files).toContain('alarms.sqlite');
  expect(files).toContainEqual(expect.stringMatching(/^alarms\.damaged-\d{8}T\d{6}Z\.sqlite$/));
}, 60_000);

test('a data folder that is a file is one clear sentence, not a stack', async () => {
  const { code, said } = await edge(join(folder, 'edge.yaml', 'data'));
  expect(code).toBe(1);
  expect(said).toMatch(/^\S+edge\.yaml\/data: a part of this path is a file, not a folder\.[^\n]*\n$/);
}, 60_000);

test('what the system says of a path or a port becomes a sentence', () => {
  const failure = (more: object) => Object.assign(new Error('EACCES: permission denied'), more);
  expect(explain(failure({ code: 'EACCES', path: '/data' }))).toMatch(
    /^\/data: this user may not write here/,
  );
  expect(explain(failure({ code: 'EADDRINUSE', port: 8110 }))).toBe('Port 8110 is taken by another program.');
  expect(explain(failure({ code: 'EWHATEVER', path: '/data' }))).toContain('at ');
});
