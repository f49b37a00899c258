import { spawn } from 'node:child_process';
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { parseEdgeConfig } from '#edge/config.ts';
import { parseAddress, streamOf } from '#edge/drivers/address.ts';
import { drivers } from '#edge/drivers/index.ts';
import { upsDriver } from '#edge/drivers/ups.ts';
import { realClock } from '#platform/real/clock.ts';
import { realLog } from '#platform/real/log.ts';
import { realRandomness } from '#platform/real/randomness.ts';
import { realListening } from '#platform/real/streams.ts';
import { simulatorConfig } from '#sim/configuration.ts';
import { startSimulator } from '#sim/simulator.ts';
import { have, until } from '../../platform/pty.ts';
import { recorder } from './recorder.ts';

const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const clean of cleanups.splice(0).toReversed()) await clean();
});

function folder(): string {
  const made = mkdtempSync(join(tmpdir(), 'belfry-ups-'));
  cleanups.push(() => rmSync(made, { recursive: true, force: true }));
  return made;
}

function drive(address: string, names: readonly string[], hurry = 20) {
  const parsed = parseAddress(address);
  if (!parsed.ok) throw new Error(parsed.problem);
  const devices = names.map((ups) =>
    upsDriver.device.parse({ id: `${ups}-ups`, driver: 'ups', address, ups, poll_s: 2 }),
  );
  const told = recorder(hurry);
  const run = upsDriver.start(told.context, { address: streamOf(parsed.address), devices });
  cleanups.push(() => run.close());
  return told;
}

async function simulated(names: readonly string[] = ['rack']) {
  const at = folder();
  const ports = {
    clock: realClock,
    random: realRandomness,
    listen: realListening,
    log: realLog({ level: 'silent', format: 'line' }),
  };
  const simulator = await startSimulator(ports, simulatorConfig.parse({ upses: [{ id: 'rack' }] }), {
    folder: at,
    describeIn: join(at, 'sim.json'),
  });
  cleanups.push(() => simulator.close());
  const part = simulator.parts.get('upses')!.get('rack')!;
  const told = drive(simulator.hardware.upses[0]!.address, names);
  return { told, act: (name: string, input: unknown) => part.acts[name]!.run(input) };
}

