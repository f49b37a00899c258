import { afterEach, describe, expect, it } from 'vitest';
import { parseEdgeConfig } from '#edge/config.ts';
import { type FirePanelDevice, firePanelDriver } from '#edge/drivers/fire-panel.ts';
import type { DeviceAddress } from '#edge/drivers/address.ts';
import { realClock } from '#platform/real/clock.ts';
import { realRandomness } from '#platform/real/randomness.ts';
import { realListening, realStreams } from '#platform/real/streams.ts';
import { createFirePanel } from '#sim/fire-panel/unit.ts';
import { have, ptyPair, until } from '../../platform/pty.ts';
import { recorder } from './recorder.ts';

const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const clean of cleanups.splice(0).toReversed()) await clean();
});

const centre = 88888;
const device = (more: Record<string, unknown> = {}) =>
  firePanelDriver.device.parse({
    id: 'panel',
    driver: 'fire-panel',
    address: 'in the line',
    zone: 1,
    source: 889,
    ...more,
  });
const smoke = (more: Record<string, unknown> = {}) =>
  device({ id: 'smoke', zone: 2, component: { type: 40, address: '10-2' }, ...more });
const smokeAt = 0x0002000a;

function drive(address: DeviceAddress, devices: FirePanelDevice[], hurry = 1) {
  const told = recorder(hurry);
  expect(firePanelDriver.configure({ address, devices })).toEqual([]);
  const run = firePanelDriver.start(told.context, { address, devices });
  cleanups.push(() => {
    told.stop();
    return run.close();
  });
  return { told, run };
}

async function freePort(): Promise<number> {
  const listener = await realListening.listen({ host: '127.0.0.1', port: 0 }, () => ({
    onData() {},
    onClose() {},
  }));
  await listener.close();
  return listener.port;
}

/** The edge listens; panels by source dial in. */
async function campus(devices = [device(), smoke()], hurry = 1) {
  const port = await freePort();
  const { told, run } = drive({ kind: 'listen', host: '127.0.0.1', port }, devices, hurry);
  await until('it listens', () => told.lines.some((l) => l.open));
  async function dialIn(source = 889, clock = realClock) {
    const panel = createFirePanel({ clock, random: realRandomness }, { source, centre });
    let write: (bytes: Uint8Array) => void = () => {};
    const events = panel.over((bytes) => write(bytes));
    const stream = await realStreams.open({ kind: 'tcp', host: '127.0.0.1', port }, events);
    write = (bytes) => stream.write(bytes);
    cleanups.push(() => {
      panel.close();
      stream.close();
    });
    return { panel, stream };
  }
  return { told, run, dialIn };
}

