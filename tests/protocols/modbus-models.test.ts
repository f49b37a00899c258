import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { findModel, modelNames, shippedModels } from '#platform/modbus-models.ts';
import { AnswerDecoder } from '#protocols/modbus-answer.ts';
import { withCrc } from '#protocols/modbus.ts';
import { modbusModel, type ModbusModel } from '#protocols/modbus-models/model.ts';
import {
  alarmUp,
  channelValue,
  rawOf,
  readingOf,
  restOf,
  spansOf,
  widthOf,
  wordsOf,
} from '#protocols/modbus-models/reading.ts';
import { enough } from './enough.ts';

function shipped(name: string): ModbusModel {
  const found = findModel(name, { base: '.' });
  if (found.kind === 'unknown') throw new Error(`no model ${name}`);
  return found.model;
}

const codes = { coil: 1, discrete: 2, holding: 3, input: 4 };

/** What a master asks a unit of this model, in the order of its reads. */
function questions(model: ModbusModel, unit: number): string[] {
  const { channels } = model;
  const spans = channels
    ? spansOf(
        Array.from({ length: channels.count }, (_, i) => channelValue(channels, i + 1)),
        100,
      )
    : spansOf(model.values, model.join);
  return spans.map(({ table, register, count }) => {
    const bytes = [unit, codes[table], register >> 8, register & 0xff, count >> 8, count & 0xff];
    return Buffer.from(withCrc(Uint8Array.from(bytes)))
      .toString('hex')
      .toUpperCase();
  });
}

/** What the answers (as hex, CRC and all) to these questions say, by name. */
function read(model: ModbusModel, unit: number, answers: readonly string[]): Record<string, unknown> {
  const said: Record<string, unknown> = {};
  questions(model, unit).forEach((question, i) => {
    const decoder = new AnswerDecoder('rtu');
    decoder.ask(Buffer.from(question, 'hex'));
    const heard = decoder.push(Buffer.from(answers[i]!, 'hex'));
    if (heard?.kind !== 'answer') throw new Error(`${answers[i]} answers not ${question}`);
    const asked = Buffer.from(question, 'hex');
    const from = asked.readUInt16BE(2);
    const count = asked.readUInt16BE(4);
    const data = Buffer.from(heard.frame.subarray(3, -2));
    const words = Array.from({ length: count }, (_, n) =>
      asked[1]! <= 2 ? (data[n >> 3]! >> (n & 7)) & 1 : data.readUInt16BE(2 * n),
    );
    const points = model.channels
      ? Array.from({ length: model.channels.count }, (_, n) => ({
          ...channelValue(model.channels!, n + 1),
          name: `channel_${n + 1}`,
        }))
      : model.values;
    for (const point of points) {
      const at = point.register - from;
      if (codes[point.function] !== asked[1] || at < 0 || at >= count) continue;
      const reading = readingOf(point, words.slice(at, at + widthOf(point)));
      said[point.name] = reading.kind === 'value' ? reading.value : reading.kind;
    }
  });
  return said;
}

/** A frame without its CRC. */
const crc = (hex: string) =>
  Buffer.from(withCrc(Buffer.from(hex.replaceAll(' ', ''), 'hex'))).toString('hex');

interface Golden {
  unit: number;
  questions: string[];
  /** `crc(…)`: composed from the register table; a plain string is a device's own frame, as its source prints it. */
  answers: string[];
  says: Record<string, unknown>;
}

const restZero = Object.fromEntries([2, 3, 4, 5, 6, 7, 8].map((n) => [`channel_${n}`, 0]));

