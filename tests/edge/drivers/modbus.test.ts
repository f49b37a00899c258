import { execFileSync, spawn, type ChildProcess } from 'node:child_process';
import { afterEach, describe, expect, it } from 'vitest';
import type { Line } from '#edge/driver.ts';
import { type ModbusDevice, modbusDriver } from '#edge/drivers/modbus.ts';
import type { StreamAddress } from '#platform/ports.ts';
import { realClock } from '#platform/real/clock.ts';
import { realRandomness } from '#platform/real/randomness.ts';
import { realListening, realStreams } from '#platform/real/streams.ts';
import { type ModbusModelFile, modbusModel } from '#protocols/modbus-models/model.ts';
import { simulateModbusBus } from '#sim/modbus/bus.ts';
import { have, ptyPair, until } from '../../platform/pty.ts';
import { recorder } from './recorder.ts';

const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const clean of cleanups.splice(0).toReversed()) await clean();
});

const hasSocat = have('socat');

const smokeModel = {
  model: 'test-smoke',
  title: { zh: '烟感', en: 'Smoke' },
  kind: 'smoke',
  proof: 'generic',
  sources: ['this test'],
  values: [
    { name: 'smoke', function: 'holding', register: 3, normal: [0], alarms: [{ is: [1], raises: 'smoke' }] },
  ],
} satisfies ModbusModelFile;

/** Two contacts that are read one by one. */
const twoContacts = {
  ...smokeModel,
  values: [
    smokeModel.values[0]!,
    { name: 'heat', function: 'holding', register: 5, normal: [0], alarms: [{ is: [1], raises: 'heat' }] },
  ],
} satisfies ModbusModelFile;

const contactAt = (table: string, register: number) => ({
  ...smokeModel,
  values: [{ ...smokeModel.values[0]!, function: table, register }],
});

function sensor(unit: number, more: Record<string, unknown> = {}): ModbusDevice {
  return modbusDriver.device.parse({
    id: `smoke-${unit}`,
    driver: 'modbus',
    address: 'in the line',
    zone: 100 + unit,
    unit,
    model: smokeModel,
    poll_ms: 100,
    heartbeat_s: 0.2,
    ...more,
  });
}

function drive(address: StreamAddress, devices: ModbusDevice[], hurry = 8) {
  const told = recorder(hurry);
  const line: Line<ModbusDevice> = { address, devices };
  expect(modbusDriver.configure(line)).toEqual([]);
  const run = modbusDriver.start(told.context, line);
  cleanups.push(() => run.close());
  return told;
}

const simulated = (units: number[], model: ModbusModelFile = smokeModel) =>
  simulateModbusBus(
    { clock: realClock, random: realRandomness },
    units.map((unit) => ({ unit, model: modbusModel.parse(model) })),
  );

async function rtuBus(units: number[], model: ModbusModelFile = smokeModel) {
  const pty = await ptyPair();
  cleanups.push(pty.remove);
  const bus = simulated(units, model);
  let write: (bytes: Uint8Array) => void = () => {};
  const stream = await realStreams.open(
    { kind: 'tty', path: pty.b, baudRate: 9600 },
    bus.rtu((bytes) => write(bytes)),
  );
  write = (bytes) => stream.write(bytes);
  cleanups.push(() => stream.close());
  return { bus, pty, address: { kind: 'tty', path: pty.a, baudRate: 9600 } as const };
}

async function tcpBus(units: number[], framing: 'rtu' | 'tcp' = 'tcp') {
  const bus = simulated(units);
  const listener = await realListening.listen({ host: '127.0.0.1', port: 0 }, (stream) =>
    bus[framing]((bytes) => stream.write(bytes)),
  );
  cleanups.push(() => listener.close());
  return { bus, listener, address: { kind: 'tcp', host: '127.0.0.1', port: listener.port } as const };
}

const unitOf = (bus: ReturnType<typeof simulated>, unit: number) => bus.units.get(unit)!;

