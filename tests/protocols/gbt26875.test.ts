import * as fc from 'fast-check';
import iconv from 'iconv-lite';
import { describe, expect, it } from 'vitest';
import { componentText } from '#protocols/gbt26875/codes.ts';
import { createFrameDecoder } from '#protocols/gbt26875/decoder.ts';
import { encodeFrame } from '#protocols/gbt26875/encode.ts';
import { type Frame, maxFrameBytes } from '#protocols/gbt26875/frame.ts';
import { decodeText, gb18030Encoding } from '#protocols/gbt26875/text.ts';
import { chinaOffsetMinutes, instantOf, wireTime } from '#protocols/gbt26875/time.ts';
import {
  encodeUnit,
  fieldsOf,
  mostObjects,
  parseUnit,
  type Unit,
  unitTypes,
} from '#protocols/gbt26875/unit.ts';
import { enough } from './enough.ts';

const bytesOf = (hex: string) => Uint8Array.from(Buffer.from(hex.replaceAll(' ', ''), 'hex'));
const up = '790300000000 385B01000000';
const down = '385B01000000 790300000000';
const at = { second: 2, minute: 0x3a, hour: 9, day: 26, month: 9, year: 12 };

/** Frames of clauses 6 and 8 as a public transcription of the standard has them, of 2012-09-26, 09:58; none is of our making. */
const golden: [string, string, Frame['command'], Unit | null][] = [
  [
    'smoke detector 2 of zone 10 is in fire',
    `40400100 0101 203A091A090C ${up} 3000 02 0201 01 01 28 0A000200 0200 ${'20'.repeat(30)}00 023A091A090C 46 2323`,
    'send',
    {
      type: 'component-state',
      objects: [
        { system: 1, address: 1, componentType: 40, component: 0x0002000a, state: 2, text: '', time: at },
      ],
    },
  ],
  ['confirm', `40400100 0101 233A091A090C ${down} 0000 03 AB 2323`, 'confirm', null],
  ['deny', `40400100 0101 233A091A090C ${down} 0000 06 AE 2323`, 'deny', null],
  [
    'mains fault of the transmission device',
    `40400100 0101 203A091A090C ${up} 0900 02 1501 08 023A091A090C 42 2323`,
    'send',
    { type: 'device-state', objects: [{ state: 8, time: at }] },
  ],
  [
    'duty poll answered',
    `40400100 0101 203A091A090C ${up} 0A00 02 1801 2001 023A091A090C 5F 2323`,
    'send',
    { type: 'device-operation', objects: [{ operations: 0x20, operator: 1, time: at }] },
  ],
  [
    'version 1.1 of the transmission device',
    `40400100 0101 203A091A090C ${up} 0400 02 1901 0101 C7 2323`,
    'send',
    { type: 'device-version', objects: [{ major: 1, minor: 1 }] },
  ],
  [
    'time of the transmission device',
    `40400100 0101 203A091A090C ${up} 0800 02 1C01 023A091A090C 40 2323`,
    'send',
    { type: 'device-time', objects: [{ time: at }] },
  ],
  [
    'read its state',
    `40400100 0101 203A091A090C ${down} 0300 04 5101 00 FE 2323`,
    'request',
    { type: 'read-device-state', objects: [{ reserved: 0 }] },
  ],
  [
    'read its version',
    `40400100 0101 203A091A090C ${down} 0300 04 5501 00 02 2323`,
    'request',
    { type: 'read-device-version', objects: [{ reserved: 0 }] },
  ],
  [
    'initialise it',
    `40400100 0101 203A091A090C ${down} 0300 01 5901 00 03 2323`,
    'control',
    { type: 'initialise', objects: [{ reserved: 0 }] },
  ],
  [
    'set its clock',
    `40400100 0101 203A091A090C ${down} 0800 01 5A01 023A091A090C 7D 2323`,
    'control',
    { type: 'set-clock', objects: [{ time: at }] },
  ],
  [
    'duty poll, 10 minutes',
    `40400100 0101 203A091A090C ${down} 0300 01 5B01 0A 0F 2323`,
    'control',
    { type: 'duty-poll', objects: [{ minutes: 10 }] },
  ],
];

