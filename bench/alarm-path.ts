import { fork, type ChildProcess } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { apiAlarm, itemsOf } from '#protocols/api.ts';
import { encodeFrame } from '#protocols/button-frame/encode.ts';
import { simulatedHardware } from '#sim/description.ts';
import { openPty, type Pty } from '#sim/pty.ts';
import { median, percentiles, round, type Percentiles } from './figures.ts';

/**
 * First byte on the tty to 110's receipt back at the edge, for Belfry and for a floor in the same run: the barest
 * relay of the same hops with the same libraries (tty, MQTT, TCP to the same receiver), which validates, stores
 * and deduplicates nothing. They take turns, so that a slow moment of the machine meets both.
 */
const turns = 5;
const units = 100;
const spacingMs = 25;

const root = fileURLToPath(new URL('..', import.meta.url));

export async function run(): Promise<void> {
  const data = mkdtempSync(join(tmpdir(), 'belfry-bench-'));
  const belfry = await startBelfry(data);
  const floor = await startFloor(data);
  try {
    const figures = { belfry: [] as Percentiles[], floor: [] as Percentiles[] };
    let presses = 0;
    // One turn of each that does not count: nobody is measured while the other's code is still cold.
    for (let turn = 0; turn <= turns; turn++) {
      const ofFloor = percentiles(await floor.turn());
      const times = await belfry.turn();
      const ofBelfry = percentiles(times);
      if (turn === 0) continue;
      presses += times.length;
      figures.floor.push(ofFloor);
      figures.belfry.push(ofBelfry);
      console.log(
        `turn ${turn}/${turns}  belfry p50 ${ms(ofBelfry.p50)} p95 ${ms(ofBelfry.p95)} p99 ${ms(ofBelfry.p99)}` +
          `   floor p50 ${ms(ofFloor.p50)} p95 ${ms(ofFloor.p95)} p99 ${ms(ofFloor.p99)}`,
      );
    }
    const mid = (of: Percentiles[], p: keyof Percentiles) => median(of.map((f) => f[p]));
    const ratio = (p: keyof Percentiles) => median(figures.belfry.map((f, i) => f[p] / figures.floor[i]![p]));
    console.log(
      JSON.stringify({
        presses,
        belfry_p50_ms: round(mid(figures.belfry, 'p50')),
        belfry_p95_ms: round(mid(figures.belfry, 'p95')),
        belfry_p99_ms: round(mid(figures.belfry, 'p99')),
        floor_p50_ms: round(mid(figures.floor, 'p50')),
        floor_p95_ms: round(mid(figures.floor, 'p95')),
        floor_p99_ms: round(mid(figures.floor, 'p99')),
        ratio_p50: round(ratio('p50')),
        ratio_p99: round(ratio('p99')),
      }),
    );
  } finally {
    await floor.stop();
    await belfry.stop();
    rmSync(data, { recursive: true, force: true });
  }
}

interface Contestant {
  /** One press of every unit; milliseconds from first byte to receipt. */
  turn(): Promise<number[]>;
  stop(): Promise<void>;
}