describe('a UPS behind a NUT server', () => {
  it('on mains it is good, with its charge, runtime and load', async () => {
    const { told } = await simulated();
    await until('it is heard', () => told.heardCount('rack-ups') > 1);
    expect(told.healthOf('rack-ups')).toBe('good');
    expect(told.factsOf('rack-ups')).toEqual({ supply: 'mains', battery: 100, model: 'Simulated "1000"' });
    expect([told.measured('battery')[0], told.measured('runtime')[0], told.measured('load')[0]]).toEqual([
      100, 30, 18,
    ]);
    expect(told.crashes).toEqual([]);
  });

  it('mains out, a battery that is low, weak or worn out are said until they are over', async () => {
    const { told, act } = await simulated();
    const says = (words: RegExp) => until(String(words), () => words.test(told.healthOf('rack-ups')));
    await act('mains', { on: false });
    await says(/^fault: The mains are out and it runs on its battery, 100 % left, about (29|30) minutes/);
    expect(told.factsOf('rack-ups').supply).toBe('battery');
    await act('battery', { percent: 9 });
    await says(/nearly empty, and power may go at any moment/);
    await act('mains', { on: true });
    await act('battery', { percent: 40 });
    await says(/^fault: The battery of the UPS is at 40 %/);
    await act('battery', { percent: 100, worn_out: true });
    await says(/^fault: The battery of the UPS must be replaced/);
    await act('battery', { worn_out: false });
    await says(/^good$/);
  });

  it.each([
    ['DATA-STALE', /check its USB or serial cable/],
    ['DRIVER-NOT-CONNECTED', /driver of the UPS rack is not running/],
    ['ACCESS-DENIED', /upsd\.conf and upsd\.users/],
  ])('%s is said with what to check', async (code, words) => {
    const { told, act } = await simulated();
    await act('behave', { kind: 'error', code });
    await until('it is said', () => words.test(told.healthOf('rack-ups')));
    await act('behave', { kind: 'good' });
    await until('it is over', () => told.healthOf('rack-ups') === 'good');
  });

  it('one that the server does not know costs the other nothing', async () => {
    const { told } = await simulated(['spare', 'rack']);
    await until('both are asked', () => told.heardCount('rack-ups') > 1);
    expect(told.healthOf('rack-ups')).toBe('good');
    expect(told.healthOf('spare-ups')).toMatch(
      /has no UPS called spare: compare the name with its ups\.conf/,
    );
  });

  it.each(['hangs', 'endless', 'drips', 'closes'] as const)(
    'a server that %s is offline in words, and is asked again',
    async (kind) => {
      const { told, act } = await simulated();
      await until('it is heard', () => told.heardCount('rack-ups') > 0);
      await act('behave', { kind });
      await until('it is said', () =>
        kind === 'closes'
          ? told.lines.some(({ open }) => !open)
          : /gives no answer about rack/.test(told.healthOf('rack-ups')),
      );
      await act('behave', { kind: 'good' });
      const before = told.heardCount('rack-ups');
      await until('it is heard again', () => told.heardCount('rack-ups') > before);
      expect(told.healthOf('rack-ups')).toBe('good');
    },
    30_000,
  );

  it('noise before an answer costs nothing', async () => {
    const { told, act } = await simulated();
    await act('behave', { kind: 'noise' });
    await until('it is heard', () => told.heardCount('rack-ups') > 3);
    expect(told.healthOf('rack-ups')).toBe('good');
  });

  it('one UPS twice on a server, and a name that none can have, are mistakes', () => {
    const file = (ups: string[]) =>
      parseEdgeConfig(
        {
          campus: 'school',
          gateway: 'gateway',
          account: '1234',
          devices: ups.map((name, i) => ({
            id: `ups-${i}`,
            driver: 'ups',
            address: 'tcp://127.0.0.1:3493',
            ups: name,
          })),
        },
        drivers,
      );
    expect(file(['rack', 'gate']).ok).toBe(true);
    expect(file(['rack', 'rack'])).toMatchObject({
      ok: false,
      problems: [{ message: 'ups-0 is rack of 127.0.0.1:3493 already: give ups-1 another' }],
    });
    expect(file(['two words']).ok).toBe(false);
  });

  const itWithNut = it.skipIf(!have('upsd'));

  itWithNut(
    'upsd of Debian with its dummy driver',
    async () => {
      const at = folder();
      const probe = createServer().listen(0, '127.0.0.1');
      await new Promise((resolve) => probe.once('listening', resolve));
      const { port } = probe.address() as AddressInfo;
      await new Promise((resolve) => probe.close(resolve));
      const values = (status: string, charge: number) =>
        `ups.status: ${status}\nbattery.charge: ${charge}\nbattery.runtime: 1200\nups.load: 21\nups.model: Dummy UPS\n`;
      const put = (name: string, text: string) => writeFileSync(join(at, name), text, { mode: 0o600 });
      put('rack.dev', values('OL', 96));
      put('ups.conf', '[rack]\ndriver = dummy-ups\nport = rack.dev\nmode = dummy-loop\npollinterval = 1\n');
      put('upsd.conf', `LISTEN 127.0.0.1 ${port}\nMAXAGE 15\n`);
      put('upsd.users', '');
      chmodSync(at, 0o700);
      const env = { ...process.env, NUT_CONFPATH: at, NUT_STATEPATH: at, NUT_ALTPIDPATH: at };
      const run = (program: string, args: string[]) => {
        const child = spawn(program, args, { env, stdio: 'ignore' });
        cleanups.push(() => child.kill('SIGKILL'));
      };
      const user = process.getuid?.() === 0 ? ['-u', 'root'] : [];
      run('/lib/nut/dummy-ups', ['-a', 'rack', '-F', ...user]);
      run('/lib/nut/upsd', ['-F', ...user]);
      const told = drive(`tcp://127.0.0.1:${port}`, ['rack'], 20);
      await until('it is good', () => told.healthOf('rack-ups') === 'good', 30_000);
      expect(told.factsOf('rack-ups')).toMatchObject({ supply: 'mains', battery: 96, model: 'Dummy UPS' });
      put('rack.dev', values('OB LB', 11));
      await until('it is on battery', () => /nearly empty/.test(told.healthOf('rack-ups')), 30_000);
      expect(told.factsOf('rack-ups').supply).toBe('battery');
    },
    90_000,
  );
});
