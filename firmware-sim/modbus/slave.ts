import type { ModbusModel, ModelAlarm, RegisterTable } from '#protocols/modbus-models/model.ts';
import { alarmUp, channelValue, restOf, typeOf, widthOf, wordsOf } from '#protocols/modbus-models/reading.ts';

/**
 * What a unit does with a question. `damaged`: one byte of its answer is wrong. `noise`: so many random bytes
 * come before its answer. `loses`: so many bytes of its answer are missing. `drips`: each byte comes so many ms
 * after the one before. `wrong-unit`: it answers as its neighbour. `stuck`: its relay or probe no longer moves.
 */
export type Behaviour =
  | { kind: 'answers' }
  | { kind: 'silent' }
  | { kind: 'damaged' }
  | { kind: 'late'; ms: number }
  | { kind: 'exception'; code: number }
  | { kind: 'noise'; bytes: number }
  | { kind: 'loses'; bytes: number }
  | { kind: 'drips'; ms: number }
  | { kind: 'wrong-unit' }
  | { kind: 'stuck' };

type Value = ModbusModel['values'][number];
type Point = Pick<Value, 'function' | 'register' | 'type' | 'order' | 'scale' | 'offset' | 'invalid'> & {
  bit?: number;
};

/** A unit on the bus: the registers of its model, a hand on what it measures, and its vices. */
export class Slave {
  readonly unit: number;
  readonly model: ModbusModel;
  behaviour: Behaviour = { kind: 'answers' };
  /** Questions that it has understood, whether it answered or not. */
  asked = 0;
  readonly #points = new Map<string, Point>();
  readonly #tables = new Map<RegisterTable, Map<number, number>>();
  readonly #values = new Map<string, number>();

  constructor(unit: number, model: ModbusModel) {
    this.unit = unit;
    this.model = model;
    for (const value of model.values) {
      this.#points.set(value.name, value);
      this.set(value.name, restOf(value));
    }
    const { channels } = model;
    for (let n = 1; n <= (channels?.count ?? 0); n++) {
      this.#points.set(`channel_${n}`, channelValue(channels!, n));
      this.set(`channel_${n}`, 0);
    }
  }

  /** Names that can be set: the values of the model, or `channel_1` and so on. */
  get names(): string[] {
    return [...this.#points.keys()];
  }

  /** What it measures now, by name. */
  get values(): Record<string, number> {
    return Object.fromEntries(this.#values);
  }

  /** Sets what it measures, in the unit of its model; a stuck one does not move. Throws when there is no such value. */
  set(name: string, measured: number): void {
    const point = this.#points.get(name);
    if (!point) {
      throw new Error(`${this.model.model} has no ${name}; there are: ${this.names.join(', ')}`);
    }
    if (this.behaviour.kind === 'stuck') return;
    this.#values.set(name, measured);
    const table = this.#tables.get(point.function) ?? new Map<number, number>();
    this.#tables.set(point.function, table);
    wordsOf(point, measured).forEach((word, i) => {
      const at = point.register + i;
      const mask = typeOf(point) === 'bit' ? 1 << (point.bit ?? 0) : 0xffff;
      table.set(at, ((table.get(at) ?? 0) & ~mask) | (word & mask));
    });
  }

  /** Whether the first alarm of its model that goes to 110 is up. Setting it brings it about. */
  get alarm(): boolean {
    const found = this.#firstAlarm();
    return found !== null && alarmUp(found.alarm, this.#values.get(found.value.name)!, false);
  }

  set alarm(up: boolean) {
    const found = this.#firstAlarm();
    if (!found) throw new Error(`${this.model.model} raises no alarm`);
    this.set(found.value.name, up ? beyond(found.alarm, found.value) : restOf(found.value));
  }

  #firstAlarm(): { value: Value; alarm: ModelAlarm } | null {
    const all = this.model.values.flatMap((value) => value.alarms.map((alarm) => ({ value, alarm })));
    return all.find(({ alarm }) => alarm.raises !== 'fault') ?? all[0] ?? null;
  }

  /** Its answer to a read: unit, function and data. */
  answer(message: Uint8Array): Uint8Array {
    const [, code = 0] = message;
    const { behaviour, unit } = this;
    const exception = (number: number) => Uint8Array.of(unit, code | 0x80, number);
    if (behaviour.kind === 'exception') return exception(behaviour.code);
    const table = functions[code as keyof typeof functions];
    const registers = table && this.#tables.get(table);
    if (!registers) return exception(1);
    const from = (message[2]! << 8) | message[3]!;
    const count = (message[4]! << 8) | message[5]!;
    if (count < 1 || count > (code <= 2 ? 2000 : 125)) return exception(3);
    const words = Array.from({ length: count }, (_, i) => registers.get(from + i));
    if (!words.every((w) => w !== undefined)) return exception(2);
    if (code > 2) {
      const data = words.flatMap((word) => [word >> 8, word & 0xff]);
      return Uint8Array.of(unit, code, data.length, ...data);
    }
    const data = new Uint8Array(Math.ceil(count / 8));
    words.forEach((word, i) => (data[i >> 3]! |= (word & 1) << (i & 7)));
    return Uint8Array.of(unit, code, data.length, ...data);
  }
}

/** Modbus Application Protocol V1.1b3, 6.1 to 6.4. */
const functions = { 1: 'coil', 2: 'discrete', 3: 'holding', 4: 'input' } as const;

/** A reading at which this alarm is up. */
function beyond(alarm: ModelAlarm, value: Value): number {
  if ('is' in alarm) return alarm.is[0]!;
  const step = Math.abs(value.scale) * (widthOf(value) === 2 ? 1 : 10);
  return 'above' in alarm ? alarm.above + step : alarm.below - step;
}
