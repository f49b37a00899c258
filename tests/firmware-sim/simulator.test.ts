import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { z } from 'zod';
import { realClock } from '#platform/real/clock.ts';
import { realLog } from '#platform/real/log.ts';
import { realRandomness } from '#platform/real/randomness.ts';
import { realListening } from '#platform/real/streams.ts';
import { simulatorConfig, type SimulatorConfig } from '#sim/configuration.ts';
import { simulatedHardware } from '#sim/description.ts';
import { startSimulator, type Simulator } from '#sim/simulator.ts';

let folder: string;
let simulator: Simulator | null = null;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'belfry-sim-'));
});
afterEach(async () => {
  await simulator?.close();
  simulator = null;
  rmSync(folder, { recursive: true, force: true });
});

const one = {
  buttons: [{ id: 'gate', serial: 'b0000001', via: 'tcp' as const }],
  centres: [{ id: 'city-110' }],
  cameras: [{ id: 'camera-1', password: 'secret' }],
  buses: [
    { id: 'bus-1', via: 'tcp' as const, sensors: [{ id: 'smoke-1', unit: 1, model: 'smoke-register-2' }] },
  ],
  http_centres: [{ id: 'city-cap' }],
};

async function start(config: z.input<typeof simulatorConfig> = one): Promise<Simulator> {
  const ports = {
    clock: realClock,
    random: realRandomness,
    listen: realListening,
    log: realLog({ level: 'silent', format: 'line' }),
  };
  const parsed: SimulatorConfig = simulatorConfig.parse(config);
  simulator = await startSimulator(ports, parsed, { folder, describeIn: join(folder, 'sim.json') });
  return simulator;
}

async function ask(method: string, path: string, body?: unknown, token = simulator!.hardware.control.token) {
  const answer = await fetch(`${simulator!.hardware.control.url}${path}`, {
    method,
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
    body: body === undefined ? null : JSON.stringify(body),
  });
  return { status: answer.status, said: (await answer.json()) as Record<string, unknown> };
}

describe('the simulator', () => {
  it('describes every part of every kind as sim.json promises, readable by its owner alone', async () => {
    const { hardware, parts } = await start();
    expect(simulatedHardware.parse(hardware)).toEqual(hardware);
    const ids = [...parts].map(([group, members]) => [group, [...members.keys()]]);
    expect(Object.fromEntries(ids)).toMatchObject({
      buttons: ['gate'],
      centres: ['city-110'],
      cameras: ['camera-1'],
      sensors: ['smoke-1'],
    });
    expect(statSync(join(folder, 'sim.json')).mode & 0o777).toBe(0o600);
  });

  it('keeps its ports from start to start', async () => {
    const first = (await start()).hardware;
    await simulator!.close();
    const again = (await start()).hardware;
    expect(again.buttons).toEqual(first.buttons);
    expect(again.cameras).toEqual(first.cameras);
    expect(again.control.url).toBe(first.control.url);
  });

  it('leaves nothing running when one part cannot be had', async () => {
    const squatter = createServer().listen(0, '127.0.0.1');
    await new Promise((done) => squatter.once('listening', done));
    const { port } = squatter.address() as AddressInfo;
    const first = await start({ centres: [{ id: 'free' }] });
    const freed = first.hardware.centres[0]!.port;
    await first.close();
    simulator = null;
    const config = { buttons: [], centres: [{ id: 'free', port: freed }], cameras: [{ id: 'no', port }] };
    await expect(start(config)).rejects.toThrow();
    await expect(fetch(`http://127.0.0.1:${freed}`)).rejects.toThrow();
    squatter.close();
  });

  it('refuses two parts of one group that have one id', async () => {
    const twice = [...one.cameras, ...one.cameras];
    await expect(start({ ...one, cameras: twice })).rejects.toThrow('two cameras called camera-1');
  });
});

describe('the control door', () => {
  it('says of itself what can be done, and does it', async () => {
    await start();
    const { said } = await ask('GET', '/');
    expect(Object.keys(said)).toEqual(
      expect.arrayContaining(['buttons', 'centres', 'cameras', 'sensors', 'http-centres']),
    );
    expect(said).toMatchObject({
      buttons: { gate: { acts: { press: { type: 'object' } }, records: ['presses'] } },
    });
    const pressed = await ask('POST', '/buttons/gate/press', {});
    expect(pressed).toMatchObject({ status: 200, said: { serial: 0xb0000001, type: 'press' } });
    expect((await ask('GET', '/buttons/gate/presses')).said['items']).toHaveLength(1);
    expect(await ask('POST', '/sensors/smoke-1/behave', { alarm: true })).toMatchObject({
      said: { ok: true },
    });
    expect((await ask('GET', '/sensors')).said).toMatchObject({ items: [{ alarm: true }] });
  });

  it('answers a mistake with a sentence that says what there is', async () => {
    await start();
    const wrong: [string, string, unknown, number, string][] = [
      ['GET', '/doors', undefined, 404, 'there is no doors here; there are: buttons, '],
      ['GET', '/buttons/nowhere', undefined, 404, 'there is no nowhere here; there are: gate'],
      ['POST', '/centres/city-110/press', {}, 404, 'there is no press here; there are: behave'],
      ['POST', '/buttons/gate/press', { type: 'kick' }, 400, 'type'],
      ['DELETE', '/buttons/gate', {}, 404, 'there is nothing at DELETE /buttons/gate'],
    ];
    for (const [method, path, body, status, detail] of wrong) {
      const answer = await ask(method, path, body);
      expect(answer.status, path).toBe(status);
      expect(answer.said['detail']).toContain(detail);
    }
  });

  it('does nothing for whoever has not its token', async () => {
    await start();
    expect((await ask('POST', '/buttons/gate/press', {}, 'guessed')).status).toBe(401);
    expect((await ask('GET', '/buttons/gate/presses')).said['items']).toEqual([]);
  });
});
