import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { crc16 } from '#protocols/button-frame/crc16.ts';
import { createFrameDecoder } from '#protocols/button-frame/decoder.ts';
import { encodeFrame } from '#protocols/button-frame/encode.ts';
import { directionOf, maxFrameBytes, typeCodes } from '#protocols/button-frame/frame.ts';
import type { Body, Frame } from '#protocols/button-frame/frame.ts';
import { payloadBytes } from '#protocols/button-frame/parse.ts';
import { retransmitDelayMs } from '#protocols/button-frame/timing.ts';

const page = readFileSync(new URL('../../docs/serial-protocol.md', import.meta.url), 'utf8');

const examples = [
  ...page.matchAll(/\*\*Example:\*\* (.+)\n\n```hex\n([0-9A-F ]+)\n```\n\n```json\n(.+)\n```/g),
].map((m) => ({
  title: m[1]!,
  bytes: Uint8Array.from(m[2]!.split(' '), (byte) => Number.parseInt(byte, 16)),
  frame: JSON.parse(m[3]!) as Frame,
}));

test.each(examples)('the page’s example is decoded and encoded as printed: $title', ({ bytes, frame }) => {
  const decoded = createFrameDecoder().push(bytes, 5);
  expect(decoded).toEqual({
    frames: [{ frame, firstByteAt: 5 }],
    strange: [],
    discarded: 0,
    crcErrors: 0,
  });
  expect(encodeFrame(frame)).toEqual(bytes);
});

test('every type has an example on the page, and no code block is left out of this test', () => {
  const shown = new Set(examples.map((e) => e.frame.body.type));
  expect([...shown].sort()).toEqual(Object.keys(typeCodes).sort());
  expect(examples.length).toBe(page.split('```hex').length - 1);
});

test('the table of types on the page is the codec’s', () => {
  const rows = [
    ...page.matchAll(/^\| `([0-9A-F]{2})` \| (unit → host|host → unit) \| ([a-z -]+) \| (\d+) \|/gm),
  ];
  const printed = rows.map((r) => ({
    code: Number.parseInt(r[1]!, 16),
    direction: r[2] === 'unit → host' ? 'unit-to-host' : 'host-to-unit',
    payload: Number(r[4]),
  }));
  const types = Object.keys(typeCodes) as Body['type'][];
  expect(printed).toEqual(
    types.map((t) => ({ code: typeCodes[t], direction: directionOf(t), payload: payloadBytes[t] })),
  );
});

test('the CRC’s check value, the longest frame and the first waits are those of the page', () => {
  expect(page).toContain('`29B1`');
  expect(crc16(new TextEncoder().encode('123456789'))).toBe(0x29b1);
  expect(page).toContain(`13 to ${maxFrameBytes} bytes`);
  const waits = page
    .match(/\| wait, ms \|(.+)\|/)![1]!
    .split('|')
    .map(Number);
  expect(waits).toEqual(waits.map((_, i) => retransmitDelayMs(0x0b71c2a4, i + 1)));
});

test('the bus’s worst-case waits follow from its frame lengths', () => {
  const ms = (payload: number): number => ((13 + payload) * 10_000) / 38_400;
  const turn = ms(0) + 5 + ms(payloadBytes.press) + 2 + 2 * (ms(payloadBytes.lamp) + 2);
  const rows = [...page.matchAll(/^\| (\d+) \| \d+ ms \| \**(\d+) ms\** \| (\d+) ms \|/gm)];
  expect(rows.map((r) => Number(r[1]))).toEqual([4, 8, 16]);
  for (const [, units, worst, twice] of rows) {
    expect(Math.abs(Number(worst) - Number(units) * turn)).toBeLessThanOrEqual(1.5);
    expect(Math.abs(Number(twice) - 2 * Number(units) * turn)).toBeLessThanOrEqual(2.5);
  }
});