describe('a transmission device that dials in', () => {
  it('has its clock set, its heartbeats confirmed, and is good', async () => {
    const { told, dialIn } = await campus();
    const { panel } = await dialIn();
    panel.heartbeat();
    await until('its clock is set', () => panel.seen.clock !== null);
    await until('it is good', () => told.healthOf('panel') === 'good' && told.healthOf('smoke') === 'good');
    expect(told.crashes).toEqual([]);
  });

  it('a fire is confirmed when it is durable, and not before', async () => {
    const { told, dialIn } = await campus();
    const disk = Promise.withResolvers<void>();
    told.durableWhen(disk.promise);
    const { panel } = await dialIn();
    panel.component(40, smokeAt, 2, '教学楼二层走廊');
    await until('it raises', () => told.levels.some((l) => l.up));
    // Its denial would come after a confirmation that was given at once.
    panel.behave({ wrongChecksum: true });
    panel.report({ type: 'device-version', objects: [{ major: 1, minor: 1 }] });
    await until('a later frame is denied', () => panel.seen.denied >= 1);
    expect(panel.seen.confirmed).toBe(0);
    expect(told.levels.filter((l) => l.up)).toEqual([{ device: 'smoke', type: 'smoke', up: true }]);
    disk.resolve();
    await until('the fire is confirmed', () => panel.seen.confirmed === 1);
    const [record] = told.records.filter((r) => r.kind === 'component');
    expect(record).toMatchObject({
      device: 'smoke',
      details: { text: '教学楼二层走廊', component: '10-2', fire: true },
    });
  });

  it('a copy is answered again and not done twice', async () => {
    const { told, dialIn } = await campus();
    const { panel } = await dialIn();
    panel.behave({ copies: 3 });
    panel.component(40, smokeAt, 2);
    await until('it is confirmed', () => panel.seen.confirmed === 1);
    panel.behave({ copies: 0 });
    panel.component(40, smokeAt, 1);
    await until('it is over', () => told.levelsOf('smoke').includes(false));
    expect(told.levelsOf('smoke')).toEqual([true, false]);
    expect(told.records.filter((r) => r.kind === 'component')).toHaveLength(2);
  });

  it('a fire of a component that is not in the file raises on the device itself, and a reset ends it', async () => {
    const { told, dialIn } = await campus();
    const { panel } = await dialIn();
    panel.component(23, 7, 2);
    await until('it raises', () => told.levels.some((l) => l.up));
    expect(told.levels.filter((l) => l.up)).toEqual([{ device: 'panel', type: 'call-point', up: true }]);
    panel.operate('device', 1);
    await until('it is over', () =>
      told.levels.some((l) => l.device === 'panel' && l.type === 'call-point' && !l.up),
    );
    panel.component(23, 7, 2);
    await until('it raises again', () => told.levels.filter((l) => l.up).length === 2);
  });

  it('a wrong checksum is denied, and the frame behind it is taken', async () => {
    const { dialIn } = await campus();
    const { panel } = await dialIn();
    panel.behave({ wrongChecksum: true });
    panel.component(40, smokeAt, 2);
    await until('it is denied', () => panel.seen.denied === 1);
    panel.behave({ wrongChecksum: false, noiseBytes: 40, dripMs: 1 });
    panel.component(40, smokeAt, 2);
    await until('it is confirmed', () => panel.seen.confirmed === 1);
  });

  it('mains, battery and a cut line are said in words, and are over when they are', async () => {
    const { told, dialIn } = await campus();
    const { panel } = await dialIn();
    panel.state(0b101_1001);
    await until('three faults', () => told.healthOf('panel').includes('fire panel is broken'));
    expect(told.healthOf('panel')).toMatch(/^fault: .*mains.*battery.*cable/);
    expect(told.healthOf('smoke')).toBe('good');
    panel.component(40, smokeAt, 4);
    await until('the point is at fault', () => told.healthOf('smoke').includes('10-2 reports a fault'));
    panel.state(1);
    await until('it is good', () => told.healthOf('panel') === 'good');
  });

  it('measures, operations and versions come through', async () => {
    const { told, dialIn } = await campus();
    const { panel } = await dialIn();
    const where = { system: 1, address: 1, componentType: 40, component: smokeAt };
    const time = { second: 1, minute: 2, hour: 3, day: 4, month: 5, year: 26 };
    panel.report({ type: 'analogue', objects: [{ ...where, quantity: 3, value: -215, time }] });
    panel.operate('system', 2, 9);
    panel.report({ type: 'device-version', objects: [{ major: 2, minor: 7 }] });
    await until('all are confirmed', () => panel.seen.confirmed === 3);
    expect(told.measures).toEqual([{ device: 'smoke', field: 'temperature', value: -21.5, unit: '°C' }]);
    expect(told.records.find((r) => r.kind === 'operation')?.details).toMatchObject({
      what: 'mute',
      operator: 9,
    });
    expect(told.factsOf('panel')).toMatchObject({ firmware: '2.7' });
  });

  it('a duty poll is answered, or nobody was there', async () => {
    const { told, run, dialIn } = await campus([device({ heartbeat_s: 86_400 })], 200);
    await expect(run.act!('panel', { do: 'duty-poll', minutes: 1 })).rejects.toThrow(/not connected/);
    const { panel } = await dialIn();
    panel.heartbeat();
    await until('it is here', () => panel.seen.clock !== null);
    const answered = await run.act!('panel', { do: 'duty-poll', minutes: 5 });
    expect(answered).toMatchObject({ facts: { answered: true, minutes: 5 } });
    panel.behave({ answersDuty: false });
    const missed = await run.act!('panel', { do: 'duty-poll', minutes: 1 });
    expect(missed).toMatchObject({ facts: { answered: false }, detail: 'nobody answered within 1 minutes' });
    expect(told.records.filter((r) => r.kind === 'duty-poll')).toHaveLength(2);
  }, 30_000);

  it('one that says nothing on an open connection is offline, and its neighbour is not', async () => {
    const two = [device({ heartbeat_s: 1 }), device({ id: 'other', zone: 3, source: 890, heartbeat_s: 1 })];
    const { told, dialIn } = await campus(two);
    const [dead, alive] = [await dialIn(889), await dialIn(890)];
    dead.panel.heartbeat();
    const beating = setInterval(() => alive.panel.heartbeat(), 200);
    cleanups.push(() => clearInterval(beating));
    await until('both are good', () => ['panel', 'other'].every((d) => told.healthOf(d) === 'good'));
    dead.panel.behave({ silent: true });
    await until('one is offline', () => told.healthOf('panel').startsWith('offline'));
    await until('it is hung up on', () => !dead.panel.seen.connected);
    expect(told.health.filter((h) => h.device === 'other').map((h) => h.health.state)).toEqual(['good']);
  }, 30_000);

  it('a device that is not in the file is not confirmed, and people are told', async () => {
    const { told, dialIn } = await campus();
    const { panel } = await dialIn(4711);
    panel.component(40, smokeAt, 2);
    await until('it is told', () => told.healthOf('panel').includes('4711'));
    expect(panel.seen.confirmed).toBe(0);
    expect(told.levels).toEqual([]);
  });
});

