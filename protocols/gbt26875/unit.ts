import { little, type Reader, reader, timeBytes } from './bytes.ts';
import { maxUnitBytes, type WireTime } from './frame.ts';
import { decodeText, type TextEncoding } from './text.ts';

/** `text`: 31 bytes of GB 18030. `long-text`: a length in one byte, and as many bytes of it. */
interface Fields {
  u8: number;
  u16: number;
  i16: number;
  u32: number;
  time: WireTime;
  text: string;
  'long-text': string;
}
type Field = keyof Fields;
const widths = { u8: 1, u16: 2, i16: 2, u32: 4, time: 6, text: 31, 'long-text': 1 } as const;

const system = { system: 'u8', address: 'u8' } as const;
const component = { ...system, componentType: 'u8', component: 'u32' } as const;
const history = { count: 'u8', since: 'time' } as const;
const reserved = { reserved: 'u8' } as const;

/** Clause 8: the number of each type, and what one of its objects has. */
const layouts = {
  // Up: the fire systems behind the transmission device.
  'system-state': { code: 1, fields: { ...system, state: 'u16', time: 'time' } },
  'component-state': { code: 2, fields: { ...component, state: 'u16', text: 'text', time: 'time' } },
  analogue: { code: 3, fields: { ...component, quantity: 'u8', value: 'i16', time: 'time' } },
  operation: { code: 4, fields: { ...system, operations: 'u8', operator: 'u8', time: 'time' } },
  version: { code: 5, fields: { ...system, major: 'u8', minor: 'u8' } },
  configuration: { code: 6, fields: { ...system, text: 'long-text' } },
  'component-configuration': { code: 7, fields: { ...component, text: 'text' } },
  time: { code: 8, fields: { ...system, time: 'time' } },
  // Up: the transmission device itself.
  'device-state': { code: 21, fields: { state: 'u8', time: 'time' } },
  'device-operation': { code: 24, fields: { operations: 'u8', operator: 'u8', time: 'time' } },
  'device-version': { code: 25, fields: { major: 'u8', minor: 'u8' } },
  'device-configuration': { code: 26, fields: { text: 'long-text' } },
  'device-time': { code: 28, fields: { time: 'time' } },
  // Down: reads of the former, and what the transmission device is told.
  'read-system-state': { code: 61, fields: system },
  'read-component-state': { code: 62, fields: component },
  'read-analogue': { code: 63, fields: component },
  'read-operations': { code: 64, fields: { ...system, ...history } },
  'read-version': { code: 65, fields: system },
  'read-configuration': { code: 66, fields: system },
  'read-component-configuration': { code: 67, fields: component },
  'read-time': { code: 68, fields: system },
  'read-device-state': { code: 81, fields: reserved },
  'read-device-operations': { code: 84, fields: history },
  'read-device-version': { code: 85, fields: reserved },
  'read-device-configuration': { code: 86, fields: reserved },
  'read-device-time': { code: 88, fields: reserved },
  initialise: { code: 89, fields: reserved },
  'set-clock': { code: 90, fields: { time: 'time' } },
  /** 查岗: how many minutes somebody has to answer. */
  'duty-poll': { code: 91, fields: { minutes: 'u8' } },
} as const satisfies Record<string, { code: number; fields: Record<string, Field> }>;

type Layouts = typeof layouts;
export type UnitType = keyof Layouts;
export const unitTypes = Object.keys(layouts) as UnitType[];

export type ObjectOf<T extends UnitType> = {
  -readonly [F in keyof Layouts[T]['fields']]: Layouts[T]['fields'][F] extends Field
    ? Fields[Layouts[T]['fields'][F]]
    : never;
};
/** An application data unit (clause 8): objects of one type. */
export type Unit =
  | { [T in UnitType]: { type: T; objects: ObjectOf<T>[] } }[UnitType]
  /** 128 to 254: the maker's own. */
  | { type: 'user'; code: number; bytes: Uint8Array };