const u8 = fc.nat(255);
const u32 = fc.nat(0xffff_ffff);
const time = fc.record({ second: u8, minute: u8, hour: u8, day: u8, month: u8, year: u8 });
const address = fc.nat(2 ** 48 - 1);
const frame: fc.Arbitrary<Frame> = fc.record({
  serial: fc.nat(0xffff),
  version: fc.record({ main: u8, user: u8 }),
  time,
  source: address,
  destination: address,
  command: fc.oneof(
    fc.constantFrom('control', 'send', 'confirm', 'request', 'answer', 'deny'),
    fc.integer({ min: 128, max: 255 }),
  ),
  unit: fc.uint8Array({ maxLength: 60 }),
}) as fc.Arbitrary<Frame>;
const encoding = gb18030Encoding();
const text = fc
  .array(fc.constantFrom(...'教学楼二层东侧走廊烟感手动按钮ABC019-/'), { maxLength: 15 })
  .map((characters) => characters.join(''));
const values = {
  u8,
  u16: fc.nat(0xffff),
  i16: fc.integer({ min: -0x8000, max: 0x7fff }),
  u32,
  time,
  text,
  'long-text': text,
};
const unit = fc
  .constantFrom(...unitTypes)
  .chain((type) =>
    fc
      .array(
        fc.record(
          Object.fromEntries(Object.entries(fieldsOf(type)).map(([name, field]) => [name, values[field]])),
        ),
        { maxLength: Math.min(4, mostObjects(type)) },
      )
      .map((objects) => ({ type, objects }) as unknown as Unit),
  );

/** Noise that looks like frames: marks, short lengths, halves of frames. */
const noise = fc
  .array(
    fc.oneof(
      fc.uint8Array({ maxLength: 12 }),
      fc.constantFrom(...['4040', '40', '2323', '404001000101'].map(bytesOf)),
      frame.chain((f) => fc.nat(25).map((cut) => encodeFrame(f).subarray(0, cut))),
    ),
    { maxLength: 3 },
  )
  .map((parts) => Uint8Array.from(parts.flatMap((part) => [...part])));

const joined = (...parts: Uint8Array[]) => Uint8Array.from(parts.flatMap((part) => [...part]));

