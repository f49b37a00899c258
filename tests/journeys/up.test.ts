import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { apiAlarm, itemsOf } from '#protocols/api.ts';
import { simulatedHardware } from '#sim/description.ts';
import { eventually } from './campus.ts';

const belfry = fileURLToPath(new URL('../../bin/belfry.mjs', import.meta.url));
let data: string;
let running: ChildProcess | undefined;

beforeEach(() => {
  data = mkdtempSync(join(tmpdir(), 'belfry-up-'));
});
afterEach(async () => {
  if (running && running.exitCode === null && running.signalCode === null) {
    const gone = new Promise((done) => running!.once('exit', done));
    running.kill('SIGTERM');
    await gone;
  }
  running = undefined;
  rmSync(data, { recursive: true, force: true });
});

/** `belfry up`, and its console's address once a press would get through. */
async function up(): Promise<string> {
  const child = spawn(
    process.execPath,
    [belfry, 'up', '--data', data, '--http-port', '0', '--mqtt-port', '0'],
    {
      stdio: ['ignore', 'pipe', 'pipe'],
    },
  );
  running = child;
  let printed = '';
  child.stdout.on('data', (bytes: Buffer) => (printed += bytes.toString()));
  child.stderr.on('data', (bytes: Buffer) => (printed += bytes.toString()));
  return eventually('belfry up to be ready', async () => {
    if (child.exitCode !== null) throw new Error(`it ended: ${printed}`);
    const url = /console\s+(http:\S+)\//.exec(printed)?.[1];
    return url !== undefined && (await fetch(`${url}/readyz`)).ok ? url : undefined;
  });
}

/** Ctrl-C; milliseconds until it was gone. */
async function interrupt(): Promise<{ code: number | null; ms: number }> {
  const from = performance.now();
  const code = new Promise<number | null>((done) => running!.once('exit', done));
  running!.kill('SIGINT');
  return { code: await code, ms: performance.now() - from };
}

function probe(url: string, ...more: string[]) {
  const ran = spawnSync(
    process.execPath,
    [belfry, 'probe', '--url', url, '--data', data, '--json', ...more],
    {
      encoding: 'utf8',
    },
  );
  const last = ran.stdout.trim().split('\n').at(-1) ?? '';
  return { status: ran.status, stderr: ran.stderr, result: last === '' ? null : JSON.parse(last) };
}

describe('belfry up', () => {
  it('runs a campus whose presses reach 110, stops cleanly, and goes on with its data', async () => {
    const url = await up();
    const { status, result } = probe(url);
    expect(status).toBe(0);
    expect(result).toMatchObject({ lamp: 'delivered', button: expect.any(String) });
    expect(result.total_ms).toBeGreaterThan(0);
    expect(result.stages.map((stage: { name: string }) => stage.name)).toEqual([
      'first_byte',
      'decoded',
      'stored_edge',
      'published',
      'ingested',
      'committed',
      'dispatched',
      'delivered',
      'lamp',
    ]);
    // The least recently pressed button is another one now.
    expect(probe(url).result.button).not.toBe(result.button);
    expect(statSync(join(data, 'cli-token')).mode & 0o777).toBe(0o600);
    expect(statSync(join(data, 'sim.json')).mode & 0o777).toBe(0o600);

    const first = await interrupt();
    expect(first.code).toBe(0);
    expect(first.ms).toBeLessThan(3000);

    const again = await up();
    const { items } = itemsOf(apiAlarm).parse(await (await fetch(`${again}/api/v1/alarms`)).json());
    expect(items.map((alarm) => alarm.id)).toContain(result.alarm);
    expect(probe(again, '--button', 'north-gate')).toMatchObject({
      status: 0,
      result: { button: 'north-gate' },
    });
  });

  it('says which port is taken, and which option moves it, in one line', async () => {
    const squatter = createServer().listen(0, '127.0.0.1');
    await new Promise((done) => squatter.once('listening', done));
    const { port } = squatter.address() as AddressInfo;
    for (const option of ['--http-port', '--mqtt-port']) {
      const other = option === '--http-port' ? '--mqtt-port' : '--http-port';
      const ran = spawnSync(
        process.execPath,
        [belfry, 'up', '--data', data, option, String(port), other, '0'],
        { encoding: 'utf8' },
      );
      expect(ran.status).toBe(1);
      expect(ran.stderr.trim().split('\n')).toEqual([expect.stringContaining(`${port}`)]);
      expect(ran.stderr).toContain(option);
    }
    squatter.close();
  });

  it('refuses a folder that another one runs in, and leaves that one alone', async () => {
    const url = await up();
    const second = spawnSync(
      process.execPath,
      [belfry, 'up', '--data', data, '--http-port', '0', '--mqtt-port', '0'],
      { encoding: 'utf8' },
    );
    expect(second.status).toBe(1);
    expect(second.stderr.trim().split('\n')).toEqual([expect.stringContaining('--data')]);
    expect(probe(url).status).toBe(0);
  });

  it('leaves no process behind when it is killed outright', async () => {
    await up();
    const marks = () => spawnSync('pgrep', ['-f', data], { encoding: 'utf8' }).stdout.trim();
    expect(marks()).not.toBe('');
    running!.kill('SIGKILL');
    await eventually('every process of it to be gone', () => marks() === '', 10_000);
  });
});

describe('belfry', () => {
  it('explains itself with --help everywhere', () => {
    for (const args of [[], ['up'], ['edge'], ['cloud'], ['sim'], ['check'], ['probe']]) {
      const ran = spawnSync(process.execPath, [belfry, ...args, '--help'], { encoding: 'utf8' });
      expect(ran.status).toBe(0);
      expect(ran.stdout).toContain('Usage: belfry');
    }
  });

  it('probe says what to start when nothing runs', () => {
    const { status, stderr } = probe('http://127.0.0.1:1');
    expect(status).toBe(1);
    expect(stderr).toContain('belfry up');
  });

  it('probe fails when the lamp did not say delivered', async () => {
    const url = await up();
    const { control } = simulatedHardware.parse(JSON.parse(readFileSync(join(data, 'sim.json'), 'utf8')));
    await fetch(`${control.url}/centres/city-110/behave`, {
      method: 'POST',
      headers: { authorization: `Bearer ${control.token}`, 'content-type': 'application/json' },
      body: JSON.stringify({ mode: 'silent' }),
    });
    const { status, result } = probe(url, '--timeout', '3');
    expect(status).not.toBe(0);
    expect(result.lamp).not.toBe('delivered');
  });
});