describe.runIf(hasSocat)('smoke sensors on an RTU bus', () => {
  it('smoke that is there at the start raises, and clears only after two equal readings', async () => {
    const { bus, address } = await rtuBus([1, 2]);
    unitOf(bus, 1).alarm = true;
    const told = drive(address, [sensor(1), sensor(2)]);
    await until('both levels are known', () => told.levels.length === 2);
    expect(told.levelsOf('smoke-1')).toEqual([true]);
    expect(told.levelsOf('smoke-2')).toEqual([false]);
    expect(told.lines).toEqual([{ open: true, reason: undefined }]);
    const asked = unitOf(bus, 1).asked;
    unitOf(bus, 1).alarm = false;
    await until('it clears', () => told.levelsOf('smoke-1').length === 2);
    expect(told.levelsOf('smoke-1')).toEqual([true, false]);
    expect(unitOf(bus, 1).asked - asked).toBeGreaterThanOrEqual(2);
    await until(
      'both are good',
      () => told.healthOf('smoke-1') === 'good' && told.healthOf('smoke-2') === 'good',
    );
  });

  it('an answer that comes after its time-out is not taken for the answer to the next question', async () => {
    // Two contacts of one unit: no RTU answer says which register it is of.
    const { bus, address } = await rtuBus([1], twoContacts);
    unitOf(bus, 1).alarm = true;
    unitOf(bus, 1).behaviour = { kind: 'late', ms: 700 };
    const told = drive(address, [sensor(1, { model: twoContacts })], 1);
    await until('the first is asked', () => unitOf(bus, 1).asked === 1);
    unitOf(bus, 1).alarm = false;
    unitOf(bus, 1).behaviour = { kind: 'silent' };
    await until('the second is asked', () => unitOf(bus, 1).asked === 2);
    unitOf(bus, 1).behaviour = { kind: 'answers' };
    await until('both are read', () => told.levels.length === 2);
    expect(told.levels.map((l) => l.up)).toEqual([false, false]);
  });

  it('a dead unit does not cost its neighbour its polls, and comes back by itself', async () => {
    const { bus, address } = await rtuBus([1, 2]);
    unitOf(bus, 2).behaviour = { kind: 'silent' };
    const told = drive(address, [sensor(1), sensor(2)]);
    await until('the dead one is offline', () => told.healthOf('smoke-2').startsWith('offline'), 25_000);
    expect(told.healthOf('smoke-2')).toContain('unit 2 did not answer 3 polls in a row');
    expect(told.heardCount('smoke-2')).toBe(0);
    expect(told.healthOf('smoke-1')).toBe('good');
    const before = [1, 2].map((unit) => unitOf(bus, unit).asked);
    await until('the dead one is asked again', () => unitOf(bus, 2).asked >= before[1]! + 2);
    const since = [1, 2].map((unit, i) => unitOf(bus, unit).asked - before[i]!);
    expect(since[0]!, 'polls of the neighbour for those of the dead one').toBeGreaterThan(3 * since[1]!);
    unitOf(bus, 2).behaviour = { kind: 'answers' };
    await until('it is good', () => told.healthOf('smoke-2') === 'good', 25_000);
  });

  it('broken CRCs become one sentence with the count and the remedy, and never a level', async () => {
    const { bus, address } = await rtuBus([1]);
    const told = drive(address, [sensor(1)]);
    await until('it is good', () => told.healthOf('smoke-1') === 'good');
    unitOf(bus, 1).alarm = true;
    unitOf(bus, 1).behaviour = { kind: 'damaged' };
    await until('it is at fault', () => told.healthOf('smoke-1').startsWith('fault'));
    const last = told.health.at(-1)!.health;
    expect(last).toMatchObject({
      state: 'fault',
      reason: { zh: expect.stringMatching(/\d+ 次轮询 \d+ 次 CRC 错误，检查终端电阻/) },
    });
    expect(told.levelsOf('smoke-1')).not.toContain(true);
  });

  it('a tty that is missing, vanishes and returns is told and reopened', async () => {
    const { bus, pty, address } = await rtuBus([1]);
    const missing = drive({ ...address, path: `${address.path}-missing` }, [sensor(1)]);
    await until('it is told', () => missing.lines.some((l) => !l.open && /no such tty/.test(l.reason ?? '')));
    const told = drive(address, [sensor(1)]);
    await until('it is read', () => told.healthOf('smoke-1') === 'good');
    pty.cut();
    await until('the loss is told', () => told.lines.some((l) => !l.open));
    expect(unitOf(bus, 1).asked).toBeGreaterThan(0);
  });
});

