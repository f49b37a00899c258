import { describe, expect, it } from 'vitest';
import { type InputSettings, inputSettings, watchInput } from '#edge/drivers/modbus/input.ts';
import { watchSensor } from '#edge/drivers/modbus/sensor.ts';
import type { Watch } from '#edge/drivers/modbus/watch.ts';
import { type ModbusModel, modbusModel } from '#protocols/modbus-models/model.ts';
import { findModel } from '#platform/modbus-models.ts';
import { Slave } from '#sim/modbus/slave.ts';
import { recorder } from './recorder.ts';

function shipped(name: string): ModbusModel {
  const found = findModel(name, { base: '.' });
  if (found.kind === 'unknown') throw new Error(`no model ${name}`);
  return found.model;
}

/** The device of a model, and what the driver's part tells of it. `look` is one poll, `at` ms. */
function bench(model: ModbusModel, watching: (context: ReturnType<typeof recorder>['context']) => Watch) {
  const told = recorder();
  const slave = new Slave(1, model);
  const watch = watching(told.context);
  const codes = { coil: 1, discrete: 2, holding: 3, input: 4 };
  function look(at = 0): number | null {
    let again: number | null = null;
    for (const { table, register, count } of watch.spans) {
      const question = [1, codes[table], register >> 8, register & 0xff, count >> 8, count & 0xff];
      const data = slave.answer(Uint8Array.from(question)).subarray(3);
      const values = Array.from({ length: count }, (_, i) =>
        codes[table] <= 2 ? (data[i >> 3]! >> (i & 7)) & 1 : (data[2 * i]! << 8) | data[2 * i + 1]!,
      );
      again = watch.take({ unit: 1, table, register, count }, values, at) ?? again;
    }
    return again;
  }
  return { ...told, slave, watch, look, complaint: () => watch.complaint()?.reason.en ?? null };
}

const sensor = (model: ModbusModel) =>
  bench(model, (context) => watchSensor(context, { id: 'it', heartbeat_s: 30, unit: 1 }, model));

describe('a sensor', () => {
  it('raises at the first reading beyond its threshold, and clears after two past its clear', () => {
    const it = sensor(shipped('combustible-gas-generic'));
    const reads = (value: number) => {
      it.slave.set('gas', value);
      it.look();
      return it.levelsOf('it');
    };
    expect(reads(3)).toEqual([]);
    expect(reads(3)).toEqual([false]);
    expect(reads(20.1)).toEqual([false, true]);
    expect(reads(17)).toEqual([false, true]);
    expect(reads(15)).toEqual([false, true]);
    expect(reads(16), 'above its clear again').toEqual([false, true]);
    expect(reads(15)).toEqual([false, true]);
    expect(reads(14)).toEqual([false, true, false]);
    expect(it.complaint()).toBeNull();
  });

  it('a probe without a reading is a fault after two, and neither raises nor clears', () => {
    const it = sensor(shipped('combustible-gas-generic'));
    it.slave.set('gas', 30);
    it.look();
    it.slave.set('gas', 6553.5);
    it.look();
    expect(it.complaint()).toBeNull();
    it.look();
    expect(it.complaint()).toContain('no reading of gas (register 0 says 65535)');
    expect(it.levelsOf('it')).toEqual([true]);
    it.slave.set('gas', 120);
    it.look();
    expect(it.complaint()).toContain('is 120, outside 0 to 110');
    expect(it.levelsOf('it')).toEqual([true]);
  });

  it('what is only a fault is said in words, and raises nothing', () => {
    const it = sensor(shipped('hydrant-pressure-generic'));
    it.slave.set('pressure', 0.05);
    it.look();
    expect(it.complaint()).toBe('Hydrant pressure is low; check valves and pumps');
    it.slave.set('pressure', 0.12);
    for (let i = 0; i < 3; i++) it.look();
    expect(it.complaint(), 'between the threshold and its clear').not.toBeNull();
    it.slave.set('pressure', 0.2);
    it.look();
    it.look();
    expect(it.complaint()).toBeNull();
    expect(it.levels).toEqual([]);
  });

  it('measures once a heartbeat, and at once when an alarm changes', () => {
    const it = sensor(shipped('jxbs-3001-co'));
    for (let at = 0; at < 60_000; at += 1000) it.look(at);
    expect(it.measured('co').length).toBe(3);
    it.slave.set('co', 150);
    it.look(60_500);
    expect(it.measures.at(-1)).toEqual({ device: 'it', field: 'co', value: 150, unit: 'ppm' });
  });

  it('two points that raise the same: one is enough, and both must clear', () => {
    const [co] = shipped('jxbs-3001-co').values;
    const model = modbusModel.parse({
      ...shipped('jxbs-3001-co'),
      values: [co, { ...co, name: 'co_2', register: 9 }],
    });
    const it = sensor(model);
    it.look();
    it.look();
    it.slave.set('co_2', 200);
    it.look();
    it.slave.set('co', 200);
    it.look();
    it.slave.set('co_2', 0);
    it.look();
    it.look();
    expect(it.levelsOf('it')).toEqual([false, true]);
    it.slave.set('co', 0);
    it.look();
    it.look();
    expect(it.levelsOf('it')).toEqual([false, true, false]);
  });

  it('a turnstile tells who passed, through a reset', () => {
    const it = sensor(shipped('turnstile-generic'));
    it.slave.set('in', 1000);
    it.look(0);
    it.slave.set('in', 1004);
    it.look(1000);
    it.slave.set('in', 2);
    it.look(2000);
    expect(it.records.map((r) => [r.kind, r.details])).toEqual([
      ['passed', { counter: 'in', people: 4, total: 1004, restarted: false }],
      ['passed', { counter: 'in', people: 2, total: 2, restarted: true }],
    ]);
  });
});

