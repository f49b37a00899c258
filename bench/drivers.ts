import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { stringify } from 'yaml';
import type { ListenPort } from '#platform/ports.ts';
import { realClock } from '#platform/real/clock.ts';
import { realRandomness } from '#platform/real/randomness.ts';
import { realListening } from '#platform/real/streams.ts';
import { findModel } from '#platform/modbus-models.ts';
import { apiAlarm, apiDevice, itemsOf } from '#protocols/api.ts';
import { simulatorConfig } from '#sim/configuration.ts';
import { simulatedHardware } from '#sim/description.ts';
import { startSimulator } from '#sim/simulator.ts';
import { reservePort } from '../cli/ports.ts';
import { median, percentiles, round } from './figures.ts';

/**
 * One edge with a whole campus on it (two buses of buttons on ttys, cameras, Modbus units, a fire panel on a tty)
 * against the same edge with one of these buttons alone. Both take turns, and in each turn the same button is
 * pressed as often. The hardware, the cloud and 110 are processes of their own, so that what is measured of the edge
 * is the edge's; the Modbus units are played here, where nothing else runs, so that the moment of each poll is seen.
 */
const turns = 2;
const pressesInTurn = 200;
const spacingMs = 250;
const buttonBuses = 2;
const unitsOfBus = 8;
const cameraCount = 100;
const modbusBuses = 4;
const unitsOfModbusBus = 25;
const model = 'temperature-humidity-t';
const pollMs = 1000;
/** After the last device of the campus is known to be well: what a start alone does is over. */
const settleMs = 20_000;

const main = fileURLToPath(new URL('../cli/main.ts', import.meta.url));