describe('on a serial line', () => {
  it.runIf(have('socat'))('a fire comes through lost bytes and noise', async () => {
    const pty = await ptyPair();
    cleanups.push(pty.remove);
    const { told } = drive({ kind: 'tty', path: pty.a, baudRate: 9600 }, [device(), smoke()]);
    const hurried = {
      ...realClock,
      after: (ms: number, then: () => void) => realClock.after(ms / 50, then),
    };
    const panel = createFirePanel({ clock: hurried, random: realRandomness }, { source: 889, centre });
    let write: (bytes: Uint8Array) => void = () => {};
    const events = panel.over((bytes) => write(bytes));
    const stream = await realStreams.open({ kind: 'tty', path: pty.b, baudRate: 9600 }, events);
    write = (bytes) => stream.write(bytes);
    cleanups.push(() => {
      panel.close();
      stream.close();
    });
    await until('the line is open', () => told.lines.some((l) => l.open));
    panel.behave({ noiseBytes: 30, lostBytes: 0.004 });
    const again = setInterval(() => panel.component(40, smokeAt, 2), 500);
    cleanups.push(() => clearInterval(again));
    await until('it raises and is confirmed', () => panel.seen.confirmed > 0);
    expect(told.levels.find((l) => l.up)).toEqual({ device: 'smoke', type: 'smoke', up: true });
  });
});

describe('the file', () => {
  const mistakes = (...devices: Record<string, unknown>[]) => {
    const parsed = parseEdgeConfig(
      {
        campus: 'c',
        gateway: 'g',
        account: '1234',
        devices: devices.map((d) => ({ driver: 'fire-panel', ...d })),
      },
      [firePanelDriver],
    );
    return parsed.ok ? [] : parsed.problems.map((p) => p.message).join(' | ');
  };
  const panel = { id: 'p', address: 'listen://127.0.0.1:5000', source: 889, zone: 1 };

  it('is right, and names its mistakes', () => {
    expect(mistakes(panel)).toEqual([]);
    expect(mistakes({ ...panel, address: 'listen://0.0.0.0:5000' })).toMatch(/allow/);
    expect(mistakes({ ...panel, address: 'listen://0.0.0.0:5000', allow: ['10.0.0.7'] })).toEqual([]);
    expect(mistakes(panel, { ...panel, id: 'q', zone: 2 })).toMatch(/source 889 is already p/);
    const point = { ...panel, id: 's', zone: 2, component: { type: 40, address: '10-2' } };
    expect(mistakes(panel, point)).toEqual([]);
    expect(mistakes({ ...point, source: 5 })).toMatch(/no transmission device with source 5/);
    expect(mistakes(panel, { ...point, component: { type: 40, address: '10/2' } })).toMatch(
      /zone-number|Invalid/,
    );
  });
});
