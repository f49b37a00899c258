import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createCardDecoder } from '#protocols/card-frames/decoder.ts';
import { cardFormat, type CardFormat, shapes } from '#protocols/card-frames/format.ts';
import { enough } from './enough.ts';

const formats = cardFormat.options;
/** Formats whose frames hold a checksum. */
const checked: CardFormat[] = ['id-12', 'rdm6300', 'cn-binary'];

/** Frames as their makers print them, and the number that stands on the card. */
const golden: [CardFormat, string, string, string, string][] = [
  [
    'id-12',
    'ID-12 data sheet, page 4, with its CR LF',
    '0230313030363345394145323 50D0A03',
    '0006547886',
    '010063E9AE',
  ],
  ['rdm6300', 'a card printed 0013530444', '02 334330304345373534434342 03', '0013530444', '3C00CE754C'],
  ['wie232-a', 'Wiegand-26, 99,59822', '363345394145 0D', '0006547886', '63E9AE'],
  ['s4a', 'S4A: 0x1E256', '30303030313233343738 0D0A', '0000123478', '0000123478'],
  ['cn-binary', 'length, type, serial number, BCC', '020A02 06008E6D5D B003', '0009334109', '06008E6D5D'],
];
const bytesOf = (hex: string) => Uint8Array.from(Buffer.from(hex.replaceAll(' ', ''), 'hex'));

const pieces = (bytes: Uint8Array, cuts: readonly number[]) => {
  const at = [0, ...cuts.map((c) => c % (bytes.length + 1)).sort((a, b) => a - b), bytes.length];
  return at.slice(1).map((end, i) => bytes.subarray(at[i], end));
};
const cuts = fc.array(fc.nat(80), { maxLength: 4 });
const frameOf = (format: CardFormat) => golden.find(([f]) => f === format)!;

describe('the frames of card readers', () => {
  it.each(golden)('%s: %s', (format, _source, hex, number, raw) => {
    const read = createCardDecoder(format).push(bytesOf(hex));
    expect(read).toEqual({ cards: [{ number, raw }], discarded: 0, badChecks: 0 });
    expect(Buffer.from(shapes[format].encode(raw))).toEqual(Buffer.from(bytesOf(hex)));
  });

  it('a serial number that holds STX and ETX is read by its length', () => {
    const frame = shapes['cn-binary'].encode('0203020302');
    expect(createCardDecoder('cn-binary').push(frame).cards[0]!.raw).toBe('0203020302');
  });

  it.each(checked)('%s: one wrong bit makes no other card of it', (format) => {
    const frame = bytesOf(frameOf(format)[2]);
    for (let bit = 0; bit < 8; bit++) {
      const broken = frame.map((byte, i) => (i === 5 ? byte ^ (1 << bit) : byte));
      const { cards } = createCardDecoder(format).push(broken);
      // A small hex digit is the same digit.
      expect(cards.filter((card) => card.raw !== frameOf(format)[4])).toEqual([]);
    }
    const other = frame.map((byte, i) => (i === 5 ? byte ^ 1 : byte));
    expect(createCardDecoder(format).push(other).badChecks).toBe(1);
  });

  it('a line without a checksum that is a digit too long or too short is no card', () => {
    const read = (format: CardFormat, text: string) =>
      createCardDecoder(format).push(new TextEncoder().encode(text)).cards.length;
    expect([
      read('wie232-a', '763E9AE\r'),
      read('wie232-a', '3E9AE\r'),
      read('wie232-a', '63E9AE\r'),
    ]).toEqual([0, 0, 1]);
    expect([read('s4a', '90000123478\r\n'), read('s4a', '000123478\r\n')]).toEqual([0, 0]);
    expect(read('s4a', '9999999999\r\n')).toBe(0);
  });

  it.each(formats)(
    '%s: any bytes in any split neither throw nor stay',
    (format) => {
      fc.assert(
        fc.property(fc.uint8Array({ maxLength: 80 }), cuts, (bytes, cuts) => {
          const decoder = createCardDecoder(format);
          for (const piece of pieces(bytes, cuts)) decoder.push(piece);
          if (decoder.kept >= shapes[format].longest) throw new Error(`${decoder.kept} bytes are kept`);
        }),
        enough,
      );
    },
    120_000,
  );

  it.each(formats)(
    '%s: a card is found after any garbage, in any split',
    (format) => {
      const [, , hex, number] = frameOf(format);
      // Near frames are the harder garbage: STX, lengths, digits, line ends.
      const byte = fc.oneof(fc.nat(255), fc.constantFrom(0x02, 0x03, 0x0a, 0x0b, 0x0c, 0x0d, 0x30, 0x46));
      fc.assert(
        fc.property(fc.array(byte, { maxLength: 60 }), cuts, (garbage, cuts) => {
          // Without a checksum only a line end or another sign tells digits of noise from those of the card.
          const apart = checked.includes(format) ? [] : [0x0d];
          const decoder = createCardDecoder(format);
          const stream = Uint8Array.of(...garbage, ...apart, ...bytesOf(hex));
          const cards = pieces(stream, cuts).flatMap((piece) => decoder.push(piece).cards);
          if (cards.at(-1)?.number !== number) throw new Error('not found');
        }),
        enough,
      );
    },
    120_000,
  );
});