const golden: Record<string, Golden> = {
  // Micro Robotics RS485-TH manual: question and answer.
  'temperature-humidity-t': {
    unit: 1,
    questions: ['010300000002C40B'],
    answers: ['010304011102722A8F'],
    says: { temperature: 27.3, humidity: 62.6 },
  },
  'temperature-humidity-h': {
    unit: 1,
    questions: ['010300000002C40B'],
    answers: [crc('01 03 04 0272 ff9c')],
    says: { humidity: 62.6, temperature: -10 },
  },
  // A supplier's question; its answer is composed.
  'smoke-register-2': {
    unit: 1,
    questions: ['01030002000125CA'],
    answers: [crc('01 03 02 0001')],
    says: { smoke: 1 },
  },
  'renke-smoke': {
    unit: 1,
    questions: [crc('01 03 0003 0001')],
    answers: [crc('01 03 02 0000')],
    says: { smoke: 0 },
  },
  'ug-3-duct-smoke': {
    unit: 5,
    questions: [crc('05 02 0001 0002')],
    answers: [crc('05 02 01 02')],
    says: { service: 0, smoke: 1 },
  },
  'heat-generic': {
    unit: 2,
    questions: [crc('02 03 0000 0001')],
    answers: [crc('02 03 02 0263')],
    says: { temperature: 61.1 },
  },
  'jxbs-3001-co': {
    unit: 1,
    questions: [crc('01 03 0006 0001')],
    answers: [crc('01 03 02 04d2')],
    says: { co: 123.4 },
  },
  'combustible-gas-generic': {
    unit: 1,
    questions: [crc('01 03 0000 0001')],
    answers: [crc('01 03 02 ffff')],
    says: { gas: 'invalid' },
  },
  'leak-capacitive': {
    unit: 1,
    questions: [crc('01 03 0013 0002')],
    answers: [crc('01 03 04 00cd 0001')],
    says: { temperature: 20.5, water: 1 },
  },
  'leak-rope-generic': {
    unit: 1,
    questions: [crc('01 03 0000 0001')],
    answers: [crc('01 03 02 0002')],
    says: { water: 2 },
  },
  'schneider-rhu': {
    unit: 3,
    questions: [
      crc('03 03 00c9 0001'),
      crc('03 03 00cb 0001'),
      crc('03 03 0190 0001'),
      crc('03 03 01f4 0001'),
    ],
    answers: [crc('03 03 02 0001'), crc('03 03 02 fffe'), crc('03 03 02 012d'), crc('03 03 02 012c')],
    says: { alarm: 1, pre_alarm: 0, residual_current: 301, threshold: 300 },
  },
  'circutor-rgu-100a': {
    unit: 4,
    questions: [crc('04 02 0001 0002'), crc('04 04 0fa0 0001')],
    answers: [crc('04 02 01 01'), crc('04 04 02 0020')],
    says: { pre_alarm: 1, tripped: 0, residual_current: 32 },
  },
  'cable-temperature-generic': {
    unit: 1,
    questions: [crc('01 04 0000 0004')],
    answers: [crc('01 04 08 012c 02d0 7fff ff9c')],
    says: { cable_1: 30, cable_2: 72, cable_3: 'invalid', cable_4: -10 },
  },
  'hydrant-pressure-generic': {
    unit: 1,
    questions: [crc('01 03 0000 0001')],
    answers: [crc('01 03 02 015e')],
    says: { pressure: 0.35 },
  },
  'tank-level-generic': {
    unit: 1,
    questions: [crc('01 03 0000 0002')],
    answers: [crc('01 03 04 40200000')],
    says: { level: 2.5 },
  },
  'turnstile-generic': {
    unit: 1,
    questions: [crc('01 04 0000 0004')],
    answers: [crc('01 04 08 00010000 00000007')],
    says: { in: 65_536, out: 7 },
  },
  // Waveshare Modbus RTU IO 8CH wiki: the question; its answer is composed.
  'waveshare-io-8ch': {
    unit: 1,
    questions: ['01020000000879CC'],
    answers: [crc('01 02 01 01')],
    says: { channel_1: 1, ...restZero },
  },
  // Novabo SQR-2 manual: question and both answers.
  'novabo-sqr-2': {
    unit: 255,
    questions: ['FF02000000086C12'],
    answers: ['FF02010151A0'],
    says: { channel_1: 1, ...restZero },
  },
  'loop-8ai-generic': {
    unit: 1,
    questions: [crc('01 04 0000 0008')],
    answers: [crc('01 04 10 0898 0000 0000 0000 0000 0000 0000 0000')],
    says: { channel_1: 2200, ...restZero },
  },
};

describe('the shipped models', () => {
  const names = modelNames(shippedModels);

  it('each has a golden case, and no golden case is without its model', () => {
    expect(Object.keys(golden).sort()).toEqual(names.toSorted());
  });

  it.each(names)('%s asks and reads as its source says', (name) => {
    const model = shipped(name);
    expect(model.model).toBe(name);
    const { unit, questions: asked, answers, says } = golden[name]!;
    expect(questions(model, unit)).toEqual(asked.map((q) => q.toUpperCase()));
    expect(read(model, unit, answers)).toEqual(says);
  });

  it.each(names)('%s raises nothing on a quiet day', (name) => {
    for (const value of shipped(name).values) {
      const reading = readingOf(value, wordsOf(value, restOf(value)));
      expect(reading.kind).toBe('value');
      const measured = reading.kind === 'value' ? reading.value : NaN;
      expect(value.alarms.filter((alarm) => alarmUp(alarm, measured, false))).toEqual([]);
    }
  });

  it("the alarm answer of a real SQR-2 is the other one's only difference", () => {
    expect(read(shipped('novabo-sqr-2'), 255, ['FF0201009060']).channel_1).toBe(0);
  });
});

