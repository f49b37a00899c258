import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { stringify } from 'yaml';
import { apiAlarm, apiAlert, apiDevice, itemsOf, type ApiAlarm, type ApiAlert } from '#protocols/api.ts';
import { originText, type Origin } from '#protocols/signal.ts';
import type { CentreCommand } from '#sim/centre/behaviour.ts';
import type { CentreFrame } from '#sim/centre/frame-store.ts';
import { pressed, simulatedButton } from '#sim/button/kind.ts';
import { simulatedHardware, type SimulatedHardware } from '#sim/description.ts';
import { reservePort } from '../../cli/ports.ts';

export const main = fileURLToPath(new URL('../../cli/main.ts', import.meta.url));

/** Why the tests that want this program cannot run here, or false. In CI that is a failure of theirs. */
export function missing(program: string, install: string): string | false {
  if (spawnSync('sh', ['-c', `command -v ${program} /usr/sbin/${program}`]).status === 0) return false;
  if (process.env['CI']) throw new Error(`${program} is not installed: ${install}`);
  return `${program} is not installed: ${install}`;
}

/** Waits until `read` gives something; fails with `what` when it has not within the deadline. */
export async function eventually<T>(
  what: string,
  read: () => Promise<T | undefined | null | false> | T | undefined | null | false,
  withinMs = 25_000,
): Promise<T> {
  const deadline = performance.now() + withinMs;
  let last: unknown;
  while (performance.now() < deadline) {
    try {
      const got = await read();
      if (got !== undefined && got !== null && got !== false) return got;
      last = undefined;
    } catch (error) {
      last = error;
    }
    await new Promise((done) => setTimeout(done, 25));
  }
  throw new Error(`waited ${withinMs} ms for ${what}${last instanceof Error ? `: ${last.message}` : ''}`);
}

export type Part = 'sim' | 'broker' | 'cloud' | 'edge';
export type Link = 'edge-broker' | 'cloud-broker' | 'edge-110' | 'cloud-110';

/** One campus on real processes: hardware on ttys, a broker, the cloud, the edge and a 110 centre. */
export interface Campus {
  folder: string;
  hardware: SimulatedHardware;
  url: string;
  start(part: Part): Promise<void>;
  /** SIGSTOP and SIGCONT, for a process that hangs. */
  signal(part: Part, signal: NodeJS.Signals): void;
  /** kill -9 unless told otherwise; resolves when the process is gone. */
  kill(part: Part, signal?: NodeJS.Signals): Promise<void>;
  ready(): Promise<void>;
  press(button: string): Promise<Origin>;
  lamp(button: string): Promise<string | null>;
  centre(command: CentreCommand): Promise<void>;
  frames(): Promise<CentreFrame[]>;
  alarm(origin: Origin): Promise<ApiAlarm | undefined>;
  /** State of each device. */
  devices(): Promise<Map<string, string>>;
  alerts(state: 'open' | 'all'): Promise<ApiAlert[]>;
  /** The simulator's control door: a POST where there is a body. */
  control(path: string, body?: unknown): Promise<unknown>;
  api(path: string): Promise<unknown>;
  /** What the processes printed, for a failing test to show. */
  output(): string;
  close(): Promise<void>;
}

export interface CampusOptions {
  broker: 'mosquitto' | 'embedded';
  /** Whether the edge has its own way to 110. */
  direct: boolean;
  buttons?: number;
  /** With a camera and a bus of two smoke sensors, whose heartbeats are short. */
  devices?: boolean;
  /** Puts something between two processes: gets the port that is meant, gives the port to use. */
  between?: (link: Link, port: number) => Promise<number>;
}

/** What one frame at 110 is known by; two of one press must be equal in it. */
export const identityAt110 = (frame: CentreFrame) =>
  JSON.stringify([frame.account, frame.sequence, frame.data, frame.h]);