describe('smoke sensors behind TCP', () => {
  it('smoke through a Modbus TCP gateway raises and clears', async () => {
    const { bus, address } = await tcpBus([7]);
    const told = drive(address, [sensor(7)]);
    await until('the level is known', () => told.levels.length === 1);
    unitOf(bus, 7).alarm = true;
    await until('it raises', () => told.levelsOf('smoke-7').includes(true));
    unitOf(bus, 7).alarm = false;
    await until('it clears', () => told.levelsOf('smoke-7').length === 3);
    expect(told.levelsOf('smoke-7')).toEqual([false, true, false]);
  });

  it('RTU frames through a serial device server are read as on a tty', async () => {
    const { bus, address } = await tcpBus([3], 'rtu');
    unitOf(bus, 3).alarm = true;
    const told = drive(address, [sensor(3, { framing: 'rtu' })]);
    await until('it raises', () => told.levelsOf('smoke-3').includes(true));
  });

  it('an exception is named, and is proof of life', async () => {
    const { bus, address } = await tcpBus([7]);
    unitOf(bus, 7).behaviour = { kind: 'exception', code: 2 };
    const told = drive(address, [sensor(7)]);
    await until('it is at fault', () => told.healthOf('smoke-7').startsWith('fault'));
    expect(told.healthOf('smoke-7')).toContain('exception 2: illegal data address');
    expect(told.heardCount('smoke-7')).toBeGreaterThan(0);
  });

  it("a gateway's word that the unit did not answer it is no proof of life", async () => {
    const { bus, address } = await tcpBus([7]);
    unitOf(bus, 7).behaviour = { kind: 'exception', code: 11 };
    const told = drive(address, [sensor(7)]);
    await until('it is offline', () => told.healthOf('smoke-7').startsWith('offline'));
    expect(told.heardCount('smoke-7')).toBe(0);
  });

  it('a value that is neither alarm nor normal is a fault, and neither raises nor clears', async () => {
    const { bus, address } = await tcpBus([7]);
    unitOf(bus, 7).alarm = true;
    const told = drive(address, [sensor(7)]);
    await until('it raises', () => told.levels.length === 1);
    unitOf(bus, 7).set('smoke', 65_535);
    await until('it is at fault', () =>
      told.healthOf('smoke-7').includes('is 65535, neither normal (0) nor an alarm'),
    );
    expect(told.levelsOf('smoke-7')).toEqual([true]);
  });

  it('a peer that resets, stays away and returns is found again', async () => {
    const { bus, listener, address } = await tcpBus([7]);
    const told = drive(address, [sensor(7)]);
    await until('it is read', () => told.healthOf('smoke-7') === 'good');
    await listener.close();
    await until('the loss is told', () => told.lines.some((l) => /refused/.test(l.reason ?? '')));
    const heard = told.heardCount('smoke-7');
    const again = await realListening.listen({ host: '127.0.0.1', port: address.port }, (stream) =>
      bus.tcp((bytes) => stream.write(bytes)),
    );
    cleanups.push(() => again.close());
    await until('it is read again', () => told.heardCount('smoke-7') > heard);
    expect(told.lines.at(-1)).toEqual({ open: true, reason: undefined });
  });

  it('a peer that speaks something else is told as such', async () => {
    const listener = await realListening.listen({ host: '127.0.0.1', port: 0 }, (stream) => ({
      onData: () => stream.write(Buffer.from('HTTP/1.1 400 Bad Request\r\n\r\n')),
      onClose() {},
    }));
    cleanups.push(() => listener.close());
    const told = drive({ kind: 'tcp', host: '127.0.0.1', port: listener.port }, [sensor(1)]);
    await until('it is told', () => told.lines.some((l) => /does not speak Modbus TCP/.test(l.reason ?? '')));
  });

  it('a stop while a unit is silent ends within its time-out', async () => {
    const { bus, address } = await tcpBus([7]);
    unitOf(bus, 7).behaviour = { kind: 'silent' };
    const told = drive(address, [sensor(7)]);
    await until('it is asked', () => unitOf(bus, 7).asked > 0);
    await cleanups.pop()!();
    const lines = told.lines.length;
    await new Promise((resolve) => setImmediate(resolve));
    expect(told.lines.length).toBe(lines);
  });
});

describe('the configuration of smoke sensors', () => {
  const line = (devices: ModbusDevice[], address: StreamAddress): Line<ModbusDevice> => ({
    address,
    devices,
  });
  const tty: StreamAddress = { kind: 'tty', path: '/dev/ttyS2', baudRate: 4800 };

  it('the same contact twice on a bus is a mistake, two contacts of one unit are not', () => {
    const twice = [sensor(1), sensor(1, { id: 'other' })];
    expect(modbusDriver.configure(line(twice, tty))).toEqual([
      { device: 1, problem: 'unit 1, holding 3 on this bus is already smoke-1' },
    ]);
    const contacts = [sensor(1), sensor(1, { id: 'other', model: contactAt('holding', 4) })];
    expect(modbusDriver.configure(line(contacts, tty))).toEqual([]);
  });

  it('Modbus TCP on a tty, and two framings on one bus, are mistakes', () => {
    expect(modbusDriver.configure(line([sensor(1, { framing: 'tcp' })], tty))).toHaveLength(1);
    const tcp: StreamAddress = { kind: 'tcp', host: 'gateway', port: 502 };
    expect(modbusDriver.configure(line([sensor(1), sensor(2, { framing: 'rtu' })], tcp))).toHaveLength(1);
  });

  it('the broadcast address of a serial bus and an unknown key are refused', () => {
    expect(modbusDriver.configure(line([sensor(0)], tty))).toEqual([
      { device: 0, problem: 'unit 0 is the broadcast address of a serial bus: nobody answers it' },
    ]);
    expect(() => sensor(1, { registers: 3 })).toThrow(/registers/);
  });
});

