import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { RtspDecoder } from '#protocols/rtsp/decoder.ts';
import { describedVideo } from '#protocols/rtsp/sdp.ts';
import { sizeOfSps } from '#protocols/rtsp/sps.ts';
import { VideoTrack } from '#protocols/rtsp/video.ts';
import { packets } from '#sim/camera/rtp.ts';
import { enough } from './enough.ts';

const answer = Buffer.from('RTSP/1.0 200 OK\r\nCSeq: 2\r\nContent-Length: 3\r\n\r\nv=0');
const packet = Buffer.from([0x24, 0, 0, 2, 7, 8]);

function split(bytes: Uint8Array, cuts: readonly number[]): Uint8Array[] {
  const at = [0, ...cuts.map((cut) => cut % (bytes.length + 1)).sort((a, b) => a - b), bytes.length];
  return at.slice(1).map((end, i) => bytes.subarray(at[i], end));
}

/** Bytes as cameras, noise and enemies send them. */
const stream = fc
  .array(
    fc.oneof(
      fc.uint8Array({ maxLength: 24 }),
      fc.constantFrom<Uint8Array[]>(
        answer,
        packet,
        Buffer.from('RTSP/1.0 '),
        Buffer.from('RTSP/1.0 200 OK\r\nContent-Length: 99999999\r\n\r\n'),
        Buffer.from('RTSP/1.0 200 OK\r\nContent-Length: -1\r\n\r\n'),
        Buffer.from([0x24, 0, 0xff, 0xff]),
        Buffer.from('$$RR\r\n\r\n'),
      ),
    ),
    { maxLength: 6 },
  )
  .map((parts) => Buffer.concat(parts));

describe('the RTSP decoder', () => {
  it('takes any bytes in any split, never throws, and accounts for every byte it held', () => {
    fc.assert(
      fc.property(stream, fc.array(fc.nat(200), { maxLength: 4 }), (bytes, cuts) => {
        const inPieces = new RtspDecoder();
        const items = split(bytes, cuts).flatMap((piece) => inPieces.push(piece));
        const size = (item: (typeof items)[number]) =>
          item.kind === 'packet' ? item.payload.length + 4 : item.body.length;
        const used = items.reduce((sum, item) => sum + size(item), inPieces.thrownAway);
        expect(used).toBeLessThanOrEqual(bytes.length);
      }),
      enough,
    );
  });

  it('finds what is sound whatever the split', () => {
    const bytes = Buffer.concat([packet, answer, packet, packet, answer]);
    fc.assert(
      fc.property(fc.array(fc.nat(200), { maxLength: 12 }), (cuts) => {
        const decoder = new RtspDecoder();
        const items = split(bytes, cuts).flatMap((piece) => decoder.push(piece));
        expect(items.map((item) => item.kind)).toEqual(['packet', 'answer', 'packet', 'packet', 'answer']);
        expect(decoder.thrownAway).toBe(0);
      }),
      enough,
    );
  }, 120_000);

  it('finds the good answer right after noise', () => {
    const noise = fc.uint8Array({ maxLength: 64 }).map((bytes) => bytes.filter((b) => b !== 0x24));
    fc.assert(
      fc.property(noise, (bytes) => {
        const decoder = new RtspDecoder();
        const items = [...decoder.push(bytes), ...decoder.push(answer), ...decoder.push(packet)];
        expect(items.map((item) => item.kind)).toEqual(['answer', 'packet']);
        expect(decoder.thrownAway).toBe(bytes.length);
      }),
      enough,
    );
  }, 120_000);

  it('holds no more than one item of an answer without end', () => {
    const decoder = new RtspDecoder();
    const before = process.memoryUsage().arrayBuffers;
    decoder.push(Buffer.from('RTSP/1.0 200 OK\r\n'));
    const chunk = Buffer.from('X-Filler: 0123456789\r\n'.repeat(3000));
    for (let sent = 0; sent < 64 << 20; sent += chunk.length) expect(decoder.push(chunk)).toEqual([]);
    expect(decoder.thrownAway).toBeGreaterThan(60 << 20);
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(32 << 20);
  });
});

describe('a video track', () => {
  it('never throws, whatever the packets', () => {
    const header = fc.constantFrom([0x80, 96, 0, 1], [0x90, 224, 0, 2], [0xa0, 96, 0, 3], [0x8f, 96, 0, 4]);
    const rtp = fc
      .tuple(
        header,
        fc.constantFrom(0x65, 0x7c, 0x78, 0x67, 0x26, 0x62, 0x42),
        fc.uint8Array({ maxLength: 40 }),
      )
      .map(([head, type, rest]) => Uint8Array.from([...head, 0, 0, 0, 1, 0, 0, 0, 2, type, ...rest]));
    fc.assert(
      fc.property(
        fc.constantFrom('H264', 'H265'),
        fc.array(fc.oneof(rtp, fc.uint8Array()), { maxLength: 5 }),
        (codec, all) => {
          const track = new VideoTrack(codec);
          for (const one of all) track.take(one);
          expect(track.frames).toBeLessThanOrEqual(all.length);
        },
      ),
      enough,
    );
  });

  const key = Uint8Array.from([0x65, ...new Uint8Array(5000)]);
  const at = { sequence: 65_534, timestamp: 1, payloadType: 96 };

  it('knows a key frame in fragments, also when its numbers wrap', () => {
    const track = new VideoTrack('H264');
    expect(packets([key], at).map((p) => track.take(p).keyFrame)).toEqual([false, false, false, true]);
    expect(track.lost).toBe(0);
  });

  it('does not take a key frame for whole that lacks a part', () => {
    const track = new VideoTrack('H264');
    const sent = packets([key], at).filter((_, i) => i !== 1);
    expect(sent.map((p) => track.take(p).keyFrame)).toEqual([false, false, false]);
    expect(track.lost).toBe(1);
  });
});

describe('a parameter set', () => {
  it.each([
    // Made by x264 (High) and x265 (Main) of Debian 12; both are cropped.
    ['H264', '67640016acd940a02fea6c0440000003004000000503c58b6580', 638, 358],
    [
      'H265',
      '42010101600000030090000003000003003fa005020169d565959a4932bc05a02000000300200000030141',
      638,
      358,
    ],
  ] as const)('of %s tells the size (%s)', (codec, hex, width, height) => {
    expect(sizeOfSps(codec, Buffer.from(hex, 'hex'))).toEqual({ width, height });
  });

  it('of nonsense is none, and never throws', () => {
    fc.assert(
      fc.property(fc.constantFrom('H264', 'H265'), fc.uint8Array({ maxLength: 64 }), (codec, bytes) => {
        const size = sizeOfSps(codec, bytes);
        expect(size === null || (size.width > 0 && size.height > 0)).toBe(true);
      }),
      enough,
    );
  }, 120_000);
});

describe('a session description', () => {
  it('tells codec, track and parameter sets; one without video is none', () => {
    const sdp = [
      'v=0',
      'a=control:*',
      'm=audio 0 RTP/AVP 0',
      'a=control:track0',
      'm=video 0 RTP/AVP 97',
      'a=rtpmap:97 H265/90000',
      'a=fmtp:97 sprop-sps=QgEB; sprop-pps=RAE=',
      'a=control:track1',
    ];
    expect(describedVideo(sdp.join('\r\n'))).toEqual({
      codec: 'H265',
      payloadType: 97,
      control: 'track1',
      aggregate: '*',
      parameterSets: [Buffer.from('QgEB', 'base64'), Buffer.from('RAE=', 'base64')],
    });
    expect(describedVideo(sdp.slice(0, 4).join('\n'))).toBeNull();
  });
});
