import { z } from 'zod';
import { bilingual } from '../messages/bilingual.ts';
import { deviceKind } from '../messages/state.ts';
import { id } from '../signal.ts';

/** The four tables of Modbus that can be read, and so the function codes 03, 04, 01 and 02. */
export const registerTable = z.enum(['holding', 'input', 'coil', 'discrete']);
export type RegisterTable = z.infer<typeof registerTable>;

/** What a value can raise: a level that goes to 110, or only a fault of the device. */
const raises = z.enum([
  'fire',
  'smoke',
  'heat',
  'gas',
  'carbon-monoxide',
  'intrusion',
  'tamper',
  'water',
  'fault',
]);
export type Raises = z.infer<typeof raises>;

const alarmBase = z.strictObject({
  raises,
  /** What people read when it raises a fault. */
  say: bilingual.optional(),
});

/** Alarm while the value is one of `is`, or beyond a threshold until it is back past `clear`. */
const modelAlarm = z.union([
  alarmBase.extend({ is: z.array(z.number()).min(1) }),
  alarmBase
    .extend({ above: z.number(), clear: z.number() })
    .refine((a) => a.clear <= a.above, { path: ['clear'], error: 'expected at most `above`' }),
  alarmBase
    .extend({ below: z.number(), clear: z.number() })
    .refine((a) => a.clear >= a.below, { path: ['clear'], error: 'expected at least `below`' }),
]);
export type ModelAlarm = z.infer<typeof modelAlarm>;

/** Byte order of a value as the bytes come in, `a` the most significant; the middle two are word-swapped. */
const order = z.enum(['abcd', 'cdab', 'badc', 'dcba']);
const numberType = z.enum(['u16', 'i16', 'u32', 'i32', 'float32', 'bit']);
export type NumberType = z.infer<typeof numberType>;

const scaled = z.strictObject({
  function: registerTable,
  /** Left out: `u16` of a register, `bit` of a coil or discrete input. */
  type: numberType.optional(),
  order: order.default('abcd'),
  /** What is measured is raw × scale + offset, in `unit`. */
  scale: z
    .number()
    .refine((s) => s !== 0, 'expected another number than 0')
    .default(1),
  offset: z.number().default(0),
  unit: z.string().max(12).default(''),
});

const modelValue = scaled
  .extend({
    name: z.string().regex(/^[a-z][a-z0-9_]{0,40}$/, 'use a-z, 0-9 and _, beginning with a letter'),
    /** As in the frame, counted from 0: 40001 of a manual is holding register 0. */
    register: z.int().min(0).max(65_535),
    /** Of type `bit` in a register: which one, 0 the least significant. */
    bit: z.int().min(0).max(15).optional(),
    /** Raw numbers that mean "no reading". */
    invalid: z.array(z.number()).default([]),
    /** What the sensor can measure; a reading outside is a fault, never an alarm. */
    min: z.number().optional(),
    max: z.number().optional(),
    /** Of a value that is a state: what it reads when all is well. Neither this nor an alarm is a fault. */
    normal: z.array(z.number()).min(1).optional(),
    alarms: z.array(modelAlarm).default([]),
    /** It counts people who pass, and never more than so many a second. */
    counts: z.strictObject({ at_most_per_s: z.number().positive().default(5) }).optional(),
    /** What it reads on a quiet day, for the simulator. Left out: the first of `normal`, or 0. */
    rest: z.number().optional(),
  })
  .superRefine((value, context) => {
    const wrong = (path: string, message: string) =>
      context.addIssue({ code: 'custom', path: [path], message });
    const single = value.function === 'coil' || value.function === 'discrete';
    if (single && value.type !== undefined && value.type !== 'bit') {
      wrong('type', `a ${value.function} is one bit: leave type out`);
    }
    if (single && value.bit !== undefined) wrong('bit', `a ${value.function} is one bit: leave bit out`);
    if (!single && value.type === 'bit' && value.bit === undefined)
      wrong('type', 'expected `bit`: 0 to 15 as well');
    if (value.bit !== undefined && !single && value.type !== 'bit')
      wrong('bit', 'expected `type: bit` as well');
    if (value.min !== undefined && value.max !== undefined && value.min > value.max)
      wrong('min', 'expected at most max');
    if (value.counts && !['u16', 'u32', undefined].includes(value.type))
      wrong('counts', 'expected type u16 or u32');
    if (value.counts && value.scale !== 1) wrong('counts', 'expected scale 1: a counter counts people');
  });
export type ModelValue = z.infer<typeof modelValue>;

/** The inputs of a module, all of one make: contacts (coil, discrete), or measured loops with resistors. */
const modelChannels = scaled.extend({
  /** Of channel 1. */
  register: z.int().min(0).max(65_535),
  count: z.int().min(1).max(64),
  /** True: bits of one register, channel 1 the lowest, instead of a register for each channel. */
  packed: z.boolean().default(false),
  /** How many registers a channel is after the one before. */
  step: z.int().min(1).max(16).default(1),
  invalid: z.array(z.number()).default([]),
});
export type ModelChannels = z.infer<typeof modelChannels>;

/**
 * A model: what a kind of device says in which register. It is data, so that a new sensor needs no code; see
 * `docs/modbus-models.md`.
 */
export const modbusModel = z
  .strictObject({
    model: id,
    title: bilingual,
    kind: deviceKind,
    /** `frames`: bytes of a real device are known; `manual`: its register table; `generic`: neither, try it first. */
    proof: z.enum(['frames', 'manual', 'generic']),
    sources: z.array(z.string()).min(1),
    /** As it leaves the factory, for who sets up the bus. */
    serial: z
      .strictObject({
        baud: z.int(),
        parity: z.enum(['none', 'even', 'odd']).default('none'),
        stop: z.union([z.literal(1), z.literal(2)]).default(1),
        unit: z.int().min(0).max(255).optional(),
      })
      .optional(),
    /** Values that lie at most so many registers apart are read with one question; what lies between must exist. */
    join: z.int().min(0).max(100).default(0),
    values: z.array(modelValue).default([]),
    channels: modelChannels.optional(),
  })
  .superRefine((model, context) => {
    const wrong = (path: (string | number)[], message: string) =>
      context.addIssue({ code: 'custom', path, message });
    if (model.values.length > 0 === (model.channels !== undefined)) {
      wrong(['model'], 'expected either `values` (a sensor) or `channels` (an input module)');
    }
    const names = new Set<string>();
    model.values.forEach(({ name }, i) => {
      if (names.has(name)) wrong(['values', i, 'name'], `expected another name: there is a ${name} already`);
      names.add(name);
    });
  });
export type ModbusModel = z.infer<typeof modbusModel>;
/** A model as it is written in a file. */
export type ModbusModelFile = z.input<typeof modbusModel>;

/** Whether a device of this model raises anything that goes to 110. */
export function raisesAlarms(model: ModbusModel): boolean {
  return model.values.some(({ alarms }) => alarms.some(({ raises }) => raises !== 'fault'));
}
