import { afterEach, describe, expect, it } from 'vitest';
import { parseEdgeConfig } from '#edge/config.ts';
import { gatewayOver } from '#edge/drivers/gateway.ts';
import {
  cellularOf,
  readMachine,
  type ReadPart,
  type Readings,
  wifiOf,
} from '#edge/drivers/gateway/readings.ts';
import { drivers } from '#edge/drivers/index.ts';
import { until } from '../../platform/pty.ts';
import { recorder } from './recorder.ts';

const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const clean of cleanups.splice(0).toReversed()) await clean();
});

const well: Readings = {
  cpuPercent: 7,
  memoryPercent: 40,
  diskFreePercent: 55.55,
  temperatureC: 51,
  battery: { percent: 98, onMains: true },
  clockSynchronised: true,
  wifi: null,
  cellular: null,
};

/** A machine that says what the test wants it to. */
function machine(said: Readings): ReadPart {
  return Object.fromEntries(
    Object.keys(said).map((part) => [part, async () => said[part as keyof Readings]]),
  ) as unknown as ReadPart;
}

function watch(parts: ReadPart, hurry = 1) {
  const driver = gatewayOver(parts);
  const device = driver.device.parse({
    id: 'box',
    driver: 'gateway',
    address: 'local:',
    poll_s: 5,
    disk: '/tmp',
  });
  const told = recorder(hurry);
  const run = driver.start(told.context, { address: { kind: 'local' }, devices: [device] });
  cleanups.push(() => run.close());
  return told;
}

describe('the gateway as a device', () => {
  it('tells what it measures of itself, and that it is well', async () => {
    const told = watch(machine(well));
    await until('it has told', () => told.health.length > 0);
    expect(told.healthOf('box')).toBe('good');
    const measured = Object.fromEntries(
      told.measures.map(({ field, value, unit }) => [field, `${value} ${unit}`]),
    );
    expect(measured).toEqual({
      cpu: '7 %',
      memory: '40 %',
      disk_free: '55.6 %',
      temperature: '51 °C',
      battery: '98 %',
    });
    expect(told.factsOf('box')).toEqual({ supply: 'mains', clock_synchronised: true, unreadable: '' });
  });

  const faults: [string, Partial<Readings>, RegExp][] = [
    ['the disk fills', { diskFreePercent: 9.9 }, /disk \/tmp has 9\.9 % left: make room/],
    ['it is hot', { temperatureC: 86 }, /processor is at 86 °C: check its fan/],
    ['the mains fail', { battery: { percent: 61, onMains: false } }, /no mains .* \(61 % left\)/],
    ['memory runs out', { memoryPercent: 96 }, /memory is 96 % used/],
    ['its clock runs free', { clockSynchronised: false }, /clock is not synchronised: check NTP/],
  ];
  it.each(faults)(
    '%s: a sentence for a technician, in both languages, until it is over',
    async (_, change, words) => {
      const said = { ...well, ...change };
      const told = watch(machine(said), 1000);
      await until('it is at fault', () => told.healthOf('box').startsWith('fault'));
      expect(told.healthOf('box')).toMatch(words);
      expect(told.health[0]!.health).toMatchObject({ reason: { zh: expect.stringMatching(/^网关/) } });
      Object.assign(said, well);
      await until('it is over', () => told.healthOf('box') === 'good');
    },
  );

  it('just inside its limits is well', async () => {
    const told = watch(machine({ ...well, diskFreePercent: 10, temperatureC: 85, memoryPercent: 95 }));
    await until('it has told', () => told.health.length > 0);
    expect(told.healthOf('box')).toBe('good');
  });

  it('a part that fails and a part that hangs hide no other, and what hangs is not asked again', async () => {
    let asked = 0;
    const told = watch(
      {
        ...machine({ ...well, memoryPercent: 99 }),
        temperatureC: () => Promise.reject(new Error('no sensor')),
        battery: () => (asked++, new Promise(() => {})),
      },
      1000,
    );
    await until('two rounds', () => told.heardCount('box') >= 2);
    expect(told.healthOf('box')).toMatch(/memory is 99 %/);
    expect(told.factsOf('box').unreadable).toBe('battery: no answer; temperatureC: no sensor');
    expect(told.measured('cpu').length).toBeGreaterThanOrEqual(2);
    expect(asked).toBe(1);
    expect(told.crashes).toEqual([]);
  });

  it('this machine can be read', async () => {
    const told = watch(readMachine);
    await until('it has told', () => told.health.length > 0, 30_000);
    for (const field of ['cpu', 'memory', 'disk_free']) {
      const [value] = told.measured(field);
      expect(value).toBeGreaterThan(0);
      expect(value).toBeLessThanOrEqual(100);
    }
    expect(told.factsOf('box').unreadable).toBe('');
  }, 60_000);

  it('Wi-Fi is read from the table of the kernel, and is not there where the table is empty', () => {
    const head = `Inter-| sta-|   Quality        |   Discarded packets               | Missed | WE
 face | tus | link level noise |  nwid  crypt   frag  retry   misc | beacon | 22
`;
    expect(wifiOf(head)).toBeNull();
    expect(
      wifiOf(`${head} wlan0: 0000   49.  -61.  -256        0      0      0      0      3        0\n`),
    ).toEqual({
      interface: 'wlan0',
      qualityPercent: 70,
      signalDbm: -61,
    });
  });

  it('the signal of a modem is read from what ModemManager prints', () => {
    const printed = {
      modem: { generic: { state: 'connected', 'signal-quality': { recent: 'yes', value: '67' } } },
    };
    expect(cellularOf(JSON.stringify(printed))).toEqual({ qualityPercent: 67, state: 'connected' });
    expect(cellularOf('')).toBeNull();
    expect(() => cellularOf('{"modem":{}}')).toThrow();
  });

  it("in the edge's file it is at local:, once", () => {
    const parse = (...addresses: string[]) => {
      const devices = addresses.map((address, i) => ({ id: `box-${i}`, driver: 'gateway', address }));
      const parsed = parseEdgeConfig(
        { campus: 'school', gateway: 'gate', account: '1100', devices },
        drivers,
      );
      return parsed.ok ? [] : parsed.problems.map((p) => p.message);
    };
    expect(parse('local:')).toEqual([]);
    expect(parse('local:', 'local:')).toEqual(['this machine is box-0 already']);
    expect(parse('tcp://127.0.0.1:1')).toEqual([expect.stringMatching(/it takes local/)]);
  });
});