export async function openCampus({
  broker,
  direct,
  buttons = 2,
  devices = false,
  between = (_link, port) => Promise.resolve(port),
}: CampusOptions): Promise<Campus> {
  const folder = mkdtempSync(join(tmpdir(), 'belfry-campus-'));
  const file = (name: string) => join(folder, name);
  const running = new Map<Part, ChildProcess>();
  let printed = '';

  const mqttPort = await reservePort(0, '');
  const httpPort = await reservePort(0, '');
  const commands: Record<Part, () => [string, string[]]> = {
    sim: () => belfry('sim', '--config', file('sim.yaml'), '--describe', file('sim.json')),
    broker: () => ['mosquitto', ['-c', file('mosquitto.conf')]],
    cloud: () => belfry('cloud', '--config', file('cloud.yaml'), '--token-file', file('cli-token')),
    edge: () => belfry('edge', '--config', file('edge.yaml')),
  };
  function belfry(name: string, ...args: string[]): [string, string[]] {
    return [process.execPath, [main, name, '--data', file(name), '--log', 'info', ...args]];
  }

  async function start(part: Part): Promise<void> {
    const [command, args] = commands[part]();
    const child = spawn(command, args, {
      stdio: ['ignore', 'pipe', 'pipe', ...(part === 'broker' ? [] : ['ipc' as const])],
      env: { ...process.env, PATH: `${process.env['PATH']}:/usr/sbin` },
    });
    running.set(part, child);
    const note = (bytes: Buffer) => (printed += `${part}| ${bytes.toString()}`);
    child.stdout!.on('data', note);
    child.stderr!.on('data', note);
    if (part === 'broker') return;
    await new Promise<void>((resolve, reject) => {
      child.once('message', () => resolve());
      child.once('exit', (code) => reject(new Error(`${part} ended with exit code ${code}\n${printed}`)));
    });
  }

  async function kill(part: Part, signal: NodeJS.Signals = 'SIGKILL'): Promise<void> {
    const child = running.get(part);
    running.delete(part);
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    const gone = new Promise((resolve) => child.once('exit', resolve));
    child.kill(signal);
    await gone;
  }

  writeFileSync(
    file('sim.yaml'),
    stringify({
      buttons: Array.from({ length: buttons }, (_, i) => ({
        id: `button-${i + 1}`,
        serial: (0xb0000001 + i).toString(16),
      })),
      centres: [{ id: 'city-110' }],
      cameras: devices ? [{ id: 'camera-1', password: 'secret' }] : [],
      buses: devices
        ? [
            {
              id: 'bus-1',
              sensors: [
                { id: 'smoke-1', unit: 1, model: 'smoke-register-2' },
                { id: 'smoke-2', unit: 2, model: 'smoke-register-2' },
              ],
            },
          ]
        : [],
    }),
  );
  writeFileSync(
    file('mosquitto.conf'),
    `listener ${mqttPort} 127.0.0.1\nallow_anonymous true\nset_tcp_nodelay true\npersistence false\n`,
  );
  await start('sim');
  const hardware = simulatedHardware.parse(JSON.parse(readFileSync(file('sim.json'), 'utf8')));
  const { host, port } = hardware.centres[0]!;
  const door = async (link: Link) => ({ id: 'dc09', kind: 'dc09', host, port: await between(link, port) });
  writeFileSync(
    file('cloud.yaml'),
    stringify({
      broker:
        broker === 'embedded'
          ? { embedded: { port: mqttPort } }
          : { url: `mqtt://127.0.0.1:${await between('cloud-broker', mqttPort)}` },
      http: { port: httpPort },
      centres: [
        {
          id: 'city-110',
          primary: true,
          doors: [{ ...(await door('cloud-110')), supervision: { account: '110A', interval_s: 1 } }],
        },
      ],
    }),
  );
  writeFileSync(
    file('edge.yaml'),
    stringify({
      campus: 'test-school',
      gateway: 'test-gateway',
      account: '1234',
      broker: { url: `mqtt://127.0.0.1:${await between('edge-broker', mqttPort)}` },
      ...(direct ? { direct: { centre: 'city-110', door: await door('edge-110') } } : {}),
      heartbeat_s: 1,
      devices: [
        ...hardware.buttons.map(({ id, serial, address }, i) => ({
          id,
          driver: 'button',
          address,
          serial,
          zone: i + 1,
        })),
        ...hardware.sensors.map(({ id, address, unit, model }, i) => ({
          id,
          driver: 'modbus',
          address,
          unit,
          model,
          poll_ms: 200,
          heartbeat_s: 1,
          zone: 801 + i,
        })),
        ...hardware.cameras.map(({ id, address, username, password }) => ({
          id,
          driver: 'onvif-camera',
          address,
          username,
          password,
          heartbeat_s: 1,
        })),
      ],
    }),
  );

  const url = `http://127.0.0.1:${httpPort}`;
  async function ask(base: string, token: string, path: string, body?: unknown): Promise<unknown> {
    const answer = await fetch(`${base}${path}`, {
      method: body === undefined ? 'GET' : 'POST',
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
      body: body === undefined ? null : JSON.stringify(body),
      signal: AbortSignal.timeout(5000),
    });
    if (!answer.ok) throw new Error(`${path} answered ${answer.status}: ${await answer.text()}`);
    return answer.json();
  }
  // The simulator makes a new token at each start, and keeps its ports.
  const control = (path: string, body?: unknown) => {
    const now = simulatedHardware.parse(JSON.parse(readFileSync(file('sim.json'), 'utf8')));
    return ask(now.control.url, now.control.token, path, body);
  };
  const api = (path: string) => ask(url, readFileSync(file('cli-token'), 'utf8').trim(), path);

  return {
    folder,
    hardware,
    url,
    start,
    kill,
    signal: (part, signal) => void running.get(part)?.kill(signal),
    control,
    api,
    ready: () =>
      eventually('a press to get through', async () => (await fetch(`${url}/readyz`)).ok, 25_000).then(
        () => {},
      ),
    press: async (button) => pressed.parse(await control(`/buttons/${button}/press`, { type: 'press' })),
    lamp: async (button) => simulatedButton.parse(await control(`/buttons/${button}`)).lamp?.state ?? null,
    centre: async (command) => void (await control('/centres/city-110/behave', command)),
    frames: async () => ((await control('/centres/city-110/frames')) as { items: CentreFrame[] }).items,
    async alarm(origin) {
      const { items } = itemsOf(apiAlarm).parse(await api('/api/v1/alarms?limit=100'));
      return items.find((alarm) => alarm.origin === originText(origin));
    },
    async devices() {
      const { items } = itemsOf(apiDevice).parse(await api('/api/v1/devices'));
      return new Map(items.map((device) => [device.place.device, device.state]));
    },
    alerts: async (state) => itemsOf(apiAlert).parse(await api(`/api/v1/alerts?state=${state}`)).items,
    output: () => printed,
    async close() {
      for (const part of ['edge', 'cloud', 'broker', 'sim'] as const) await kill(part, 'SIGTERM');
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
