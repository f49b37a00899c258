import { appendFileSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import type { ByteStream, ListenPort, StreamEvents } from '#platform/ports.ts';
import { encodeFrame, type Dc09Frame } from '#protocols/dc09/frame.ts';
import { startCentre } from '#sim/centre/centre.ts';
import { type FrameStore, fileFrameStore, memoryFrameStore } from '#sim/centre/frame-store.ts';
import { manualClock, recordingLog } from '../platform/doors-bench.ts';

const cleanup: (() => void)[] = [];
afterEach(() => {
  for (const undo of cleanup.splice(0)) undo();
});

/** A centre whose peer is this test, byte by byte. */
async function centreOnAWire(store: FrameStore = memoryFrameStore()) {
  const wire = { answers: '', closed: false };
  let events: StreamEvents | undefined;
  const listen: ListenPort = {
    async listen(_at, onConnection) {
      const stream: ByteStream = {
        write: (bytes) => void (wire.answers += Buffer.from(bytes).toString('latin1')),
        close: () => void (wire.closed = true),
      };
      events = onConnection(stream, 'test');
      return { port: 1, close: async () => {} };
    },
  };
  const time = manualClock();
  const centre = await startCentre(
    { listen, clock: time.clock, log: recordingLog().log, store },
    { host: '127.0.0.1', port: 0 },
  );
  return {
    ...time,
    centre,
    say(bytes: Uint8Array) {
      wire.answers = '';
      events?.onData(bytes, 0);
      return wire.answers.slice(9, -1);
    },
    wire,
  };
}
const alarm: Dc09Frame = {
  token: 'ADM-CID',
  sequence: 2,
  receiver: '1',
  line: '1',
  account: '1234',
  data: '#1234|1120 01 015',
  fields: [{ key: 'H', value: '07:59:30,09-01-2026' }],
  timestamp: Date.UTC(2026, 8, 1, 8, 0, 0),
};
const bytes = encodeFrame(alarm);

test('it keeps every frame that it acknowledged, and deduplicates nothing', async () => {
  const c = await centreOnAWire();
  expect(c.say(bytes)).toBe('"ACK"0002R1L1#1234[]');
  expect(c.say(bytes)).toBe('"ACK"0002R1L1#1234[]');
  expect(c.centre.frames()).toHaveLength(2);
  expect(c.centre.frames()[0]).toMatchObject({
    account: '1234',
    sequence: 2,
    data: '#1234|1120 01 015',
    h: '07:59:30,09-01-2026',
    raw: Buffer.from(bytes).toString('hex'),
  });
});

test('it writes before it answers, and what could not be written is not acknowledged', async () => {
  const order: string[] = [];
  const memory = memoryFrameStore();
  const c = await centreOnAWire({
    append(frame) {
      order.push(`written, answered so far: ${JSON.stringify(c.wire.answers)}`);
      memory.append(frame);
    },
    all: () => memory.all(),
  });
  c.say(bytes);
  expect(order).toEqual(['written, answered so far: ""']);
  const full = await centreOnAWire({
    append: () => {
      throw new Error('disk full');
    },
    all: () => [],
  });
  expect(full.say(bytes)).toBe('');
});

test('NULLs are acknowledged and counted, not kept', async () => {
  const c = await centreOnAWire();
  expect(c.say(encodeFrame({ ...alarm, token: 'NULL', sequence: 0, data: '', fields: [] }))).toBe(
    '"ACK"0000R1L1#1234[]',
  );
  expect(c.centre.frames()).toEqual([]);
  expect(c.centre.counts().nulls).toBe(1);
});

test('a CRC of two raw bytes is answered in kind', async () => {
  const c = await centreOnAWire();
  c.say(encodeFrame(alarm, 'raw'));
  expect(c.wire.answers.slice(7, -1)).toBe('"ACK"0002R1L1#1234[]');
});

test('damaged frames are counted and not answered; encrypted ones are answered DUH', async () => {
  const c = await centreOnAWire();
  expect(c.say(bytes.map((b, i) => (i === 20 ? b ^ 1 : b)))).toBe('');
  expect(c.centre.counts().damaged).toBe(1);
  expect(c.say(encodeFrame({ ...alarm, token: '*ADM-CID', data: '00FF' }))).toBe('"DUH"0002R1L1#1234[]');
  expect(c.centre.frames()).toEqual([]);
});

test('with the check of time on, a timestamp outside −40..+20 s gets a NAK with its own time', async () => {
  const c = await centreOnAWire();
  const stamped = (ageS: number): Uint8Array =>
    encodeFrame({ ...alarm, timestamp: c.clock.wall() - ageS * 1000 });
  c.centre.behave({ checkTime: true });
  for (const ageS of [-20, 0, 40]) expect(c.say(stamped(ageS))).toContain('ACK');
  for (const ageS of [-21, 41]) expect(c.say(stamped(ageS))).toBe('"NAK"0000R0L0A0[]_08:00:00,09-01-2026');
  c.centre.behave({ clockOffsetMs: 60_000 });
  expect(c.say(stamped(0))).toBe('"NAK"0000R0L0A0[]_08:01:00,09-01-2026');
});

test('a command for the next frames ends after them, and can spare NULLs', async () => {
  const c = await centreOnAWire();
  c.centre.behave({ mode: 'refuse-duh', count: 2, frames: 'alarms' });
  const answers = [bytes, encodeFrame({ ...alarm, token: 'NULL' }), bytes, bytes].map((b) =>
    c.say(b).slice(1, 4),
  );
  expect(answers).toEqual(['DUH', 'ACK', 'DUH', 'ACK']);
});

test('a delayed frame is kept at once and acknowledged later', async () => {
  const c = await centreOnAWire();
  c.centre.behave({ mode: 'delay', delayMs: 450 });
  expect(c.say(bytes)).toBe('');
  expect(c.centre.frames()).toHaveLength(1);
  c.advance(450);
  expect(c.wire.answers).toContain('ACK');
});

test('silence and a reset keep nothing', async () => {
  const c = await centreOnAWire();
  c.centre.behave({ mode: 'silent' });
  expect(c.say(bytes)).toBe('');
  c.centre.behave({ mode: 'reset' });
  expect(c.say(bytes)).toBe('');
  expect(c.wire.closed).toBe(true);
  expect(c.centre.frames()).toEqual([]);
  expect(c.centre.counts().unacknowledged).toBe(2);
});

test('the file is read back at the next start, a line cut short by a kill is no frame', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'belfry-centre-'));
  cleanup.push(() => rmSync(folder, { recursive: true, force: true }));
  const path = join(folder, 'frames.jsonl');
  const first = await centreOnAWire(fileFrameStore(path));
  first.say(bytes);
  expect(readFileSync(path, 'utf8').split('\n')).toHaveLength(2);
  appendFileSync(path, '{"received_at":1,"rem');
  for (let start = 2; start <= 4; start++) {
    const next = await centreOnAWire(fileFrameStore(path));
    next.say(bytes);
    expect(next.centre.frames()).toHaveLength(start);
  }
  appendFileSync(path, 'nonsense\n');
  expect(() => fileFrameStore(path)).toThrow(/frames\.jsonl:\d+ is not a frame/);
});