export async function run(): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'belfry-bench-'));
  const file = (name: string) => join(folder, name);
  const children: ChildProcess[] = [];
  const closers: (() => Promise<void>)[] = [];
  try {
    const polls = new Polls();
    const sensors = await modbusHardware(folder, polls);
    closers.push(() => sensors.close());
    writeFileSync(file('sim.yaml'), stringify(hardwareElsewhere()));
    const start = async (name: string, ...args: string[]) => {
      const child = await belfry(name, args);
      children.push(child);
      return child;
    };
    await start('sim', file('sim.yaml'), '--data', file('sim'), '--describe', file('sim.json'));
    const hardware = simulatedHardware.parse(JSON.parse(readFileSync(file('sim.json'), 'utf8')));
    const [centre] = hardware.centres;
    const door = { id: 'dc09', kind: 'dc09', host: centre!.host, port: centre!.port };
    const [httpPort, mqttPort] = [await reservePort(0, ''), await reservePort(0, '')];
    writeFileSync(
      file('cloud.yaml'),
      stringify({
        broker: { embedded: { port: mqttPort } },
        http: { port: httpPort },
        centres: [{ id: centre!.id, primary: true, doors: [door] }],
      }),
    );
    await start(
      'cloud',
      '--config',
      file('cloud.yaml'),
      '--data',
      file('cloud'),
      '--token-file',
      file('token'),
    );

    const [pressed] = hardware.buttons;
    const edgeFile = (gateway: string, devices: object[]) =>
      stringify({
        campus: 'bench',
        gateway,
        account: '1234',
        broker: { url: `mqtt://127.0.0.1:${mqttPort}` },
        direct: { centre: centre!.id, door },
        // The one button is pressed far more often than anybody presses one.
        summing: { above_per_minute: 6000 },
        devices,
      });
    const buttons = hardware.buttons.map(({ id, wiring }, i) => ({ id, ...wiring, zone: i + 1 }));
    const campus = [
      ...buttons,
      ...sensors.devices.map((device) => ({ ...device, poll_ms: pollMs })),
      ...hardware.cameras.map(({ id, wiring }) => ({ id, ...wiring })),
      ...hardware.fire_panels.map(({ id, wiring }) => ({ id, ...wiring, zone: 900 })),
    ];
    writeFileSync(file('alone.yaml'), edgeFile('alone', buttons.slice(0, 1)));
    writeFileSync(file('loaded.yaml'), edgeFile('loaded', campus));

    const api = async (path: string) => {
      const token = readFileSync(file('token'), 'utf8').trim();
      const headers = { authorization: `Bearer ${token}` };
      return (await fetch(`http://127.0.0.1:${httpPort}/api/v1${path}`, { headers })).json();
    };
    const press = async () => {
      const answer = await fetch(`${hardware.control.url}/buttons/${pressed!.id}/press`, {
        method: 'POST',
        headers: { authorization: `Bearer ${hardware.control.token}`, 'content-type': 'application/json' },
        body: '{"type":"press"}',
      });
      if (!answer.ok) throw new Error(`the button was not pressed: ${await answer.text()}`);
    };

    /** One turn of this edge: what its presses took, and what it took of the machine meanwhile. */
    const turnOf = async (name: 'alone' | 'loaded', devices: number) => {
      const begun = Date.now();
      const edge = await start('edge', '--config', file(`${name}.yaml`), '--data', file(name));
      await until(`every device of the edge (${name}) to be well`, 120_000, async () => {
        const { items } = itemsOf(apiDevice).parse(await api('/devices?limit=500'));
        const well = items.filter(
          ({ place, state, heard_at }) =>
            // The button has incidents from the turn before, which nobody has resolved.
            place.gateway === name && (state === 'good' || state === 'alarm') && (heard_at ?? 0) > begun,
        );
        return well.length >= devices;
      });
      await pause(name === 'loaded' ? settleMs : 2000);
      const [since, cpu] = [Date.now(), cpuMs(edge.pid!)];
      const from = performance.now();
      polls.begin();
      for (let i = 0; i < pressesInTurn; i++) {
        await pause(Math.max(0, from + i * spacingMs - performance.now()));
        await press();
      }
      const times: number[] = [];
      const reported = () =>
        `every press of the turn to be reported (${times.length} of ${pressesInTurn} were)`;
      await until(reported, 60_000, async () => {
        const { items } = itemsOf(apiAlarm).parse(await api('/alarms?limit=500'));
        times.length = 0;
        for (const alarm of items) {
          const delivered = alarm.stages.find((stage) => stage.name === 'delivered')?.ms;
          if (alarm.received_at >= since && delivered !== undefined) times.push(delivered);
        }
        return times.length >= pressesInTurn;
      });
      const seen = {
        times,
        rssMb: rssMb(edge.pid!),
        cpuShare: (cpuMs(edge.pid!) - cpu) / (performance.now() - from),
        jitter: polls.end(),
      };
      await ended(edge);
      return seen;
    };

    const figures: { alone: number; loaded: number; ratio: number }[] = [];
    const loads: Awaited<ReturnType<typeof turnOf>>[] = [];
    for (let turn = 1; turn <= turns; turn++) {
      console.log(`turn ${turn}/${turns}: the button alone`);
      const alone = percentiles((await turnOf('alone', 1)).times);
      console.log(`turn ${turn}/${turns}: ${campus.length} devices`);
      const load = await turnOf('loaded', campus.length);
      const loaded = percentiles(load.times);
      loads.push(load);
      figures.push({ alone: alone.p99, loaded: loaded.p99, ratio: loaded.p99 / alone.p99 });
      console.log(
        `turn ${turn}/${turns}  alone p50 ${round(alone.p50)} p99 ${round(alone.p99)} ms` +
          `   loaded p50 ${round(loaded.p50)} p99 ${round(loaded.p99)} ms` +
          `   ${round(load.rssMb)} MB, ${round(load.cpuShare * 100)} % of a core, ${load.jitter.length} polls`,
      );
    }
    const found = findModel(model, { base: '.' });
    const values = found.kind === 'model' ? found.model.values.length : 0;
    console.log(
      JSON.stringify({
        buttons: buttons.length,
        cameras: hardware.cameras.length,
        modbus_points: sensors.devices.length * values,
        rss_mb: round(median(loads.map(({ rssMb }) => rssMb))),
        cpu_share: round(median(loads.map(({ cpuShare }) => cpuShare))),
        poll_jitter_p99_ms: round(percentiles(loads.flatMap(({ jitter }) => jitter)).p99),
        alone_p99_ms: round(median(figures.map(({ alone }) => alone))),
        loaded_p99_ms: round(median(figures.map(({ loaded }) => loaded))),
        ratio_p99: round(median(figures.map(({ ratio }) => ratio))),
      }),
    );
  } finally {
    for (const child of children.toReversed()) await ended(child);
    for (const close of closers) await close();
    rmSync(folder, { recursive: true, force: true });
  }
}

