import { afterEach, describe, expect, it } from 'vitest';
import { type ModbusDevice, modbusDriver } from '#edge/drivers/modbus.ts';
import { findModel } from '#platform/modbus-models.ts';
import { realClock } from '#platform/real/clock.ts';
import { realRandomness } from '#platform/real/randomness.ts';
import { realListening } from '#platform/real/streams.ts';
import type { Behaviour } from '#sim/modbus/slave.ts';
import { simulateModbusBus } from '#sim/modbus/bus.ts';
import { until } from '../../platform/pty.ts';
import { recorder } from './recorder.ts';

const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const clean of cleanups.splice(0).toReversed()) await clean();
});

function shipped(name: string) {
  const found = findModel(name, { base: '.' });
  if (found.kind === 'unknown') throw new Error(`no model ${name}`);
  return found.model;
}

/** A bus by shipped models, as units 1, 2, …, and the driver on it; `devices` are more keys of each. */
async function campus(
  framing: 'rtu' | 'tcp',
  models: string[],
  devices: Record<string, unknown>[],
  hurry = 8,
) {
  const bus = simulateModbusBus(
    { clock: realClock, random: realRandomness },
    models.map((model, i) => ({ unit: i + 1, model: shipped(model) })),
  );
  const listener = await realListening.listen({ host: '127.0.0.1', port: 0 }, (stream) =>
    bus[framing]((bytes) => stream.write(bytes)),
  );
  cleanups.push(() => listener.close());
  const line = {
    address: { kind: 'tcp' as const, host: '127.0.0.1', port: listener.port },
    devices: devices.map((more, i) =>
      modbusDriver.device.parse({
        id: `d${i + 1}`,
        driver: 'modbus',
        address: 'in the line',
        zone: i + 1,
        unit: i + 1,
        model: shipped(models[i] ?? models[0]!),
        poll_ms: 100,
        heartbeat_s: 0.2,
        framing,
        ...more,
      }),
    ) as ModbusDevice[],
  };
  expect(modbusDriver.configure(line)).toEqual([]);
  const told = recorder(hurry);
  const run = modbusDriver.start(told.context, line);
  cleanups.push(() => run.close());
  return { told, bus, slave: (unit: number) => bus.units.get(unit)! };
}

describe('two sensors on a serial bus, one of which misbehaves', () => {
  const gas = ['combustible-gas-generic', 'combustible-gas-generic'];

  const harmless: Behaviour[] = [
    { kind: 'noise', bytes: 40 },
    { kind: 'drips', ms: 2 },
  ];
  it.each(harmless)('$kind: it is read all the same, and its alarm raises', async (behaviour) => {
    const { told, slave } = await campus('rtu', gas, [{}, {}], 2);
    await until('both are good', () => ['d1', 'd2'].every((d) => told.healthOf(d) === 'good'));
    slave(1).behaviour = behaviour;
    slave(1).alarm = true;
    await until('it raises', () => told.levelsOf('d1').includes(true));
    expect(told.levelsOf('d2')).not.toContain(true);
  });

  const damaging: Behaviour[] = [{ kind: 'damaged' }, { kind: 'loses', bytes: 1 }, { kind: 'wrong-unit' }];
  it.each(damaging)('$kind: it is at fault in words, and its neighbour stays good', async (behaviour) => {
    const { told, slave } = await campus('rtu', gas, [{}, {}]);
    await until('both are good', () => ['d1', 'd2'].every((d) => told.healthOf(d) === 'good'));
    slave(1).behaviour = behaviour;
    slave(1).alarm = true;
    await until('it is at fault', () => /^fault: .* had CRC errors/.test(told.healthOf('d1')), 30_000);
    expect(told.levelsOf('d1')).not.toContain(true);
    expect(told.healthOf('d2')).toBe('good');
    slave(2).alarm = true;
    await until('its neighbour raises', () => told.levelsOf('d2').includes(true));
  });

  it('a stuck relay no longer moves, and is read as it stands', async () => {
    const { told, slave } = await campus(
      'tcp',
      ['waveshare-io-8ch'],
      [{ input: { channel: 1, contact: 'intrusion' } }],
    );
    await until('it is read', () => told.levelsOf('d1').length === 1);
    slave(1).behaviour = { kind: 'stuck' };
    slave(1).set('channel_1', 1);
    const asked = slave(1).asked;
    await until('it is asked on', () => slave(1).asked > asked + 3);
    expect(told.levelsOf('d1')).toEqual([false]);
    expect(() => slave(1).set('channel_9', 1)).toThrow(/there are: channel_1/);
  });
});

describe('an input module', () => {
  it('one question serves all its channels, and each contact is a device', async () => {
    const module = { unit: 1, model: shipped('waveshare-io-8ch') };
    const { told, slave } = await campus(
      'rtu',
      ['waveshare-io-8ch'],
      [
        { ...module, input: { channel: 1, contact: 'button' } },
        { ...module, input: { channel: 2, contact: 'gate', normally: 'closed' } },
      ],
    );
    slave(1).set('channel_2', 1);
    await until(
      'both are known',
      () => told.healthOf('d1') === 'good' && told.factsOf('d2').state === 'closed',
    );
    slave(1).set('channel_1', 1);
    slave(1).set('channel_2', 0);
    await until('the press raises', () => told.levelsOf('d1').includes(true));
    await until('the gate is recorded', () =>
      told.records.some((r) => r.device === 'd2' && r.kind === 'opened'),
    );
    expect(told.crashes).toEqual([]);
  });
});
