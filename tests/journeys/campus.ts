import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { stringify } from 'yaml';
import { apiAlarm, apiAlert, apiDevice, itemsOf, type ApiAlarm, type ApiAlert } from '#protocols/api.ts';
import { originText, type Origin } from '#protocols/signal.ts';
import type { CentreCommand } from '#sim/centre/behaviour.ts';
import type { CentreFrame } from '#sim/centre/frame-store.ts';
import { pressed, simulatedButton } from '#sim/button/part.ts';
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

/** `sim` plays the buttons and sensors, `110` the centre. */
export type Part = 'sim' | '110' | 'database' | 'broker' | 'cloud' | 'edge';
export type Link = 'edge-broker' | 'cloud-broker' | 'edge-110' | 'cloud-110';

/** One campus on real processes: hardware on ttys, a broker, the cloud, its database, the edge and a 110 centre. */
export interface Campus {
  folder: string;
  hardware: SimulatedHardware;
  url: string;
  start(part: Part): Promise<void>;
  /** What stands on the edge's disk: its folder, and whether that is a small disk of its own. */
  edgeDisk: { folder: string; small: boolean };
  /** SIGSTOP and SIGCONT, for a process that hangs. */
  signal(part: Part, signal: NodeJS.Signals): void;
  /** Null while it does not run. */
  pid(part: Part): number | null;
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
  api(path: string, body?: unknown): Promise<unknown>;
  /** What the processes printed, for a failing test to show. */
  output(): string;
  close(): Promise<void>;
}

type Plain = Record<string, unknown>;