function hardwareElsewhere() {
  return {
    centres: [{ id: 'city-110' }],
    button_buses: Array.from({ length: buttonBuses }, (_, b) => ({
      id: `button-bus-${b + 1}`,
      baud: 115_200,
      units: Array.from({ length: unitsOfBus }, (__, i) => ({
        id: `button-${b * unitsOfBus + i + 1}`,
        serial: (0xb0000001 + b * unitsOfBus + i).toString(16),
        unit: i + 1,
      })),
    })),
    cameras: Array.from({ length: cameraCount }, (_, i) => ({ id: `camera-${i + 1}`, password: 'secret' })),
    fire_panels: [{ id: 'fire-panel' }],
  };
}

/** The Modbus buses, played in this process; what arrives at them is noted in `polls`. */
async function modbusHardware(folder: string, polls: Polls) {
  const listen: ListenPort = {
    listen: (at, onConnection) =>
      realListening.listen(at, (stream, remote) => {
        const events = onConnection(stream, remote);
        const bus = polls.bus();
        return {
          ...events,
          onData(bytes, at) {
            bus(bytes);
            events.onData(bytes, at);
          },
        };
      }),
  };
  const log = { debug() {}, info() {}, warn() {}, error() {}, child: () => log };
  const config = simulatorConfig.parse({
    buses: Array.from({ length: modbusBuses }, (_, b) => ({
      id: `climate-bus-${b + 1}`,
      via: 'tcp',
      sensors: Array.from({ length: unitsOfModbusBus }, (__, i) => ({
        id: `climate-${b * unitsOfModbusBus + i + 1}`,
        unit: i + 1,
        model,
      })),
    })),
  });
  const simulator = await startSimulator({ clock: realClock, random: realRandomness, listen, log }, config, {
    folder: join(folder, 'modbus'),
    describeIn: join(folder, 'modbus.json'),
  });
  return {
    devices: simulator.hardware.sensors.map(({ id, wiring }) => ({ id, ...wiring })),
    close: () => simulator.close(),
  };
}

/** When each unit was asked, and by how much the time since its last question was not what it should have been. */
class Polls {
  #jitter: number[] = [];
  #counting = false;
  readonly #buses: Map<number, number>[] = [];

  /** Of one connection: one question a segment, because a bus has one question open at a time. */
  bus(): (bytes: Uint8Array) => void {
    const last = new Map<number, number>();
    this.#buses.push(last);
    return (bytes) => {
      // Modbus/TCP: transaction, protocol, length, then the unit (Messaging on TCP/IP 1.0b, 3.1.3).
      const unit = bytes[6];
      if (unit === undefined) return;
      const now = performance.now();
      const before = last.get(unit);
      last.set(unit, now);
      if (before !== undefined && this.#counting) this.#jitter.push(Math.abs(now - before - pollMs));
    };
  }

  begin(): void {
    for (const last of this.#buses) last.clear();
    this.#jitter = [];
    this.#counting = true;
  }

  end(): number[] {
    this.#counting = false;
    return this.#jitter;
  }
}

/** A process of Belfry that is ready. */
async function belfry(name: string, args: string[]): Promise<ChildProcess> {
  const child = spawn(process.execPath, [main, name, ...args, '--log', 'warn'], {
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  });
  await new Promise<void>((resolve, reject) => {
    child.once('message', () => resolve());
    child.once('exit', (code) => reject(new Error(`belfry ${name} ended with exit code ${code}`)));
  });
  return child;
}

async function ended(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const gone = new Promise((resolve) => child.once('exit', resolve));
  child.kill('SIGTERM');
  await gone;
}

async function until(
  what: string | (() => string),
  withinMs: number,
  condition: () => Promise<boolean>,
): Promise<void> {
  const deadline = performance.now() + withinMs;
  while (performance.now() < deadline) {
    if (await condition()) return;
    await pause(250);
  }
  throw new Error(`waited ${withinMs / 1000} s for ${typeof what === 'string' ? what : what()}`);
}

/** proc(5): utime and stime of all its threads, in ticks of 10 ms. */
function cpuMs(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]!.split(' ');
  return (Number(fields[11]) + Number(fields[12])) * 10;
}

function rssMb(pid: number): number {
  return Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]) / 1024;
}

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));
