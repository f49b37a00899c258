import { afterEach, describe, expect, test } from 'vitest';
import { dc09DoorConfig, longestDeliveryMs } from '#platform/doors/dc09.ts';
import type { Dc09DoorConfig } from '#platform/doors/dc09.ts';
import { formatTimestamp } from '#protocols/dc09/timestamp.ts';
import { doorAndCentre, watch } from './doors-bench.ts';
import { until } from './pty.ts';

const open: Awaited<ReturnType<typeof doorAndCentre>>[] = [];
async function bench(config: Partial<Dc09DoorConfig> = {}) {
  const made = await doorAndCentre(config);
  open.push(made);
  return made;
}
afterEach(async () => {
  for (const each of open.splice(0)) await each.close();
});
const raws = (b: Awaited<ReturnType<typeof bench>>): string[] =>
  b.centre.frames().map((f) => Buffer.from(f.raw, 'hex').toString('latin1').slice(9, -1));

describe('an alarm', () => {
  test('arrives as ADM-CID with its time of occurrence, and its ACK is the receipt', async () => {
    const b = await bench();
    const result = await b.door.deliver(b.signal(2));
    expect(result).toEqual({
      kind: 'receipt',
      reference: 'ACK 0002 #1234',
      at: b.clock.wall(),
      raw: expect.any(Uint8Array),
    });
    expect(result.kind === 'receipt' && Buffer.from(result.raw).toString('latin1')).toMatch(
      /^\n[0-9A-F]{8}"ACK"0002L0#1234\[\]\r$/,
    );
    expect(raws(b)).toEqual([
      '"ADM-CID"0002L0#1234[#1234|1120 00 015][H08:00:00,09-01-2026]_08:00:00,09-01-2026',
    ]);
  });

  test('carries the receiver number where one is configured', async () => {
    const b = await bench({ receiver: '1', line: '2' });
    await b.door.deliver(b.signal(2));
    expect(raws(b)[0]).toMatch(/^"ADM-CID"0002R1L2#1234\[/);
  });

  test('leaves by the interface that is configured', async () => {
    const b = await bench({ local_address: '127.0.0.2' });
    await b.door.deliver(b.signal(2));
    expect(b.centre.frames()[0]?.remote).toMatch(/^127\.0\.0\.2:/);
  });

  test('keeps one connection for one after another, and opens no more than it may', async () => {
    const b = await bench({ connections: 3 });
    for (let n = 1; n <= 5; n++) await b.door.deliver(b.signal(n));
    expect(b.opened.count).toBe(1);
    const results = await Promise.all(Array.from({ length: 50 }, (_, i) => b.door.deliver(b.signal(i + 6))));
    expect(results.every((r) => r.kind === 'receipt')).toBe(true);
    expect(b.opened.count).toBe(3);
    expect(new Set(b.centre.frames().map((f) => f.sequence)).size).toBe(55);
  });

  test('whose account DC-09 has no words for is refused, and stops nobody else', async () => {
    const b = await bench();
    expect(await b.door.deliver(b.signal(1, { account: 'not hex' }))).toMatchObject({ fault: 'refused' });
    expect(await b.door.deliver(b.signal(2))).toMatchObject({ kind: 'receipt' });
  });
});

describe('the timestamp', () => {
  test("is the press's own within 20 s, so that racing copies are equal byte for byte", async () => {
    const b = await bench();
    const signal = b.signal(7);
    await b.door.deliver(signal);
    b.advance(20_000);
    b.centreClock.offsetMs = 5000;
    await b.door.deliver(signal);
    expect(b.centre.frames()).toHaveLength(2);
    expect(b.centre.frames()[0]?.raw).toBe(b.centre.frames()[1]?.raw);
  });

  test("is the centre's time later, and only the timestamp changes", async () => {
    const b = await bench();
    const signal = b.signal(7);
    await b.door.deliver(signal);
    b.advance(20_001);
    b.centreClock.offsetMs = 60_000;
    await b.door.deliver(signal);
    const [first, second] = raws(b);
    expect(first?.split('_')[0]).toBe(second?.split('_')[0]);
    expect(second?.split('_')[1]).toBe(formatTimestamp(b.clock.wall() + 60_000));
  });

  test('and [H] do not pretend: a clock that was never compared sends no [H]', async () => {
    const b = await bench();
    await b.door.deliver(b.signal(7, { clockKnown: false, occurredAt: 0 }));
    expect(raws(b)).toEqual(['"ADM-CID"0007L0#1234[#1234|1120 00 015]_08:00:00,09-01-2026']);
  });

  test("that the centre refuses is answered with one by the centre's clock", async () => {
    const b = await bench();
    b.centre.behave({ checkTime: true, clockOffsetMs: 3_600_000 });
    expect(await b.door.deliver(b.signal(7))).toMatchObject({ kind: 'receipt' });
    expect(b.centreClock.offsetMs).toBe(3_600_000);
    expect(raws(b)).toEqual([
      '"ADM-CID"0007L0#1234[#1234|1120 00 015][H08:00:00,09-01-2026]_09:00:00,09-01-2026',
    ]);
    expect(b.opened.count).toBe(1);
  });
});

describe('the centre', () => {
  test.each(['refuse-nak', 'refuse-duh'] as const)(
    '%s: people are told that it will not take it',
    async (mode) => {
      const b = await bench();
      b.centre.behave({ mode });
      expect(await b.door.deliver(b.signal(1))).toMatchObject({ kind: 'next', fault: 'refused' });
      expect(b.centre.counts().unacknowledged).toBe(mode === 'refuse-nak' ? 2 : 1);
      b.centre.behave({ mode: 'acknowledge' });
      expect(await b.door.deliver(b.signal(1))).toMatchObject({ kind: 'receipt' });
    },
  );

  test('is silent: the frame is tried once more on a new connection, then the next door is asked', async () => {
    const b = await bench();
    b.centre.behave({ mode: 'silent' });
    const delivery = watch(b.door.deliver(b.signal(1)));
    await until('the first try', () => b.centre.counts().unacknowledged === 1);
    b.advance(399);
    expect(b.opened.count).toBe(1);
    b.advance(1);
    await until('the second try', () => b.centre.counts().unacknowledged === 2);
    expect(b.opened.count).toBe(2);
    b.advance(400);
    await until('the end', () => delivery.result !== undefined);
    expect(delivery.result).toEqual({ kind: 'next', fault: 'silent', reason: 'no answer within 400 ms' });
  });

  test('answers late: the ACK on the closed connection is not mistaken for that of the next try', async () => {
    const b = await bench();
    b.centre.behave({ mode: 'delay', delayMs: 450, count: 1 });
    const delivery = watch(b.door.deliver(b.signal(1)));
    await until('the first try', () => b.centre.frames().length === 1);
    b.centre.behave({ mode: 'silent' });
    b.advance(400);
    await until('the second try', () => b.centre.counts().unacknowledged === 1);
    b.advance(100);
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(delivery.result).toBeUndefined();
    b.advance(300);
    await until('the end', () => delivery.result !== undefined);
    expect(delivery.result).toMatchObject({ fault: 'silent' });
  });

  test.each(['bad-crc', 'silent'] as const)(
    'answers %s once: the second try gets the receipt',
    async (mode) => {
      const b = await bench();
      b.centre.behave({ mode, count: 1 });
      const delivery = watch(b.door.deliver(b.signal(1)));
      await until('the first try', () => b.centre.counts().unacknowledged + b.door.oddities().damaged === 1);
      b.advance(400);
      await until('the end', () => delivery.result !== undefined);
      expect(delivery.result).toMatchObject({ kind: 'receipt' });
      expect(b.door.oddities().damaged).toBe(mode === 'bad-crc' ? 1 : 0);
      expect(b.lines.some((l) => l.level === 'warn')).toBe(mode === 'bad-crc');
    },
  );

  test('resets the connection in flight: tried once more at once, without a wait', async () => {
    const b = await bench();
    b.centre.behave({ mode: 'reset', count: 1 });
    expect(await b.door.deliver(b.signal(1))).toMatchObject({ kind: 'receipt' });
    b.centre.behave({ mode: 'reset' });
    expect(await b.door.deliver(b.signal(2))).toMatchObject({ kind: 'next', fault: 'silent' });
  });

  test('writes the word None for absent fields: the receipt counts, and the oddity is seen', async () => {
    const b = await bench();
    b.centre.behave({ mode: 'odd-ack' });
    expect(await b.door.deliver(b.signal(1))).toMatchObject({ kind: 'receipt', reference: 'ACK 0001 #1234' });
    expect(b.door.oddities().deviation).toBe(2);
  });

  test('is gone: unreachable, whether or not the door had noticed', async () => {
    const b = await bench();
    await b.door.deliver(b.signal(1));
    await b.centre.close();
    for (const n of [2, 3])
      expect(await b.door.deliver(b.signal(n))).toMatchObject({ kind: 'next', fault: 'unreachable' });
  });
});

describe('many at once', () => {
  test('wait their turn in order, and are told when no connection gets free', async () => {
    const b = await bench({ connections: 1 });
    b.centre.behave({ mode: 'delay', delayMs: 300 });
    const deliveries = Array.from({ length: 3 }, (_, i) => watch(b.door.deliver(b.signal(i + 1))));
    for (let n = 1; n <= 3; n++) {
      await until(`frame ${n}`, () => b.centre.frames().length === n);
      b.advance(300);
      await until(`receipt ${n}`, () => deliveries[n - 1]?.result?.kind === 'receipt');
    }
    expect(b.centre.frames().map((f) => f.sequence)).toEqual([1, 2, 3]);
    b.centre.behave({ mode: 'silent' });
    const stuck = Array.from({ length: 12 }, (_, i) => watch(b.door.deliver(b.signal(i + 4))));
    const bound = longestDeliveryMs(dc09DoorConfig.parse({ id: 'x', kind: 'dc09', host: 'h', port: 1 }));
    expect(bound).toBe(6400);
    for (let spent = 0; spent < bound; spent += 400) {
      await new Promise((resolve) => setTimeout(resolve, 10));
      b.advance(400);
    }
    await until('all settle within the bound', () => stuck.every((s) => s.result?.kind === 'next'));
    expect(stuck.at(-1)?.result).toMatchObject({
      fault: 'silent',
      reason: expect.stringContaining('no connection'),
    });
  });

  test('closing the door settles every delivery, begun or waiting', async () => {
    const b = await bench({ connections: 1 });
    b.centre.behave({ mode: 'silent' });
    const deliveries = [1, 2, 3].map((n) => b.door.deliver(b.signal(n)));
    await until('one is in flight', () => b.centre.counts().unacknowledged === 1);
    await b.door.close();
    for (const result of await Promise.all(deliveries)) expect(result).toMatchObject({ fault: 'closed' });
    expect(await b.door.deliver(b.signal(4))).toMatchObject({ fault: 'closed' });
    expect(b.armed()).toBe(0);
  });
});

describe('supervision', () => {
  const supervision = { account: '0809', interval_s: 30 };

  test('an alarm without an answer makes it ask at once, not at its interval', async () => {
    const b = await bench({ supervision });
    await until('an answer', () => b.door.supervision().state === 'answering');
    b.centre.behave({ mode: 'silent', frames: 'alarms' });
    const delivery = watch(b.door.deliver(b.signal(1)));
    for (const tried of [1, 2]) {
      await until('a try', () => b.centre.counts().unacknowledged === tried);
      b.advance(400);
    }
    await until('the end', () => delivery.result !== undefined);
    await until('a NULL long before its interval', () => b.centre.counts().nulls === 2);
  });

  test('asks at once and at its interval, and keeps its connection', async () => {
    const b = await bench({ supervision });
    expect(b.door.supervision()).toEqual({ state: 'unknown' });
    const since = b.clock.wall();
    await until('an answer', () => b.door.supervision().state === 'answering');
    expect(b.door.supervision()).toEqual({ state: 'answering', since, roundTripMs: 0 });
    b.advance(30_000);
    await until('the next NULL', () => b.centre.counts().nulls === 2);
    expect(b.opened.count).toBe(1);
    expect(b.centre.frames()).toEqual([]);
    expect(b.door.supervision()).toMatchObject({ state: 'answering', since });
  });

  test('an alarm does not wait behind a NULL', async () => {
    const b = await bench({ supervision, connections: 1 });
    b.centre.behave({ mode: 'silent', frames: 'nulls' });
    await until('the NULL is in flight', () => b.centre.counts().unacknowledged === 1);
    expect(await b.door.deliver(b.signal(1))).toMatchObject({ kind: 'receipt' });
    expect(b.centre.counts().nulls).toBe(0);
  });

  test('silent after two missed NULLs, asked again soon, and answering when it answers', async () => {
    const b = await bench({ supervision });
    await until('an answer', () => b.door.supervision().state === 'answering');
    b.centre.behave({ mode: 'reset', frames: 'nulls' });
    b.advance(30_000);
    await until(
      'the first miss',
      () => b.lines.filter((l) => l.message.includes('supervision message')).length === 1,
    );
    expect(b.door.supervision().state).toBe('answering');
    await until('the retry is armed', () => b.armed() === 1);
    b.advance(1000);
    await until('the second miss', () => b.door.supervision().state === 'silent');
    const silent = b.door.supervision();
    expect(silent).toMatchObject({ since: b.clock.wall(), reason: expect.stringContaining('silent') });
    b.centre.behave({ mode: 'acknowledge' });
    await until('the next retry is armed', () => b.armed() === 1);
    b.advance(2000);
    await until('an answer', () => b.door.supervision().state === 'answering');
  });

  test("a NULL learns the centre's clock before an alarm needs it", async () => {
    const b = await bench({ supervision });
    await until('an answer', () => b.door.supervision().state === 'answering');
    b.centre.behave({ checkTime: true, clockOffsetMs: -120_000 });
    b.advance(30_000);
    await until('the next NULL', () => b.centre.counts().nulls === 2);
    expect(b.centreClock.offsetMs).toBe(-120_000);
  });
});

test('a configuration with an unknown key is refused', () => {
  const config = { id: 'main', kind: 'dc09', host: 'h', port: 1 };
  expect(dc09DoorConfig.safeParse({ ...config, colour: 'red' }).success).toBe(false);
  expect(dc09DoorConfig.parse(config)).toMatchObject({ line: '0', connections: 4, ack_timeout_ms: 400 });
});