describe('GB/T 26875.3', () => {
  it.each(golden)('%s', (_, hex, command, expected) => {
    const bytes = bytesOf(hex);
    const { frames, discarded } = createFrameDecoder().push(bytes, 7);
    expect(discarded).toBe(0);
    expect(frames).toHaveLength(1);
    const [{ frame, firstByteAt }] = frames as [(typeof frames)[0]];
    expect(firstByteAt).toBe(7);
    expect(frame).toMatchObject({ serial: 1, version: { main: 1, user: 1 }, command });
    expect([frame.source, frame.destination].toSorted((a, b) => a - b)).toEqual([889, 88888]);
    expect(encodeFrame(frame)).toEqual(bytes);
    if (expected === null) return expect(frame.unit).toHaveLength(0);
    expect(parseUnit(frame.unit)).toEqual({ ok: true, unit: expected });
    expect(encodeUnit(expected)).toEqual(frame.unit);
  });

  it('so many objects fit as clause 8 says', () => {
    expect((['system-state', 'component-state', 'analogue'] as const).map(mostObjects)).toEqual([
      102, 22, 63,
    ]);
    const objects = Array.from({ length: 103 }, () => ({ system: 1, address: 1, state: 1, time: at }));
    expect(() => encodeUnit({ type: 'system-state', objects })).toThrow(/more than fit/);
    expect(encodeUnit({ type: 'system-state', objects: objects.slice(1) })).toHaveLength(1022);
  });

  it.each([
    ['a wrong checksum', (b: Uint8Array) => b.with(b.length - 3, b.at(-3)! ^ 1), 'checksum'],
    ['a wrong end', (b: Uint8Array) => b.with(b.length - 1, 0x24), 'end-mark'],
    ['a unit of 1025 bytes', (b: Uint8Array) => b.with(24, 1).with(25, 4), 'too-long'],
    [
      'a reserved command',
      (b: Uint8Array) => b.with(26, 7).with(b.length - 3, (b.at(-3)! + 5) & 255),
      'unknown-command',
    ],
  ] as const)('%s names whom to deny, and hides nothing behind it', (_, spoil, reason) => {
    const good = bytesOf(golden[3]![1]);
    const { frames, rejected } = createFrameDecoder().push(joined(spoil(good), good), 0);
    expect(frames).toHaveLength(1);
    expect(rejected).toEqual([
      { reason, serial: 1, source: 889, destination: 88888, version: { main: 1, user: 1 } },
    ]);
  });

  it('a time is the wall clock of the campus, and what no calendar has is none', () => {
    expect(instantOf(at, chinaOffsetMinutes)).toBe(Date.UTC(2012, 8, 26, 1, 58, 2));
    expect(wireTime(Date.UTC(2012, 8, 26, 1, 58, 2), chinaOffsetMinutes)).toEqual(at);
    for (const wrong of [{ month: 0 }, { month: 13 }, { day: 31 }, { hour: 24 }, { second: 60 }]) {
      expect(instantOf({ ...at, ...wrong }, chinaOffsetMinutes)).toBeNull();
    }
  });

  it('text is GB 18030 as another library has it, and is cut between characters', () => {
    const place = '教学楼二层东侧走廊烟感〇号①';
    expect(decodeText(Uint8Array.from(iconv.encode(`${place}  `, 'gb18030')))).toBe(place);
    expect(decodeText(Uint8Array.from(iconv.encode('𠮷', 'gb18030')))).toBe('𠮷');
    expect(Uint8Array.from(encoding(place, 40))).toEqual(
      Uint8Array.from(iconv.encode(place.padEnd(40 - 13), 'gb18030').subarray(0, 40)),
    );
    expect(decodeText(Uint8Array.from(encoding(place.repeat(2), 31)))).toBe(place.repeat(2).slice(0, 15));
    expect(decodeText(Uint8Array.of(0x41, 0xff, 0, 0x42))).toBe('A\ufffd');
  });

  it('a component is written as zone and number', () => {
    expect(componentText(0x0002000a)).toBe('10-2');
  });

  it('a good frame is found behind any noise, in any split', () => {
    fc.assert(
      fc.property(noise, frame, fc.array(fc.nat(200), { maxLength: 4 }), (before, good, cuts) => {
        const bytes = joined(before, encodeFrame(good));
        const decoder = createFrameDecoder();
        const ends = [...cuts.map((c) => Math.min(c, bytes.length)), bytes.length].toSorted((a, b) => a - b);
        let from = 0;
        const found: Frame[] = [];
        for (const end of ends) {
          found.push(...decoder.push(bytes.subarray(from, end), 0).frames.map((f) => f.frame));
          from = end;
        }
        expect(found.at(-1)).toEqual(good);
      }),
      enough,
    );
  }, 240_000);

  it('no bytes throw, and every byte is of a frame, thrown away and counted, or among the few that are kept', () => {
    fc.assert(
      fc.property(fc.array(fc.oneof(noise, fc.uint8Array({ maxLength: 40 })), { maxLength: 4 }), (pushes) => {
        const decoder = createFrameDecoder();
        let pushed = 0;
        let told = 0;
        for (const bytes of pushes) {
          pushed += bytes.length;
          const { frames, discarded } = decoder.push(bytes, 0);
          told += discarded;
          for (const { frame } of frames) {
            told += encodeFrame(frame).length;
            parseUnit(frame.unit);
          }
          expect(pushed - told).toBeLessThan(maxFrameBytes);
        }
      }),
      enough,
    );
  }, 240_000);

  it('any unit comes back as it went', () => {
    fc.assert(
      fc.property(unit, (given) => {
        expect(parseUnit(encodeUnit(given, encoding))).toEqual({ ok: true, unit: given });
      }),
      enough,
    );
  }, 240_000);

  it('any bytes are a unit or none, and never throw', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 80 }), (bytes) => {
        const parsed = parseUnit(bytes);
        expect(parsed.ok || ['unknown-type', 'too-short'].includes(parsed.problem)).toBe(true);
      }),
      enough,
    );
  }, 240_000);
});