const slave = `
import sys
from pymodbus.server import StartSerialServer, StartTcpServer
from pymodbus.datastore import ModbusSequentialDataBlock as B, ModbusSlaveContext as S, ModbusServerContext as C
from pymodbus.transaction import ModbusRtuFramer
def unit(smoke):
    return S(hr=B(0, [0, 0, 0, smoke, 0x4020, 0, 273, 0xff9c]), ir=B(0, [0, 0, 0, smoke]), co=B(0, [0, 0, 0, smoke]), di=B(0, [0, 0, 0, smoke]), zero_mode=True)
ctx = C(slaves={1: unit(0), 2: unit(1)}, single=False)
if sys.argv[1] == 'rtu': StartSerialServer(context=ctx, framer=ModbusRtuFramer, port=sys.argv[2], baudrate=9600, timeout=0.01)
else: StartTcpServer(context=ctx, address=('127.0.0.1', int(sys.argv[2])))
`;

const hasPymodbus = havePymodbus();
function havePymodbus(): boolean {
  return have('python3') && pythonImports('pymodbus', 'serial', 'serial_asyncio');
}

describe.runIf(hasPymodbus)("Debian's pymodbus as the slave", () => {
  const tables = ['holding', 'input', 'coil', 'discrete'] as const;
  const devices = [1, 2].flatMap((unit) =>
    tables.map((table) => sensor(unit, { id: `${table}-${unit}`, model: contactAt(table, 3) })),
  );

  const measured = {
    ...smokeModel,
    values: [
      { name: 'level', function: 'holding', register: 4, type: 'float32', unit: 'm' },
      { name: 'warm', function: 'holding', register: 6, scale: 0.1, unit: '°C' },
      { name: 'cold', function: 'holding', register: 7, type: 'i16', unit: '°C' },
    ],
  } satisfies ModbusModelFile;

  async function reads(address: StreamAddress) {
    const absent = sensor(9, { id: 'absent' });
    const wrong = sensor(1, { id: 'wrong', model: contactAt('holding', 50) });
    const many = sensor(1, { id: 'many', model: measured });
    const told = drive(address, [...devices, wrong, absent, many]);
    await until('all are read', () => devices.every((d) => told.healthOf(d.id) === 'good'), 25_000);
    await until('all levels are known', () => told.levels.length === devices.length, 25_000);
    for (const d of devices) expect(told.levelsOf(d.id)).toEqual([d.unit === 2]);
    await until('all numbers of one answer are measured', () => told.measured('cold').length > 0, 25_000);
    expect(told.factsOf('many')).toEqual({ level: 2.5, warm: 27.3, cold: -100 });
    await until('the wrong register is named', () => told.healthOf('wrong').includes('exception 2'), 25_000);
    await until('the absent unit is offline', () => told.healthOf('absent').startsWith('offline'), 25_000);
  }

  it.runIf(hasSocat)('reads the four tables over RTU, with an absent unit on the bus', async () => {
    const pty = await ptyPair();
    cleanups.push(pty.remove);
    startSlave('rtu', pty.b);
    await reads({ kind: 'tty', path: pty.a, baudRate: 9600 });
  });

  it('reads the four tables over TCP, with an absent unit behind it', async () => {
    const free = await realListening.listen({ host: '127.0.0.1', port: 0 }, () => ({
      onData() {},
      onClose() {},
    }));
    await free.close();
    startSlave('tcp', String(free.port));
    await reads({ kind: 'tcp', host: '127.0.0.1', port: free.port });
  });
});

function startSlave(...args: string[]): ChildProcess {
  const child = spawn('/usr/bin/python3', ['-c', slave, ...args], { stdio: 'ignore' });
  cleanups.push(() => child.kill('SIGKILL'));
  return child;
}

function pythonImports(...modules: string[]): boolean {
  try {
    execFileSync('/usr/bin/python3', ['-c', `import ${modules.join(', ')}`], { stdio: 'ignore' });
    return true;
  } catch {
    const install = 'apt-get install python3-pymodbus python3-serial python3-serial-asyncio';
    if (process.env.CI) throw new Error(`pymodbus is missing: ${install}`);
    console.warn(`skipped: ${install}`);
    return false;
  }
}
