import { z } from 'zod';
import type { DeviceKind } from '#protocols/messages/state.ts';
import type { ModelChannels } from '#protocols/modbus-models/model.ts';
import { channelValue, readingOf, spansOf, widthOf } from '#protocols/modbus-models/reading.ts';
import type { SignalType } from '#protocols/signal.ts';
import { type Complaint, type Watch, type WatchContext, wordsIn } from './watch.ts';

const band = z.tuple([z.number(), z.number()]).refine(([low, high]) => low <= high, 'expected [low, high]');

/** What the loop measures in each condition, in the unit of the module. The bands do not touch. */
const loop = z.strictObject({ normal: band, alarm: band, cut: band, short: band });

export const inputSettings = z.strictObject({
  channel: z.int().min(1),
  contact: z.enum([
    'button',
    'call-point',
    'fire',
    'smoke',
    'heat',
    'gas',
    'carbon-monoxide',
    'water',
    'intrusion',
    'tamper',
    'gate',
    'barrier',
    'fault',
    'state',
  ]),
  /** The contact at rest: nothing pressed, the gate shut, the barrier down. */
  normally: z.enum(['open', 'closed']).default('open'),
  /** A change counts when it has lasted so long, both ways. 0: the first reading counts. */
  debounce_ms: z.int().min(0).max(10_000).default(50),
  loop: loop.optional(),
});
export type InputSettings = z.infer<typeof inputSettings>;
type Contact = InputSettings['contact'];

const levelOf: Partial<Record<Contact, SignalType>> = {
  button: 'press',
  'call-point': 'call-point',
  fire: 'fire',
  smoke: 'smoke',
  heat: 'heat',
  gas: 'gas',
  'carbon-monoxide': 'carbon-monoxide',
  water: 'water',
  intrusion: 'intrusion',
  tamper: 'tamper',
};

/** The contacts that raise an alarm. */
export const alarmContacts: ReadonlySet<Contact> = new Set(Object.keys(levelOf) as Contact[]);

export function contactKind(contact: Contact): DeviceKind {
  switch (contact) {
    case 'button':
    case 'gate':
    case 'barrier':
    case 'smoke':
    case 'heat':
    case 'gas':
    case 'carbon-monoxide':
    case 'water':
      return contact;
    default:
      return 'input';
  }
}

/** Mistakes of a loop that no single band shows. */
export function problemsOfLoop({ loop }: InputSettings): string[] {
  if (!loop) return [];
  const bands = Object.entries(loop).sort(([, a], [, b]) => a[0] - b[0]);
  return bands.flatMap(([name, [low]], i) => {
    const before = bands[i - 1];
    return before && before[1][1] >= low ? [`${before[0]} and ${name} overlap at ${low}`] : [];
  });
}

/** `between`: in none of the bands. */
type Condition = 'rest' | 'active' | 'cut' | 'short' | 'between';

/** What hangs on one channel of an input module. */
export function watchInput(
  context: WatchContext,
  { id, unit }: { id: string; unit: number },
  channels: ModelChannels,
  settings: InputSettings,
): Watch {
  const value = channelValue(channels, settings.channel);
  let settled: Condition | null = null;
  let changing: { to: Condition; since: number } | null = null;
  let measured = 0;

  function conditionOf(words: readonly number[]): Condition {
    const reading = readingOf(value, words);
    const number = reading.kind === 'invalid' ? reading.raw : reading.value;
    if (!settings.loop) return (number !== 0) === (settings.normally === 'open') ? 'active' : 'rest';
    measured = number;
    const within = ([low, high]: readonly [number, number]) => number >= low && number <= high;
    const { normal, alarm, cut, short } = settings.loop;
    if (within(alarm)) return 'active';
    if (within(normal)) return 'rest';
    if (within(cut)) return 'cut';
    return within(short) ? 'short' : 'between';
  }

  function settle(condition: Condition, at: number): void {
    const before = settled;
    settled = condition;
    if (condition !== 'rest' && condition !== 'active') return;
    const active = condition === 'active';
    const level = levelOf[settings.contact];
    if (level) return void context.level(id, level, active, at);
    context.heard(id, { state: stateText(settings.contact, active) });
    // What it was before the first reading is not known, so the first is no event.
    if (before === null || settings.contact === 'fault') return;
    if (settings.contact === 'state') return context.record(id, 'event', { active }, at);
    context.record(id, active ? 'opened' : 'closed', {}, at);
  }

  return {
    // One read of the whole module serves all that hangs on it.
    spans: spansOf(
      Array.from({ length: channels.count }, (_, i) => channelValue(channels, i + 1)),
      100,
    ),
    take(read, values, at) {
      const words = wordsIn(read, values, value, widthOf(value));
      if (!words) return null;
      context.heard(id);
      const condition = conditionOf(words);
      if (condition === settled) {
        changing = null;
        return null;
      }
      if (changing?.to !== condition) changing = { to: condition, since: at };
      const settlesAt = changing.since + settings.debounce_ms;
      if (at < settlesAt) return settlesAt;
      changing = null;
      settle(condition, at);
      return null;
    },
    complaint() {
      const name = {
        zh: `${unit} 号模块第 ${settings.channel} 路`,
        en: `Channel ${settings.channel} of module ${unit}`,
      };
      const reads = { zh: `读到 ${measured} ${channels.unit}`, en: `reads ${measured} ${channels.unit}` };
      const sentence = (zh: string, en: string): Complaint => ({
        code: `input ${settled}`,
        reason: { zh: `${name.zh}${zh}`, en: `${name.en} ${en}` },
      });
      switch (settled) {
        case 'cut':
          return sentence(
            `断线（${reads.zh}），检查线缆和终端电阻`,
            `is cut (${reads.en}); check the cable and the end-of-line resistor`,
          );
        case 'short':
          return sentence(
            `短路（${reads.zh}），检查线缆是否压破或进水`,
            `is shorted (${reads.en}); check the cable for crushing and water`,
          );
        case 'between':
          return sentence(
            `${reads.zh}，不在任何区间内，核对电阻值`,
            `${reads.en}, which is in none of its bands; compare the resistors`,
          );
        case 'active':
          return settings.contact === 'fault'
            ? sentence(
                '的故障触点动作，检查所接设备',
                'has its fault contact active; check the equipment behind it',
              )
            : null;
        default:
          return null;
      }
    },
  };
}

function stateText(contact: Contact, active: boolean): string {
  if (contact === 'gate') return active ? 'open' : 'closed';
  if (contact === 'barrier') return active ? 'up' : 'down';
  return active ? 'active' : 'at rest';
}
