import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { crc16Arc } from '#protocols/dc09/crc.ts';
import { type Dc09Event, Dc09Decoder } from '#protocols/dc09/decoder.ts';
import { ackOf, type Dc09Frame, duhOf, encodeFrame, nakAt } from '#protocols/dc09/frame.ts';
import { formatTimestamp, parseTimestamp } from '#protocols/dc09/timestamp.ts';
import { enough } from './enough.ts';

const bytes = (text: string): Uint8Array => Buffer.from(text, 'latin1');
const wire = (text: string): Uint8Array => bytes(`\n${text}\r`);
const decode = (...chunks: Uint8Array[]): Dc09Event[] => {
  const decoder = new Dc09Decoder();
  return chunks.flatMap((chunk) => decoder.push(chunk));
};
function only(text: string): Dc09Frame {
  const [event, ...more] = decode(wire(text));
  expect(more).toEqual([]);
  if (event?.kind !== 'frame') throw new Error(`not a frame: ${JSON.stringify(event)}`);
  return event.frame;
}
const frames = (events: Dc09Event[]): Dc09Frame[] =>
  events.flatMap((e) => (e.kind === 'frame' ? [e.frame] : []));
const at = (text: string): number => Date.parse(`${text}Z`);

/** Frames of SIA DC-09 as devices and the standard print them; CRC and length of each were recomputed. */
const GOLDEN: [string, Dc09Frame][] = [
  [
    'CE110032"SIA-DCS"9876R579BDFL789ABC#12345A[#12345A|NFA129]',
    {
      token: 'SIA-DCS',
      sequence: 9876,
      receiver: '579BDF',
      line: '789ABC',
      account: '12345A',
      data: '#12345A|NFA129',
      fields: [],
    },
  ],
  [
    '87CD0037"ADM-CID"9876R579BDFL789ABC#12345A[#12345A|1110 00 129]',
    {
      token: 'ADM-CID',
      sequence: 9876,
      receiver: '579BDF',
      line: '789ABC',
      account: '12345A',
      data: '#12345A|1110 00 129',
      fields: [],
    },
  ],
  [
    'B0970029"NULL"0000L000#0809[]_21:00:01,02-20-2024',
    {
      token: 'NULL',
      sequence: 0,
      line: '000',
      account: '0809',
      data: '',
      fields: [],
      timestamp: at('2024-02-20T21:00:01'),
    },
  ],
  [
    'E4410025"NAK"0000R0L0A0[]_16:20:01,09-24-2025',
    {
      token: 'NAK',
      sequence: 0,
      receiver: '0',
      line: '0',
      data: '',
      fields: [],
      timestamp: at('2025-09-24T16:20:01'),
    },
  ],
  [
    'DFB90053"ADM-CID"0003R1L1#1234[#1234|1110 02 007][H07:59:30,09-01-2026]_08:00:05,09-01-2026',
    {
      token: 'ADM-CID',
      sequence: 3,
      receiver: '1',
      line: '1',
      account: '1234',
      data: '#1234|1110 02 007',
      fields: [{ key: 'H', value: '07:59:30,09-01-2026' }],
      timestamp: at('2026-09-01T08:00:05'),
    },
  ],
  [
    '76D80055"*NULL"0000R0L0#AAAB[B4BC8B40D0E6D959D6BEA78E88CC0B2155741A3C44FBB96D476A3E557CAD64D9',
    {
      token: '*NULL',
      sequence: 0,
      receiver: '0',
      line: '0',
      account: 'AAAB',
      data: 'B4BC8B40D0E6D959D6BEA78E88CC0B2155741A3C44FBB96D476A3E557CAD64D9',
      fields: [],
    },
  ],
];