describe('a value of a model', () => {
  const value = (more: object) =>
    modbusModel.parse({
      ...shipped('heat-generic'),
      values: [{ name: 'x', function: 'holding', register: 0, ...more }],
    }).values[0]!;

  it('is read in each byte order', () => {
    const words = {
      abcd: [0x3f9d, 0xf3b6],
      cdab: [0xf3b6, 0x3f9d],
      badc: [0x9d3f, 0xb6f3],
      dcba: [0xb6f3, 0x9d3f],
    };
    for (const [order, sent] of Object.entries(words)) {
      expect(rawOf(value({ type: 'float32', order }), sent)).toBeCloseTo(1.234, 6);
    }
    expect(rawOf(value({ type: 'i16', order: 'dcba' }), [0xfeff])).toBe(-2);
  });

  it('what is written as registers is read back, in every type and order', () => {
    const orders = ['abcd', 'cdab', 'badc', 'dcba'] as const;
    const kinds = orders.flatMap((order) => [
      { v: value({ type: 'u16', order }), numbers: fc.integer({ min: 0, max: 0xffff }) },
      { v: value({ type: 'i16', order }), numbers: fc.integer({ min: -0x8000, max: 0x7fff }) },
      { v: value({ type: 'u32', order }), numbers: fc.integer({ min: 0, max: 0xffff_ffff }) },
      { v: value({ type: 'i32', order }), numbers: fc.integer({ min: -0x8000_0000, max: 0x7fff_ffff }) },
    ]);
    const written = fc.oneof(...kinds.map(({ v, numbers }) => fc.tuple(fc.constant(v), numbers)));
    fc.assert(
      fc.property(written, ([v, number]) => {
        if (rawOf(v, wordsOf(v, number)) !== number) throw new Error(`${v.type} ${v.order} ${number}`);
      }),
      enough,
    );
  }, 120_000);

  it('any registers are a value, none or an implausible one, and never throw', () => {
    const types = ['bit', 'u16', 'i16', 'u32', 'i32', 'float32'] as const;
    const range = { min: -1000, max: 1e6, invalid: [65_535] };
    const values = types.map((type) => value({ type, ...range, ...(type === 'bit' && { bit: 3 }) }));
    fc.assert(
      fc.property(fc.constantFrom(...values), fc.array(fc.nat(0xffff), { maxLength: 3 }), (v, words) => {
        const reading = readingOf(v, words);
        if (reading.kind === 'value' && !(reading.value >= -1000 && reading.value <= 1e6))
          throw new Error(`${v.type} reads ${reading.value}`);
      }),
      enough,
    );
  }, 120_000);

  it('NaN, an infinity and a word for "no reading" are no values, and outside its range is implausible', () => {
    const level = value({ type: 'float32' });
    expect(readingOf(level, [0x7fc0, 0]).kind).toBe('invalid');
    expect(readingOf(level, [0x7f80, 0]).kind).toBe('invalid');
    expect(readingOf(value({ invalid: [65_535] }), [65_535])).toEqual({ kind: 'invalid', raw: 65_535 });
    expect(readingOf(value({ max: 100 }), [101])).toEqual({ kind: 'implausible', value: 101 });
  });

  it('an alarm between its threshold and its clear stays as it was', () => {
    const { alarms } = value({ alarms: [{ above: 60, clear: 50, raises: 'heat' }] });
    expect([60, 61, 55, 50].map((v, i) => alarmUp(alarms[0]!, v, i > 1))).toEqual([false, true, true, false]);
    const low = value({ alarms: [{ below: 0.1, clear: 0.14, raises: 'fault' }] }).alarms[0]!;
    expect(alarmUp(low, 0.12, true)).toBe(true);
    expect(alarmUp(low, 0.12, false)).toBe(false);
  });
});

describe('which registers are read at once', () => {
  const at = (...registers: number[]) =>
    registers.map((register) => ({ function: 'holding' as const, type: 'u16' as const, register }));
  const counts = (join: number, ...registers: number[]) =>
    spansOf(at(...registers), join).map(({ register, count }) => [register, count]);

  it('those that touch, and those within `join`', () => {
    expect(counts(0, 0, 1, 3)).toEqual([
      [0, 2],
      [3, 1],
    ]);
    expect(counts(1, 3, 0, 1)).toEqual([[0, 4]]);
  });

  it('never more than a frame takes', () => {
    const spans = spansOf(at(...Array.from({ length: 300 }, (_, i) => i)), 0);
    expect(spans.map((s) => s.count)).toEqual([125, 125, 50]);
  });
});

describe('a model file that is wrong', () => {
  const wrong = (change: object) => modbusModel.safeParse({ ...shipped('heat-generic'), ...change });
  const valueWith = (more: object) =>
    wrong({ values: [{ name: 'x', function: 'holding', register: 0, ...more }] });

  it('is refused where it is wrong', () => {
    expect(wrong({ values: [] }).success).toBe(false);
    expect(wrong({ channels: { function: 'discrete', register: 0, count: 8 } }).success).toBe(false);
    expect(valueWith({ function: 'coil', type: 'u16' }).error?.issues[0]?.path).toEqual([
      'values',
      0,
      'type',
    ]);
    expect(valueWith({ type: 'bit' }).success).toBe(false);
    expect(valueWith({ register: 65_536 }).success).toBe(false);
    expect(valueWith({ scale: 0 }).success).toBe(false);
    expect(valueWith({ alarms: [{ above: 5, clear: 6, raises: 'gas' }] }).success).toBe(false);
    expect(valueWith({ alarms: [{ is: [1], raises: 'press' }] }).success).toBe(false);
    expect(valueWith({ treshold: 5 }).success).toBe(false);
  });
});
