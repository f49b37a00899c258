import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { crc16 } from '#protocols/button-frame/crc16.ts';
import { createFrameDecoder } from '#protocols/button-frame/decoder.ts';
import type { Decoded } from '#protocols/button-frame/decoder.ts';
import { encodeFrame } from '#protocols/button-frame/encode.ts';
import type { Frame } from '#protocols/button-frame/frame.ts';
import { anyFrame } from './button-frame.arbitrary.ts';
import { enough } from './enough.ts';

const press: Frame = {
  address: 0,
  boot: 18,
  sequence: 7,
  body: {
    type: 'press',
    serial: 0x0b71c2a4,
    boot: 18,
    counter: 301,
    ageMs: 3,
    silent: false,
    tamper: false,
    ageIsLowerBound: false,
  },
};

/** A header that promises 32 bytes of payload. */
const fakeHeader = Uint8Array.of(0xa5, 0x5a, 1, 0, 1, 32, 1, 0, 1);

function join(...parts: Uint8Array[]): Uint8Array {
  return Uint8Array.from(parts.flatMap((p) => [...p]));
}

function total(all: Decoded[]): Decoded {
  return {
    frames: all.flatMap((d) => d.frames),
    strange: all.flatMap((d) => d.strange),
    discarded: all.reduce((sum, d) => sum + d.discarded, 0),
    crcErrors: all.reduce((sum, d) => sum + d.crcErrors, 0),
  };
}

/** Deterministic noise (xorshift32), rich in preambles. */
function noise(count: number): Uint8Array {
  let x = 0x2545f491;
  return Uint8Array.from({ length: count }, () => {
    x ^= x << 13;
    x ^= x >>> 17;
    x ^= x << 5;
    return x & 0x100 ? [0xa5, 0x5a, 0x01, 0x00][x & 3]! : x & 0xff;
  });
}

describe('encoding', () => {
  test('any frame survives the way out and in, and no frame is longer than 45 bytes', () => {
    fc.assert(
      fc.property(anyFrame, (frame) => {
        const bytes = encodeFrame(frame);
        expect(bytes.length).toBeLessThanOrEqual(45);
        expect(createFrameDecoder().push(bytes, 1).frames).toEqual([{ frame, firstByteAt: 1 }]);
      }),
      enough,
    );
  }, 120_000);

  test('counters wrap and an age stops at 32 bits', () => {
    const body = { ...press.body, counter: 65_536, ageMs: 2 ** 33 } as Frame['body'];
    const [received] = createFrameDecoder().push(encodeFrame({ ...press, sequence: 65_537, body }), 0).frames;
    expect(received!.frame).toMatchObject({ sequence: 1, body: { counter: 0, ageMs: 0xffff_ffff } });
  });
});