describe('frame', () => {
  test('the CRC is CRC-16/ARC, not CCITT', () => expect(crc16Arc(bytes('123456789'))).toBe(0xbb3d));

  test.each(GOLDEN)('%s is read, and written again byte for byte', (text, frame) => {
    expect(only(text)).toEqual(frame);
    expect(Buffer.from(encodeFrame(frame))).toEqual(wire(text));
  });

  test.each([
    ['36EC0039"SIA-DCS"0001L0#1234[#1234|Nri1/PA01]_08:00:00,09-01-2026', '1BC10012"ACK"0001L0#1234[]'],
    ['21AB0029"ADM-CID"0002R1L1#1234[#1234|1120 01 015]', 'D6730014"ACK"0002R1L1#1234[]'],
    [
      'DFB90053"ADM-CID"0003R1L1#1234[#1234|1110 02 007][H07:59:30,09-01-2026]_08:00:05,09-01-2026',
      '158E0014"ACK"0003R1L1#1234[]',
    ],
    ['1EF20013"NULL"0000L0#1234[]', 'DE900012"ACK"0000L0#1234[]'],
  ])('the acknowledgement of %s echoes only what was sent', (sent, answer) => {
    expect(Buffer.from(encodeFrame(ackOf(only(sent))))).toEqual(wire(answer));
  });

  test('DUH echoes, NAK names nobody and tells the time', () => {
    const frame = { ...only('1EF20013"NULL"0000L0#1234[]'), sequence: 4 };
    expect(Buffer.from(encodeFrame(duhOf(frame)))).toEqual(wire('350F0012"DUH"0004L0#1234[]'));
    expect(Buffer.from(encodeFrame(nakAt(at('2025-09-24T16:20:01.900'))))).toEqual(
      wire('E4410025"NAK"0000R0L0A0[]_16:20:01,09-24-2025'),
    );
  });

  test('what DC-09 has no words for is refused, not sent', () => {
    const good = only('1EF20013"NULL"0000L0#1234[]');
    expect(() => encodeFrame({ ...good, sequence: 10000 })).toThrow(RangeError);
    expect(() => encodeFrame({ ...good, account: '12' })).toThrow(RangeError);
    expect(() => encodeFrame({ ...good, data: 'a]b' })).toThrow(RangeError);
    expect(() => encodeFrame({ ...good, data: '钟' })).toThrow(RangeError);
    expect(() => encodeFrame({ ...good, fields: [{ key: 'I', value: 'a\nb' }] })).toThrow(RangeError);
    expect(() => encodeFrame({ ...good, data: 'x'.repeat(4096) })).toThrow(RangeError);
  });

  test('a timestamp that is no moment of the calendar is no timestamp', () => {
    expect(formatTimestamp(at('2026-09-01T08:00:05.999'))).toBe('08:00:05,09-01-2026');
    for (const text of [
      '24:00:00,01-01-2026',
      '00:00:00,02-30-2026',
      '00:00:00,13-01-2026',
      '1:00:00,01-01-2026',
      '',
    ])
      expect(parseTimestamp(text)).toBeUndefined();
  });
});