export type ParsedUnit = { ok: true; unit: Unit } | { ok: false; problem: 'unknown-type' | 'too-short' };

export function fieldsOf(type: UnitType): Readonly<Record<string, Field>> {
  return layouts[type].fields;
}

/** How many objects of this type fit into a unit: 102, 22 and 63 of types 1, 2 and 3, as the standard has them. */
export function mostObjects(type: UnitType): number {
  return Math.min(255, Math.floor((maxUnitBytes - 2) / sizeOf(type)));
}

/** The least that one object takes, bytes. */
function sizeOf(type: UnitType): number {
  return Object.values(fieldsOf(type)).reduce((sum, field) => sum + widths[field], 0);
}

/** Reads a unit that is not empty. Bytes behind its last object are let be: devices fill up. */
export function parseUnit(bytes: Uint8Array): ParsedUnit {
  const r = reader(bytes);
  if (r.left < 2) return { ok: false, problem: 'too-short' };
  const code = r.u8();
  if (code >= 128 && code <= 254) return { ok: true, unit: { type: 'user', code, bytes: bytes.slice(1) } };
  const type = unitTypes.find((name) => layouts[name].code === code);
  if (type === undefined) return { ok: false, problem: 'unknown-type' };
  const count = r.u8();
  const objects: Record<string, unknown>[] = [];
  for (let i = 0; i < count; i += 1) {
    const object = parseObject(r, type);
    if (object === null) return { ok: false, problem: 'too-short' };
    objects.push(object);
  }
  return { ok: true, unit: { type, objects } as Unit };
}

function parseObject(r: Reader, type: UnitType): Record<string, unknown> | null {
  if (r.left < sizeOf(type)) return null;
  const object: Record<string, unknown> = {};
  for (const [name, field] of Object.entries(fieldsOf(type))) {
    if (field === 'long-text') {
      const length = r.u8();
      if (r.left < length) return null;
      object[name] = decodeText(r.bytes(length));
    } else object[name] = field === 'text' ? decodeText(r.bytes(widths.text)) : r[field]();
  }
  return object;
}

/** The bytes of a unit. Throws where it has more objects than fit; `encodeText` is asked only where there is text. */
export function encodeUnit(unit: Unit, encodeText?: TextEncoding): Uint8Array {
  if (unit.type === 'user') return Uint8Array.of(unit.code, ...unit.bytes);
  const { code } = layouts[unit.type];
  const fields = fieldsOf(unit.type);
  const objects: Record<string, unknown>[] = unit.objects;
  const bytes = objects.flatMap((object) =>
    Object.entries(fields).flatMap(([name, field]) => fieldBytes(field, object[name], encodeText)),
  );
  if (objects.length > 255 || bytes.length + 2 > maxUnitBytes) {
    throw new Error(`${objects.length} objects of ${unit.type} are more than fit into a unit`);
  }
  return Uint8Array.of(code, objects.length, ...bytes);
}

function fieldBytes(field: Field, value: unknown, encodeText?: TextEncoding): number[] {
  if (field === 'time') return timeBytes(value as WireTime);
  if (field !== 'text' && field !== 'long-text') return little(value as number, widths[field]);
  const text = value as string;
  if (field === 'text') {
    const spaces = Array.from({ length: widths.text }, () => 0x20);
    const full = text === '' ? spaces : textEncoding(encodeText)(text, widths.text);
    // A zero ends it where there is room, as the example of the standard has it.
    return full.at(-1) === 0x20 ? full.with(widths.text - 1, 0) : full;
  }
  if (text === '') return [0];
  // Without what fills it up: the length says where it ends.
  const full = textEncoding(encodeText)(text, 255);
  const used = full.findLastIndex((byte) => byte !== 0x20) + 1;
  return [used, ...full.slice(0, used)];
}

function textEncoding(given: TextEncoding | undefined): TextEncoding {
  if (!given) throw new Error('a unit with text needs an encoding');
  return given;
}