const input = (model: ModbusModel, settings: Partial<InputSettings>) =>
  bench(model, (context) =>
    watchInput(
      context,
      { id: 'it', unit: 1 },
      model.channels!,
      inputSettings.parse({ channel: 1, contact: 'gate', debounce_ms: 50, ...settings }),
    ),
  );

describe('a contact on an input module', () => {
  const module = shipped('waveshare-io-8ch');

  it('a bounce is nothing, and what lasts is a change, both ways', () => {
    const it = input(module, { contact: 'button' });
    expect(it.look(0), 'it wants to look again').toBe(50);
    it.look(50);
    expect(it.levelsOf('it')).toEqual([false]);
    it.slave.set('channel_1', 1);
    it.look(100);
    it.slave.set('channel_1', 0);
    it.look(120);
    it.look(160);
    expect(it.levelsOf('it')).toEqual([false]);
    it.slave.set('channel_1', 1);
    it.look(200);
    it.look(249);
    expect(it.levelsOf('it')).toEqual([false]);
    it.look(250);
    expect(it.levelsOf('it')).toEqual([false, true]);
    it.slave.set('channel_1', 0);
    it.look(300);
    it.look(350);
    expect(it.levelsOf('it')).toEqual([false, true, false]);
  });

  it('a normally closed loop that is cut is an alarm', () => {
    const it = input(module, { contact: 'intrusion', normally: 'closed', debounce_ms: 0, channel: 3 });
    it.slave.set('channel_3', 1);
    it.look();
    it.slave.set('channel_3', 0);
    it.look();
    expect(it.levelsOf('it')).toEqual([false, true]);
  });

  it('a gate that is open at the start is a fact, and its movements are records', () => {
    const it = input(module, { normally: 'closed', debounce_ms: 0 });
    it.look(0);
    expect(it.factsOf('it')).toMatchObject({ state: 'open' });
    expect(it.records).toEqual([]);
    it.slave.set('channel_1', 1);
    it.look(10);
    it.slave.set('channel_1', 0);
    it.look(20);
    expect(it.records.map((r) => r.kind)).toEqual(['closed', 'opened']);
    expect(it.levels).toEqual([]);
  });

  it('a fault contact is a fault with the channel to go to', () => {
    const it = input(module, { contact: 'fault', debounce_ms: 0, channel: 2 });
    it.slave.set('channel_2', 1);
    it.look();
    expect(it.complaint()).toBe(
      'Channel 2 of module 1 has its fault contact active; check the equipment behind it',
    );
  });
});

describe('a supervised loop', () => {
  const module = shipped('loop-8ai-generic');
  const bands: InputSettings['loop'] = {
    short: [0, 300],
    alarm: [800, 1400],
    normal: [1900, 2600],
    cut: [5000, 70_000],
  };

  it('tells normal, alarm, cut and short apart, and a cut clears no alarm', () => {
    const it = input(module, { contact: 'call-point', debounce_ms: 0, loop: bands });
    const at = (ohm: number) => {
      it.slave.set('channel_1', ohm);
      it.look();
      return it.complaint();
    };
    expect(at(2200)).toBeNull();
    expect(at(1100)).toBeNull();
    expect(it.levelsOf('it')).toEqual([false, true]);
    expect(at(65_535)).toContain('Channel 1 of module 1 is cut (reads 65535 Ω); check the cable');
    expect(at(12)).toContain('is shorted (reads 12 Ω)');
    expect(at(1600)).toContain('in none of its bands; compare the resistors');
    expect(it.levelsOf('it')).toEqual([false, true]);
    expect(at(2200)).toBeNull();
    expect(it.levelsOf('it')).toEqual([false, true, false]);
  });
});