describe('deviations of devices in the field', () => {
  const framed = (body: string): string => {
    const hex = (n: number): string => n.toString(16).toUpperCase().padStart(4, '0');
    return `${hex(crc16Arc(bytes(body)))}${hex(body.length)}${body}`;
  };
  const deviationsOf = (events: Dc09Event[]): string[] =>
    events.flatMap((e) => (e.kind === 'frame' ? e.deviations : []));

  test('an empty L, and a NUL after CR, are tolerated', () => {
    const panel = Buffer.concat([
      wire('BB86002C"NULL"0001L#7303658550[]_15:39:38,06-07-2019'),
      Uint8Array.of(0),
    ]);
    const events = decode(panel, panel);
    expect(frames(events)).toHaveLength(2);
    expect(events.filter((e) => e.kind !== 'frame')).toEqual([]);
    expect(frames(events)[0]).toMatchObject({
      line: '',
      account: '7303658550',
      timestamp: at('2019-06-07T15:39:38'),
    });
    expect(deviationsOf(events)[0]).toBe('empty L');
  });

  test('a CRC of two raw bytes is understood, whatever the bytes, and can be answered in kind', () => {
    let withLf = 0;
    for (let sequence = 0; sequence < 10000; sequence += 1) {
      const frame = { token: 'NULL', sequence, line: '0', account: '1234', data: '', fields: [] };
      const raw = encodeFrame(frame, 'raw');
      if (raw[1] !== 10 && raw[2] !== 10 && raw[1] !== 13 && raw[2] !== 13 && sequence % 100) continue;
      withLf += raw[1] === 10 || raw[2] === 10 ? 1 : 0;
      const events = decode(raw, encodeFrame(frame));
      expect(events).toMatchObject([
        { kind: 'frame', frame, crcForm: 'raw', deviations: ['CRC as two raw bytes'] },
        { kind: 'frame', frame, crcForm: 'hex' },
      ]);
    }
    expect(withLf).toBeGreaterThan(10);
  });

  test('the word None for an absent field is not an account, a line or a receiver', () => {
    for (const body of ['"ACK"0001NoneL0#1234[]', '"ACK"0001RNoneL0#1234[]', '"ACK"0001NoneNone#1234[]None'])
      expect(only(framed(body))).toMatchObject({ token: 'ACK', sequence: 1, account: '1234' });
    expect(only(framed('"ACK"0001NoneL0#1234[]')).receiver).toBeUndefined();
    expect(only(framed('"ACK"0001R0L0#None[]')).account).toBeUndefined();
  });

  test('a broken timestamp costs the timestamp, not the frame', () => {
    const events = decode(wire(framed('"NAK"0000R0L0A0[]_99:00:00,00-00-0000')));
    expect(frames(events)[0]?.timestamp).toBeUndefined();
    expect(deviationsOf(events)[0]).toContain('99:00:00');
  });

  test('bytes that are not UTF-8 are kept as they are', () => {
    const body = Buffer.concat([
      bytes('"SIA-DCS"0007L0#1234[#1234|Nri1/PA01^'),
      Uint8Array.of(0xd6, 0xd3, 0xff),
      bytes('^]'),
    ]);
    const frame = only(framed(body.toString('latin1')));
    expect(Buffer.from(frame.data, 'latin1').subarray(-4)).toEqual(Buffer.from([0xd6, 0xd3, 0xff, 0x5e]));
  });
});