describe('decoding', () => {
  test('any split of the stream gives the same frames, each with the arrival of its first byte', () => {
    fc.assert(
      fc.property(
        fc.array(anyFrame, { minLength: 1, maxLength: 3 }),
        fc.infiniteStream(fc.nat(60)),
        (frames, sizes) => {
          const stream = join(...frames.map(encodeFrame));
          const arrivals: number[] = [];
          const decoder = createFrameDecoder();
          const results: Decoded[] = [];
          for (let from = 0, at = 100; from < stream.length; at += 1) {
            const chunk = stream.subarray(from, from + 1 + sizes.next().value!);
            results.push(decoder.push(chunk, at));
            arrivals.push(...Array.from(chunk, () => at));
            from += chunk.length;
          }
          let offset = 0;
          const expected = frames.map((frame) => {
            const firstByteAt = arrivals[offset]!;
            offset += encodeFrame(frame).length;
            return { frame, firstByteAt };
          });
          expect(total(results)).toEqual({ frames: expected, strange: [], discarded: 0, crcErrors: 0 });
        },
      ),
      enough,
    );
  }, 120_000);

  test('noise before, between and behind frames costs only the noise', () => {
    const quietNoise = fc
      .uint8Array({ maxLength: 80 })
      .map((bytes) => bytes.map((b) => (b === 0xa5 ? 0 : b)));
    fc.assert(
      fc.property(fc.array(fc.tuple(quietNoise, anyFrame), { maxLength: 2 }), quietNoise, (pairs, tail) => {
        const stream = join(...pairs.flatMap(([n, frame]) => [n, encodeFrame(frame)]), tail);
        const decoded = createFrameDecoder().push(stream, 0);
        expect(decoded.frames.map((f) => f.frame)).toEqual(pairs.map(([, frame]) => frame));
        expect(decoded.discarded).toBe(pairs.reduce((sum, [n]) => sum + n.length, tail.length));
      }),
      enough,
    );
  }, 120_000);

  test('any noise at all, preambles included, leaves a frame behind it whole', () => {
    fc.assert(
      fc.property(
        fc.array(fc.constantFrom(0xa5, 0x5a, 0x01, 0x02, 0x00, 0x20, 0x0d, 0xff), { maxLength: 120 }),
        anyFrame,
        (bytes, frame) => {
          const decoded = createFrameDecoder().push(join(Uint8Array.from(bytes), encodeFrame(frame)), 0);
          expect(decoded.frames.at(-1)?.frame).toEqual(frame);
        },
      ),
      enough,
    );
  }, 120_000);

  test('any bytes in any split neither throw nor stay', () => {
    const byte = fc.oneof(fc.nat(255), fc.constantFrom(0xa5, 0x5a, 0x01, 0x02, 0x20));
    fc.assert(
      fc.property(fc.array(fc.array(byte, { maxLength: 40 }), { maxLength: 5 }), (pieces) => {
        const decoder = createFrameDecoder();
        let held = 0;
        for (const piece of pieces) {
          const { frames, strange, discarded } = decoder.push(Uint8Array.from(piece), 0);
          held += piece.length - discarded;
          if (frames.length + strange.length === 0 && held > 44) throw new Error(`${held} bytes are kept`);
          if (frames.length + strange.length > 0) held = 0;
        }
      }),
      enough,
    );
  }, 120_000);

  test.each([1, 7, 4096, 1_048_576])(
    'a megabyte of noise between two good frames costs only the noise (reads of %i bytes)',
    (size) => {
      const megabyte = noise(1_048_576);
      const stream = join(encodeFrame(press), megabyte, encodeFrame({ ...press, sequence: 8 }));
      const decoder = createFrameDecoder();
      const results: Decoded[] = [];
      for (let from = 0; from < stream.length; from += size) {
        const decoded = decoder.push(stream.subarray(from, from + size), from);
        if (decoded.frames.length > 0 || decoded.discarded > 0) results.push(decoded);
      }
      const { frames, strange, discarded } = total(results);
      expect(frames.map((f) => f.frame.sequence)).toEqual([7, 8]);
      expect(strange).toEqual([]);
      expect(discarded).toBe(megabyte.length);
    },
  );

  test('a header made of noise does not hold back the press behind it on a line that is then quiet', () => {
    const decoder = createFrameDecoder();
    expect(decoder.push(fakeHeader, 10).frames).toEqual([]);
    const decoded = decoder.push(encodeFrame(press), 20);
    expect(decoded.frames).toEqual([{ frame: press, firstByteAt: 20 }]);
    expect(decoded.discarded).toBe(fakeHeader.length);
  });

  test('a press that comes byte by byte behind a header made of noise is read with its last byte', () => {
    const decoder = createFrameDecoder();
    decoder.push(fakeHeader, 0);
    const bytes = encodeFrame(press);
    const results = Array.from(bytes, (byte, i) => decoder.push(Uint8Array.of(byte), 100 + i));
    expect(results.slice(0, -1).flatMap((r) => r.frames)).toEqual([]);
    expect(results.at(-1)!.frames).toEqual([{ frame: press, firstByteAt: 100 }]);
  });

  test('one flipped bit anywhere behind the preamble is noticed and counted, and nothing else is lost', () => {
    const bytes = encodeFrame(press);
    for (let bit = 8 * 6; bit < bytes.length * 8; bit += 1) {
      const broken = bytes.map((b, i) => (i === bit >> 3 ? b ^ (1 << (bit & 7)) : b));
      const decoded = createFrameDecoder().push(join(broken, bytes), 0);
      expect(decoded.frames.map((f) => f.frame)).toEqual([press]);
      expect(decoded.crcErrors).toBe(1);
      expect(decoded.discarded).toBe(bytes.length);
    }
  });

  test('a frame that is cut off costs only itself', () => {
    const bytes = encodeFrame(press);
    for (let cut = 1; cut < bytes.length; cut += 1) {
      const decoded = createFrameDecoder().push(join(bytes.subarray(0, cut), bytes), 0);
      expect(decoded.frames.map((f) => f.frame)).toEqual([press]);
      expect(decoded.discarded).toBe(cut);
    }
  });
});

describe('what this version cannot read is told, and skipped by its length', () => {
  function altered(change: (bytes: Uint8Array) => void, base: Frame = press): Uint8Array {
    const bytes = encodeFrame(base);
    change(bytes);
    const crc = crc16(bytes, 2, bytes.length - 2);
    bytes.set([crc >> 8, crc & 0xff], bytes.length - 2);
    return bytes;
  }

  test.each([
    ['unknown version', altered((b) => b.set([9], 2))],
    ['unknown type', altered((b) => b.set([0x7e], 6))],
    ['unknown type', altered((b) => b.set([2], 4))],
    ['payload too short', altered((b) => b.set([0x10], 6), { ...press, body: { type: 'idle' } })],
    [
      'bad value',
      altered((b) => b.set([7], 20), {
        ...press,
        body: { type: 'lamp', state: 'failed', origin: { serial: 1, boot: 1, counter: 1, type: 'test' } },
      }),
    ],
  ] as const)('%s', (reason, bytes) => {
    const decoded = createFrameDecoder().push(join(bytes, encodeFrame(press)), 0);
    expect(decoded.strange).toMatchObject([{ reason }]);
    expect(decoded.frames.map((f) => f.frame)).toEqual([press]);
    expect(decoded.discarded).toBe(0);
  });

  test('fields that later firmware appends are ignored', () => {
    const short = encodeFrame(press);
    const long = join(short.subarray(0, -2), Uint8Array.of(1, 2, 3, 0, 0));
    long[5] = 16;
    const crc = crc16(long, 2, long.length - 2);
    long.set([crc >> 8, crc & 0xff], long.length - 2);
    expect(
      createFrameDecoder()
        .push(long, 0)
        .frames.map((f) => f.frame),
    ).toEqual([press]);
  });
});
