import type { Bilingual } from '#protocols/messages/bilingual.ts';
import type { ModbusModel, ModelAlarm, ModelValue, Raises } from '#protocols/modbus-models/model.ts';
import {
  alarmUp,
  isOdd,
  type Reading,
  readingOf,
  spansOf,
  typeOf,
  widthOf,
} from '#protocols/modbus-models/reading.ts';
import { countedSince } from './count.ts';
import { type Watch, type WatchContext, wordsIn } from './watch.ts';

/** One reading raises; two clear ones in a row are needed to clear, since a single one may be a late answer. */
const clearReadings = 2;
/** So many senseless readings in a row are a fault. */
const oddLimit = 2;

type Level = Exclude<Raises, 'fault'>;

interface AlarmState {
  alarm: ModelAlarm;
  /** Null: not known yet. */
  up: boolean | null;
  clear: number;
}

interface ValueState {
  value: ModelValue;
  alarms: AlarmState[];
  odd: number;
  oddReading: Reading | null;
  lastMeasured: number;
  count: { total: number; at: number } | null;
}

/** A sensor, watched by the values of its model. */
export function watchSensor(
  context: WatchContext,
  { id, heartbeat_s, unit }: { id: string; heartbeat_s: number; unit: number },
  model: ModbusModel,
): Watch {
  const states = model.values.map((value): ValueState => ({
    value,
    alarms: value.alarms.map((alarm) => ({ alarm, up: null, clear: 0 })),
    odd: 0,
    oddReading: null,
    lastMeasured: -Infinity,
    count: null,
  }));
  const levels = new Map<Level, boolean>();

  function take(state: ValueState, words: readonly number[], at: number): void {
    const { value } = state;
    const reading = readingOf(value, words);
    if (reading.kind !== 'value' || isOdd(value, reading.value)) {
      state.odd += 1;
      state.oddReading = reading;
      for (const alarm of state.alarms) alarm.clear = 0;
      context.heard(id, reading.kind === 'value' ? { [value.name]: reading.value } : {});
      return;
    }
    state.odd = 0;
    context.heard(id, { [value.name]: reading.value });
    const changed = state.alarms.map((alarm) => settle(alarm, reading.value)).some(Boolean);
    const due = at - state.lastMeasured >= heartbeat_s * 1000;
    if ((value.unit !== '' || value.counts) && (changed || due)) {
      state.lastMeasured = at;
      context.measure(id, value.name, reading.value, value.unit);
    }
    if (value.counts) count(state, reading.value, at);
  }

  function count(state: ValueState, total: number, at: number): void {
    const { value, count: last } = state;
    const counted = countedSince(last?.total ?? null, total, {
      size: typeOf(value) === 'u32' ? 2 ** 32 : 2 ** 16,
      atMostPerS: value.counts!.at_most_per_s,
      elapsedMs: at - (last?.at ?? at),
    });
    state.count = { total, at };
    if (counted.kind === 'first' || (counted.kind === 'passed' && counted.people === 0)) return;
    const restarted = counted.kind === 'restarted';
    context.record(id, 'passed', { counter: value.name, people: counted.people, total, restarted }, at);
  }

  function tellLevels(at: number): void {
    const alarms = states.flatMap((s) => s.alarms);
    for (const { alarm } of alarms) {
      const { raises } = alarm;
      if (raises === 'fault') continue;
      const same = alarms.filter((a) => a.alarm.raises === raises);
      const up = same.some((a) => a.up === true) || (same.every((a) => a.up === false) ? false : null);
      if (up === null || up === levels.get(raises)) continue;
      levels.set(raises, up);
      context.level(id, raises, up, at);
    }
  }

  return {
    spans: spansOf(model.values, model.join),
    take(read, values, at) {
      for (const state of states) {
        const words = wordsIn(read, values, state.value, widthOf(state.value));
        if (words) take(state, words, at);
      }
      tellLevels(at);
      return null;
    },
    complaint() {
      for (const state of states) {
        const { value, odd, oddReading } = state;
        if (odd >= oddLimit && oddReading) {
          return { code: `${oddReading.kind} ${value.name}`, reason: oddText(unit, value, oddReading) };
        }
      }
      for (const { value, alarms } of states) {
        const up = alarms.find((a) => a.alarm.raises === 'fault' && a.up === true);
        if (!up) continue;
        return { code: `alarm ${value.name}`, reason: up.alarm.say ?? beyondText(value, up.alarm) };
      }
      return null;
    },
  };
}

/** True when the alarm has changed. */
function settle(state: AlarmState, value: number): boolean {
  const was = state.up;
  if (alarmUp(state.alarm, value, was === true)) {
    state.up = true;
    state.clear = 0;
  } else {
    state.clear += 1;
    if (state.clear >= clearReadings) state.up = false;
  }
  return state.up !== was;
}

function oddText(
  unit: number,
  { name, register, normal, min, max }: ModelValue,
  reading: Reading,
): Bilingual {
  if (reading.kind === 'invalid') {
    return {
      zh: `${unit} 号单元的 ${name}（寄存器 ${register}）没有读数（${reading.raw}），检查探头及其接线`,
      en: `Unit ${unit} has no reading of ${name} (register ${register} says ${reading.raw}); check the probe and its wires`,
    };
  }
  const { value } = reading;
  if (reading.kind === 'implausible') {
    return {
      zh: `${unit} 号单元的 ${name}（寄存器 ${register}）读到 ${value}，超出 ${min ?? '−∞'} 至 ${max ?? '∞'}，核对型号、字节顺序和探头`,
      en: `Unit ${unit} says that ${name} (register ${register}) is ${value}, outside ${min ?? '−∞'} to ${max ?? '∞'}; compare model and byte order, and check the probe`,
    };
  }
  return {
    zh: `${unit} 号单元的 ${name}（寄存器 ${register}）读到 ${value}，既不是正常值 ${normal?.join('、')} 也不是报警值，核对型号的寄存器表`,
    en: `Unit ${unit} says that ${name} (register ${register}) is ${value}, neither normal (${normal?.join(', ')}) nor an alarm value; compare with the register table of its model`,
  };
}

function beyondText({ name, unit }: ModelValue, alarm: ModelAlarm): Bilingual {
  const limit = 'is' in alarm ? alarm.is.join(', ') : 'above' in alarm ? alarm.above : alarm.below;
  const [zh, en] =
    'is' in alarm ? ['为', 'is'] : 'above' in alarm ? ['高于', 'is above'] : ['低于', 'is below'];
  return { zh: `${name} ${zh} ${limit} ${unit}`.trimEnd(), en: `${name} ${en} ${limit} ${unit}`.trimEnd() };
}