export interface CampusOptions {
  broker: 'mosquitto' | 'embedded';
  /** Whether the edge has its own way to 110. */
  direct: boolean;
  buttons?: number;
  /** With a camera and a bus of two smoke sensors, whose heartbeats are short. */
  devices?: boolean;
  /** So many sensors that only measure, on Modbus TCP. */
  sensors?: number;
  /** Measured values go to a real InfluxDB 1.x (`influxd`), started as the part `database`. */
  database?: boolean;
  /** Gives the edge's folder a file system of its own of so many MB, where this user may mount one. */
  edgeDiskMb?: number;
  /** What the test wants otherwise in the files that the processes are started with. */
  amend?: Partial<Record<'sim' | 'cloud' | 'edge', (file: Plain, at: { url: string }) => Plain>>;
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
  sensors = 0,
  database = false,
  edgeDiskMb,
  amend = {},
  between = (_link, port) => Promise.resolve(port),
}: CampusOptions): Promise<Campus> {
  const folder = mkdtempSync(join(tmpdir(), 'belfry-campus-'));
  const file = (name: string) => join(folder, name);
  const running = new Map<Part, ChildProcess>();
  let printed = '';

  const mqttPort = await reservePort(0, '');
  const httpPort = await reservePort(0, '');
  const influxPort = database ? await reservePort(0, '') : 0;
  const commands: Record<Part, () => [string, string[]]> = {
    sim: () => belfry('sim', file('sim.yaml'), '--describe', file('sim.json')),
    '110': () => [
      process.execPath,
      [main, 'sim', file('110.yaml'), '--data', file('110'), '--describe', file('110.json')],
    ],
    database: () => ['influxd', ['-config', file('influx.conf')]],
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
      stdio: ['ignore', 'pipe', 'pipe', ...(foreign(part) ? [] : ['ipc' as const])],
      env: { ...process.env, PATH: `${process.env['PATH']}:/usr/sbin` },
    });
    running.set(part, child);
    const note = (bytes: Buffer) => (printed += `${part}| ${bytes.toString()}`);
    child.stdout!.on('data', note);
    child.stderr!.on('data', note);
    if (foreign(part)) return;
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

  const url = `http://127.0.0.1:${httpPort}`;
  const write = (name: 'sim' | 'cloud' | 'edge', plain: Plain) =>
    writeFileSync(file(`${name}.yaml`), stringify(amend[name]?.(plain, { url }) ?? plain));
  write('sim', {
    buttons: Array.from({ length: buttons }, (_, i) => ({
      id: `button-${i + 1}`,
      serial: (0xb0000001 + i).toString(16),
    })),
    cameras: devices ? [{ id: 'camera-1', password: 'secret' }] : [],
    buses: [
      ...(devices
        ? [
            {
              id: 'bus-1',
              sensors: [
                { id: 'smoke-1', unit: 1, model: 'smoke-register-2' },
                { id: 'smoke-2', unit: 2, model: 'smoke-register-2' },
              ],
            },
          ]
        : []),
      ...measuringBuses(sensors),
    ],
  });
  writeFileSync(file('110.yaml'), stringify({ centres: [{ id: 'city-110' }] }));
  if (database)
    writeFileSync(file('influx.conf'), influxConfig(folder, influxPort, await reservePort(0, '')));
  mkdirSync(file('edge'));
  const small = edgeDiskMb !== undefined && mounted(file('edge'), edgeDiskMb);
  writeFileSync(
    file('mosquitto.conf'),
    `listener ${mqttPort} 127.0.0.1\nallow_anonymous true\nset_tcp_nodelay true\npersistence false\n`,
  );
  await Promise.all([start('sim'), start('110')]);
  const described = (name: string) =>
    simulatedHardware.parse(JSON.parse(readFileSync(file(`${name}.json`), 'utf8')));
  const { centres } = described('110');
  const hardware = { ...described('sim'), centres };
  const { host, port } = hardware.centres[0]!;
  const door = async (link: Link) => ({ id: 'dc09', kind: 'dc09', host, port: await between(link, port) });
  write('cloud', {
    broker:
      broker === 'embedded'
        ? { embedded: { port: mqttPort } }
        : { url: `mqtt://127.0.0.1:${await between('cloud-broker', mqttPort)}` },
    http: { port: httpPort },
    ...(database
      ? {
          telemetry: {
            influx: { version: 1, url: `http://127.0.0.1:${influxPort}`, database: 'belfry' },
          },
        }
      : {}),
    centres: [
      {
        id: 'city-110',
        primary: true,
        doors: [{ ...(await door('cloud-110')), supervision: { account: '110A', interval_s: 1 } }],
      },
    ],
  });
  write('edge', {
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
        ...(model === measuringModel
          ? { poll_ms: 10_000, heartbeat_s: 30 }
          : { poll_ms: 200, heartbeat_s: 1, zone: 801 + i }),
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
  });

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
  const controlOf = (name: string) => (path: string, body?: unknown) => {
    const { control } = described(name);
    return ask(control.url, control.token, path, body);
  };
  const control = controlOf('sim');
  const centre = controlOf('110');
  const api = (path: string, body?: unknown) =>
    ask(url, readFileSync(file('cli-token'), 'utf8').trim(), path, body);

  return {
    folder,
    hardware,
    url,
    start,
    kill,
    edgeDisk: { folder: file('edge'), small },
    signal: (part, signal) => void running.get(part)?.kill(signal),
    pid: (part) => running.get(part)?.pid ?? null,
    control,
    api,
    ready: () =>
      eventually('a press to get through', async () => (await fetch(`${url}/readyz`)).ok, 25_000).then(
        () => {},
      ),
    press: async (button) => pressed.parse(await control(`/buttons/${button}/press`, { type: 'press' })),
    lamp: async (button) => simulatedButton.parse(await control(`/buttons/${button}`)).lamp?.state ?? null,
    centre: async (command) => void (await centre('/centres/city-110/behave', command)),
    frames: async () => ((await centre('/centres/city-110/frames')) as { items: CentreFrame[] }).items,
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
      for (const part of ['edge', 'cloud', 'broker', 'database', 'sim', '110'] as const) {
        await kill(part, 'SIGTERM');
      }
      if (small) spawnSync('umount', ['--lazy', file('edge')]);
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** Programs that are not ours, and say nothing when they are ready. */
function foreign(part: Part): boolean {
  return part === 'broker' || part === 'database';
}

/** A small file system at this folder; false where this user may not mount one. */
function mounted(folder: string, megabytes: number): boolean {
  return spawnSync('mount', ['-t', 'tmpfs', '-o', `size=${megabytes}m`, 'belfry-test', folder]).status === 0;
}

function influxConfig(folder: string, http: number, rpc: number): string {
  return `reporting-disabled = true
bind-address = "127.0.0.1:${rpc}"
[meta]
  dir = "${folder}/influx/meta"
[data]
  dir = "${folder}/influx/data"
  wal-dir = "${folder}/influx/wal"
[http]
  bind-address = "127.0.0.1:${http}"
  log-enabled = false
`;
}

const measuringModel = 'temperature-humidity-t';
const unitsOfABus = 120;

function measuringBuses(sensors: number) {
  return Array.from({ length: Math.ceil(sensors / unitsOfABus) }, (_, bus) => ({
    id: `climate-bus-${bus + 1}`,
    via: 'tcp',
    sensors: Array.from({ length: Math.min(unitsOfABus, sensors - bus * unitsOfABus) }, (_, i) => ({
      id: `climate-${bus * unitsOfABus + i + 1}`,
      unit: i + 1,
      model: measuringModel,
    })),
  }));
}
