import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { ContactIdEvent } from '#protocols/contact-id.ts';
import { createPanelDecoder } from '#protocols/panel-printer/decoder.ts';
import { panelFormat, type PanelFormat, panelShapes } from '#protocols/panel-printer/format.ts';
import { enough } from './enough.ts';

const bytesOf = (text: string) => Uint8Array.from([...text].map((c) => c.charCodeAt(0)));
const dc4 = '\x14';

const golden: [PanelFormat, string, string, ContactIdEvent & { of: 'zone' | 'user' | null }][] = [
  [
    'surgard-mlr2',
    'the form of the Sur-Gard MLR2-DG manual, page 39, with a blank after the line',
    `5011 181234E13001015${dc4}`,
    { account: '1234', qualifier: 1, code: '130', partition: 1, zone: 15, of: null },
  ],
  [
    'surgard-mlr2',
    'a sender that writes the qualifier as a digit',
    `5011 181234312001015${dc4}`,
    { account: '1234', qualifier: 3, code: '120', partition: 1, zone: 15, of: null },
  ],
  [
    'ademco-685',
    'Honeywell MX8000 manual, 8.5.4',
    '\n11 1234 18 E130 01 C015\r',
    { account: '1234', qualifier: 1, code: '130', partition: 1, zone: 15, of: 'zone' },
  ],
  [
    'ademco-685',
    'a user closes (arms)',
    '\n11 1234 18 R401 01 U003\r',
    { account: '1234', qualifier: 3, code: '401', partition: 1, zone: 3, of: 'user' },
  ],
];

const pieces = (bytes: Uint8Array, cuts: readonly number[]) => {
  const at = [0, ...cuts.map((c) => c % (bytes.length + 1)).sort((a, b) => a - b), bytes.length];
  return at.slice(1).map((end, i) => bytes.subarray(at[i], end));
};
const cuts = fc.array(fc.nat(120), { maxLength: 4 });

describe('the automation ports of alarm panels', () => {
  it.each(golden)('%s: %s', (format, _source, text, { of, ...event }) => {
    const { messages, discarded } = createPanelDecoder(format).push(bytesOf(text));
    expect(messages).toMatchObject([{ kind: 'event', event, of }]);
    expect(discarded).toBe(0);
  });

  it('the heartbeat of Sur-Gard is no event, and what is written is read again', () => {
    const { heartbeat, encode } = panelShapes['surgard-mlr2'];
    expect(String.fromCharCode(...heartbeat!)).toBe(`1011           @    ${dc4}`);
    expect(createPanelDecoder('surgard-mlr2').push(heartbeat!).messages).toMatchObject([
      { kind: 'heartbeat' },
    ]);
    const event = { account: 'AB12', qualifier: 6, code: '602', partition: 99, zone: 999 } as const;
    expect(createPanelDecoder('surgard-mlr2').push(encode(event, 'zone')).messages).toMatchObject([
      { event },
    ]);
    const other = panelShapes['ademco-685'].encode(event, 'user');
    expect(createPanelDecoder('ademco-685').push(other).messages).toMatchObject([{ event, of: 'user' }]);
  });

  it('a line of another format is told as that, and not taken for noise', () => {
    const { messages } = createPanelDecoder('surgard-mlr2').push(bytesOf(`S011[#1234|NBA01]${dc4}`));
    expect(messages).toEqual([{ kind: 'other', text: 'S011[#1234|NBA01]' }]);
  });

  it.each(panelFormat.options)(
    '%s: any bytes in any split neither throw nor stay',
    (format) => {
      fc.assert(
        fc.property(fc.uint8Array({ maxLength: 130 }), cuts, (bytes, cuts) => {
          const decoder = createPanelDecoder(format);
          for (const piece of pieces(bytes, cuts)) decoder.push(piece);
          if (decoder.kept >= panelShapes[format].longest) throw new Error(`${decoder.kept} bytes are kept`);
        }),
        enough,
      );
    },
    120_000,
  );

  it.each(panelFormat.options)(
    '%s: a line is found after any garbage, in any split',
    (format) => {
      const [, , text, { of: _, ...event }] = golden.find(([f]) => f === format)!;
      const byte = fc.oneof(fc.nat(255), fc.constantFrom(0x0a, 0x0d, 0x14, 0x06, 0x20, 0x31, 0x35, 0x45));
      fc.assert(
        fc.property(fc.array(byte, { maxLength: 130 }), cuts, (garbage, cuts) => {
          const decoder = createPanelDecoder(format);
          const stream = Uint8Array.of(...garbage, ...bytesOf(text));
          const last = pieces(stream, cuts)
            .flatMap((piece) => decoder.push(piece).messages)
            .at(-1);
          if (last?.kind !== 'event' || last.event.code !== event.code || last.event.zone !== event.zone)
            throw new Error('not found');
        }),
        enough,
      );
    },
    120_000,
  );
});