async function startBelfry(data: string): Promise<Contestant> {
  // Forked, so that it ends with us whatever happens.
  const up = fork(
    join(root, 'cli/main.ts'),
    `up --data ${data} --http-port 0 --mqtt-port 0 --buttons ${units}`.split(' '),
    { stdio: ['ignore', 'ignore', 'inherit', 'ipc'] },
  );
  const url = () => readFileSync(join(data, 'url'), 'utf8').trim();
  await until(async () => (await fetch(`${url()}/readyz`)).ok, 'Belfry to be ready', up);
  const sim = simulatedHardware.parse(JSON.parse(readFileSync(join(data, 'sim.json'), 'utf8')));
  // Whatever the edge still does at its start (opening ttys, first heartbeats) is no part of an alarm's way.
  await pause(1500);

  const ofTurn = async (from: number) => {
    const token = readFileSync(join(data, 'cli-token'), 'utf8').trim();
    const headers = { authorization: `Bearer ${token}` };
    const answer = await fetch(`${url()}/api/v1/alarms?limit=200`, { headers });
    const { items } = itemsOf(apiAlarm).parse(await answer.json());
    return items.filter((alarm) => alarm.received_at >= from);
  };
  return {
    async turn() {
      const from = Date.now() - 1;
      for (const { id } of sim.buttons) {
        await pause(spacingMs);
        await fetch(`${sim.control.url}/buttons/${id}/press`, {
          method: 'POST',
          headers: { authorization: `Bearer ${sim.control.token}`, 'content-type': 'application/json' },
          body: '{"type":"press"}',
        });
      }
      const timeOf = (alarm: { stages: { name: string; ms: number }[] }) =>
        alarm.stages.find((stage) => stage.name === 'delivered')?.ms;
      await until(
        async () =>
          (await ofTurn(from)).filter((a) => a.lamp !== null && timeOf(a) !== undefined).length >= units,
        'the last press of the turn to be reported',
        up,
      );
      return (await ofTurn(from)).map((alarm) => timeOf(alarm)!);
    },
    stop: () => ended(up, 'SIGTERM'),
  };
}

async function startFloor(data: string): Promise<Contestant> {
  const { centres } = simulatedHardware.parse(JSON.parse(readFileSync(join(data, 'sim.json'), 'utf8')));
  const ptys: Pty[] = [];
  for (let i = 0; i < units; i++) {
    const opened = await openPty({ onData() {}, onClose() {} });
    if (opened.kind === 'absent') throw new Error(opened.reason);
    ptys.push(opened.pty);
  }
  const cloud = fork(join(root, 'bench/floor/cloud.ts'), [JSON.stringify({ centre: centres[0] })]);
  const { mqttUrl } = (await message(cloud)) as { mqttUrl: string };
  const edge = fork(join(root, 'bench/floor/edge.ts'), [
    JSON.stringify({ ttys: ptys.map((pty) => pty.path), mqttUrl }),
  ]);
  await message(edge);

  let counter = 0;
  return {
    async turn() {
      const times: number[] = [];
      const collect = (said: unknown) => times.push((said as { ms: number }).ms);
      edge.on('message', collect);
      counter += 1;
      for (const [i, pty] of ptys.entries()) {
        await pause(spacingMs);
        pty.stream.write(press(i, counter));
      }
      await until(() => Promise.resolve(times.length >= units), 'the floor to relay every press', edge);
      edge.off('message', collect);
      return times;
    },
    async stop() {
      await ended(edge, 'SIGTERM');
      await ended(cloud, 'SIGTERM');
      for (const pty of ptys) pty.stream.close();
    },
  };
}

function press(unit: number, counter: number): Uint8Array {
  const body = { serial: 0xf0000000 + unit, boot: 1, counter, ageMs: 0, silent: false, tamper: false };
  return encodeFrame({
    address: 0,
    boot: 1,
    sequence: counter,
    body: { type: 'press', ...body, ageIsLowerBound: false },
  });
}

function message(child: ChildProcess): Promise<unknown> {
  return new Promise((resolve, reject) => {
    child.once('message', (said) => resolve((said as { ready: unknown }).ready));
    child.once('exit', (code) => reject(new Error(`a part of the floor ended with exit code ${code}`)));
  });
}

async function until(condition: () => Promise<boolean>, what: string, child: ChildProcess): Promise<void> {
  const deadline = performance.now() + 20_000;
  while (performance.now() < deadline) {
    if (child.exitCode !== null)
      throw new Error(`waited for ${what}, but it ended with exit code ${child.exitCode}`);
    if (await condition().catch(() => false)) return;
    await pause(50);
  }
  throw new Error(`waited 20 s for ${what}`);
}

async function ended(child: ChildProcess, signal: NodeJS.Signals): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const gone = new Promise((resolve) => child.once('exit', resolve));
  child.kill(signal);
  await gone;
}

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));
const ms = (value: number) => `${value.toFixed(1).padStart(6)} ms`;
