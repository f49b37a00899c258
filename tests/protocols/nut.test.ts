import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  createNutDecoder,
  longestNutLine,
  type NutLine,
  readNutLine,
  upsStatusOf,
  writeNutVariable,
} from '#protocols/nut.ts';
import { enough } from './enough.ts';

const bytesOf = (text: string) => new TextEncoder().encode(text);
const cuts = fc.array(fc.nat(200), { maxLength: 4 });
const pieces = (bytes: Uint8Array, at: readonly number[]) => {
  const ends = [0, ...at.map((c) => c % (bytes.length + 1)).sort((a, b) => a - b), bytes.length];
  return ends.slice(1).map((end, i) => bytes.subarray(ends[i], end));
};

describe('what a UPS server says', () => {
  // RFC 9271, 4.2.4 to 4.2.7 and 5.
  it.each<[string, NutLine]>([
    ['BEGIN LIST VAR su700', { kind: 'begin', list: 'VAR su700' }],
    ['VAR su700 ups.mfr "APC"', { kind: 'variable', ups: 'su700', name: 'ups.mfr', value: 'APC' }],
    [
      'VAR su700 ups.mfr.date "10/17/96"',
      { kind: 'variable', ups: 'su700', name: 'ups.mfr.date', value: '10/17/96' },
    ],
    ['END LIST VAR su700', { kind: 'end', list: 'VAR su700' }],
    ['ERR UNKNOWN-UPS', { kind: 'error', code: 'UNKNOWN-UPS' }],
    ['ERR DATA-STALE', { kind: 'error', code: 'DATA-STALE' }],
    ['OK', { kind: 'other', words: ['OK'] }],
    [
      'VAR a ups.model "Back-UPS \\"Pro\\" \\\\ 1000"',
      { kind: 'variable', ups: 'a', name: 'ups.model', value: 'Back-UPS "Pro" \\ 1000' },
    ],
    ['VAR a ups.alarm ""', { kind: 'variable', ups: 'a', name: 'ups.alarm', value: '' }],
  ])('the answers of RFC 9271: %s', (line, said) => {
    expect(readNutLine(line)).toEqual(said);
    expect(createNutDecoder().push(bytesOf(`${line}\n`))).toEqual({ lines: [said], discarded: 0 });
  });

  it.each([
    ['OL', { onMains: true, batteryLow: false }],
    ['OL CHRG', { onMains: true }],
    ['OB DISCHRG', { onMains: false, batteryLow: false }],
    ['OB LB', { onMains: false, batteryLow: true }],
    ['OL RB', { onMains: true, replaceBattery: true }],
    ['OL OVER', { overloaded: true }],
    ['OL BYPASS', { bypassed: true }],
    ['OFF', { onMains: false, off: true }],
  ])('the status %s', (text, status) => {
    expect(upsStatusOf(text)).toMatchObject(status);
  });

  it('a status that tells of no supply is none', () => {
    expect(upsStatusOf('')).toBe(null);
    expect(upsStatusOf('WAIT')).toBe(null);
  });

  it('a variable is found behind any garbage line, in any split', () => {
    const value = fc.string({ maxLength: 40 }).map((text) => text.replaceAll(/[\n\r]/g, ' '));
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 60 }), value, cuts, (garbage, value, cuts) => {
        const decoder = createNutDecoder();
        const good = bytesOf(writeNutVariable('rack', 'ups.model', value));
        const lines = pieces(Uint8Array.of(...garbage, 0x0a, ...good), cuts).flatMap(
          (piece) => decoder.push(piece).lines,
        );
        expect(lines.at(-1)).toEqual({ kind: 'variable', ups: 'rack', name: 'ups.model', value });
      }),
      enough,
    );
  }, 120_000);

  it('any bytes in any split neither throw nor stay', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), cuts, (bytes, cuts) => {
        const decoder = createNutDecoder();
        for (const piece of pieces(bytes, cuts)) decoder.push(piece);
        expect(decoder.kept).toBeLessThanOrEqual(bytes.length);
      }),
      enough,
    );
    const decoder = createNutDecoder();
    let discarded = 0;
    for (let i = 0; i < 100; i++) discarded += decoder.push(new Uint8Array(10_000).fill(0x41)).discarded;
    expect(decoder.kept).toBeLessThanOrEqual(longestNutLine);
    expect(discarded).toBeGreaterThan(990_000);
    // The end of the line without end is no line; the next one is.
    expect(decoder.push(bytesOf('A\nERR X\n')).lines).toEqual([{ kind: 'error', code: 'X' }]);
  }, 120_000);
});
