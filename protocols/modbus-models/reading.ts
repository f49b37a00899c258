import type { ModelAlarm, ModelChannels, ModelValue, NumberType, RegisterTable } from './model.ts';

type Scaled = Pick<ModelValue, 'function' | 'type' | 'order' | 'scale' | 'offset' | 'invalid'> &
  Partial<Pick<ModelValue, 'bit' | 'min' | 'max'>>;

export type Reading =
  | { kind: 'value'; value: number }
  /** The device's own word for "no reading", or a number that is none. */
  | { kind: 'invalid'; raw: number }
  /** Outside what the sensor can measure. */
  | { kind: 'implausible'; value: number };

export function typeOf({ function: table, type }: Pick<ModelValue, 'function' | 'type'>): NumberType {
  return type ?? (table === 'coil' || table === 'discrete' ? 'bit' : 'u16');
}

/** Registers (or bits, of a coil or discrete input) that a value takes. */
export function widthOf(value: Pick<ModelValue, 'function' | 'type'>): 1 | 2 {
  const type = typeOf(value);
  return type === 'u32' || type === 'i32' || type === 'float32' ? 2 : 1;
}

/** Where each byte goes, by the order's name. Each of these undoes itself. */
const swaps = { abcd: [0, 1, 2, 3], cdab: [2, 3, 0, 1], badc: [1, 0, 3, 2], dcba: [3, 2, 1, 0] } as const;

function ordered(bytes: DataView, order: ModelValue['order']): DataView {
  const sorted = new DataView(new ArrayBuffer(bytes.byteLength));
  const pair = bytes.byteLength === 2;
  const swap = pair ? swaps[order].map((i) => i % 2).slice(0, 2) : swaps[order];
  swap.forEach((from, to) => sorted.setUint8(to, bytes.getUint8(from)));
  return sorted;
}

/** The number that these registers (or this bit) hold, before scale and offset. */
export function rawOf(value: Scaled, words: readonly number[]): number {
  const [first = 0, second = 0] = words;
  const type = typeOf(value);
  if (type === 'bit') return (first >> (value.bit ?? 0)) & 1;
  const bytes = new DataView(new ArrayBuffer(2 * widthOf(value)));
  bytes.setUint16(0, first);
  if (bytes.byteLength === 4) bytes.setUint16(2, second);
  const number = ordered(bytes, value.order);
  switch (type) {
    case 'u16':
      return number.getUint16(0);
    case 'i16':
      return number.getInt16(0);
    case 'u32':
      return number.getUint32(0);
    case 'i32':
      return number.getInt32(0);
    case 'float32':
      return number.getFloat32(0);
  }
}

/** What the sensor says, by its model. `words` are as many registers as `widthOf` says. */
export function readingOf(value: Scaled, words: readonly number[]): Reading {
  const raw = rawOf(value, words);
  if (!Number.isFinite(raw) || value.invalid.includes(raw)) return { kind: 'invalid', raw };
  const measured = rounded(raw * value.scale + value.offset);
  if (measured < (value.min ?? -Infinity) || measured > (value.max ?? Infinity)) {
    return { kind: 'implausible', value: measured };
  }
  return { kind: 'value', value: measured };
}

/** Without the dust of binary fractions: 273 × 0.1 is 27.3. */
function rounded(value: number): number {
  return Number(value.toPrecision(12));
}

/** The registers that hold `measured`: what a device of this model would answer. Out of range saturates. */
export function wordsOf(value: Scaled, measured: number): number[] {
  const type = typeOf(value);
  const exact = (measured - value.offset) / value.scale;
  if (type === 'bit') return [exact === 0 ? 0 : 1 << (value.bit ?? 0)];
  const bytes = new DataView(new ArrayBuffer(2 * widthOf(value)));
  const whole = (low: number, high: number) => Math.max(low, Math.min(high, Math.round(exact)));
  switch (type) {
    case 'u16':
      bytes.setUint16(0, whole(0, 0xffff));
      break;
    case 'i16':
      bytes.setInt16(0, whole(-0x8000, 0x7fff));
      break;
    case 'u32':
      bytes.setUint32(0, whole(0, 0xffff_ffff));
      break;
    case 'i32':
      bytes.setInt32(0, whole(-0x8000_0000, 0x7fff_ffff));
      break;
    case 'float32':
      bytes.setFloat32(0, exact);
      break;
  }
  const sent = ordered(bytes, value.order);
  return widthOf(value) === 2 ? [sent.getUint16(0), sent.getUint16(2)] : [sent.getUint16(0)];
}

/** Whether the alarm is up, given what it was: between a threshold and its `clear` it stays. */
export function alarmUp(alarm: ModelAlarm, value: number, wasUp: boolean): boolean {
  if ('is' in alarm) return alarm.is.includes(value);
  if ('above' in alarm) return value > alarm.above || (wasUp && value > alarm.clear);
  return value < alarm.below || (wasUp && value < alarm.clear);
}

/** A state that its model does not know: neither normal nor an alarm. */
export function isOdd({ normal, alarms }: ModelValue, value: number): boolean {
  if (normal === undefined || normal.includes(value)) return false;
  return !alarms.some((alarm) => alarmUp(alarm, value, false));
}

/** What a value reads on a quiet day. */
export function restOf({ rest, normal, offset }: ModelValue): number {
  return rest ?? normal?.[0] ?? offset;
}

/** Channel `n` (from 1) of an input module, as a value of its own. */
export function channelValue(channels: ModelChannels, n: number): Scaled & { register: number } {
  const { packed, step, register } = channels;
  if (packed)
    return { ...channels, type: 'bit', bit: (n - 1) % 16, register: register + Math.floor((n - 1) / 16) };
  return { ...channels, register: register + (n - 1) * step };
}

export interface Span {
  table: RegisterTable;
  register: number;
  count: number;
}

/** Largest reads: 125 registers, 2000 bits (Modbus Application Protocol V1.1b3, 6.1 to 6.4). */
const longest = { holding: 125, input: 125, coil: 2000, discrete: 2000 };

/** The reads that cover these values: what lies at most `join` registers apart is read at once. */
export function spansOf(
  values: readonly Pick<ModelValue, 'function' | 'type' | 'register'>[],
  join: number,
): Span[] {
  const spans: Span[] = [];
  for (const value of values.toSorted((a, b) => a.register - b.register)) {
    const end = value.register + widthOf(value);
    const open = spans.findLast((s) => s.table === value.function);
    if (
      open &&
      value.register <= open.register + open.count + join &&
      end - open.register <= longest[open.table]
    ) {
      open.count = Math.max(open.count, end - open.register);
    } else spans.push({ table: value.function, register: value.register, count: widthOf(value) });
  }
  return spans;
}