describe('stream', () => {
  const GOOD = '21AB0029"ADM-CID"0002R1L1#1234[#1234|1120 01 015]';

  test('a wrong CRC is reported, and the next frame is found', () => {
    const events = decode(wire(`21AC${GOOD.slice(4)}`), wire(GOOD));
    expect(events.map((e) => e.kind)).toEqual(['damaged', 'frame']);
    expect(events[0]).toMatchObject({ fault: 'crc' });
  });

  test('a length that is too long or too short costs its own frame only', () => {
    for (const length of ['0028', '0030', '0FFF']) {
      const events = decode(wire(`21AB${length}${GOOD.slice(8)}`), wire(GOOD));
      expect(events[0]).toMatchObject({ kind: 'damaged', fault: 'length' });
      expect(frames(events)).toHaveLength(1);
    }
  });

  test('a frame that breaks off is given up when the next one begins', () => {
    const events = decode(wire(GOOD).slice(0, 20), wire(GOOD));
    expect(events.map((e) => e.kind)).toEqual(['damaged', 'frame']);
  });

  test('a frame that breaks off right after one that came in pieces costs nobody else', () => {
    const rest = Buffer.concat([wire(GOOD).slice(30), wire(GOOD).slice(0, 15), wire(GOOD)]);
    const events = decode(wire(GOOD).slice(0, 30), rest);
    expect(events.map((e) => e.kind)).toEqual(['frame', 'damaged', 'frame']);
  });

  test('a bare LF CR is no frame, and is seen when asked for', () => {
    const decoder = new Dc09Decoder();
    expect(decoder.push(bytes('\n\r'))).toEqual([]);
    expect(decoder.flush()).toMatchObject([{ kind: 'noise', bytes: 2 }]);
    expect(frames(decode(bytes('\n\r'), wire(GOOD)))).toHaveLength(1);
  });

  test('a body that says nothing is damaged, not noise', () => {
    expect(decode(wire('81C00001"'))).toMatchObject([{ kind: 'damaged' }]);
  });

  const arbitraryFrame = fc.record(
    {
      token: fc.constantFrom('ADM-CID', 'SIA-DCS', 'NULL', 'ACK', 'DUH', 'RSP'),
      sequence: fc.integer({ min: 0, max: 9999 }),
      receiver: fc.stringMatching(/^[0-9A-F]{1,6}$/),
      line: fc.stringMatching(/^[0-9A-F]{0,6}$/),
      account: fc.stringMatching(/^[0-9A-F]{3,16}$/),
      data: fc.stringMatching(/^[ -Z^-~]{0,60}$/),
      fields: fc.array(
        fc.record({ key: fc.stringMatching(/^[A-Z]$/), value: fc.stringMatching(/^[ -Z^-~]{0,20}$/) }),
        { maxLength: 4 },
      ),
      timestamp: fc.integer({ min: 0, max: 4_000_000_000 }).map((s) => s * 1000),
    },
    { requiredKeys: ['token', 'sequence', 'account', 'data', 'fields'], noNullPrototype: true },
  );
  const split = (whole: Uint8Array, cuts: number[]): Uint8Array[] => {
    const points = [0, ...cuts.map((c) => c % (whole.length + 1)).sort((a, b) => a - b), whole.length];
    return points.slice(1).map((to, i) => whole.slice(points[i], to));
  };
  const hostile = fc.oneof(
    fc.uint8Array({ maxLength: 300 }),
    fc
      .array(fc.constantFrom(...bytes('\n\r\0"0FA[]#|_RL')), { maxLength: 300 })
      .map((a) => Uint8Array.from(a)),
    fc
      .array(fc.constantFrom('\n12340FFF"', '\nxx0FFF"', '\n', '\r', '\n\r', '\n00010005"', '"ACK"'), {
        maxLength: 30,
      })
      .map((a) => bytes(a.join(''))),
  );

  test('every frame comes back as it was, in every split', () => {
    fc.assert(
      fc.property(
        fc.array(arbitraryFrame, { minLength: 1, maxLength: 4 }),
        fc.constantFrom('hex', 'raw'),
        fc.array(fc.nat(), { maxLength: 8 }),
        (list, form, cuts) => {
          const whole = Buffer.concat(list.map((f) => encodeFrame(f, form)));
          expect(frames(decode(...split(whole, cuts)))).toEqual(list);
        },
      ),
      enough,
    );
  }, 120_000);

  test('any bytes in any split neither throw nor change what is found, and every byte is accounted for', () => {
    fc.assert(
      fc.property(hostile, fc.array(fc.nat(), { maxLength: 8 }), (noise, cuts) => {
        const sizes = (chunks: Uint8Array[]): number => {
          const decoder = new Dc09Decoder();
          return [...chunks.flatMap((c) => decoder.push(c)), ...decoder.flush()].reduce(
            (sum, e) => sum + (e.kind === 'noise' ? e.bytes : e.raw.length),
            0,
          );
        };
        expect(sizes(split(noise, cuts))).toBe(noise.length);
        expect(frames(decode(...split(noise, cuts)))).toEqual(frames(decode(noise)));
      }),
      enough,
    );
  }, 120_000);

  test('a good frame after any garbage is found at once', () => {
    fc.assert(
      fc.property(hostile, arbitraryFrame, fc.constantFrom('hex', 'raw'), (garbage, frame, form) => {
        expect(frames(decode(garbage, encodeFrame(frame, form))).at(-1)).toEqual(frame);
      }),
      enough,
    );
  }, 120_000);

  test('a megabyte of a frame that never ends is held to the size of one frame', () => {
    const decoder = new Dc09Decoder();
    decoder.push(bytes('\n12340FFF"'));
    for (let i = 0; i < 1000; i++) decoder.push(new Uint8Array(1024).fill(0x41));
    const held = decoder.flush().reduce((sum, e) => sum + (e.kind === 'noise' ? e.bytes : 0), 0);
    expect(held).toBeLessThanOrEqual(4200);
    expect(frames(decoder.push(wire(GOOD)))).toHaveLength(1);
  });
});
