import { describe, expect, test } from 'vitest';
import { buttonDriver } from '#edge/drivers/button.ts';
import { encodeFrame } from '#protocols/button-frame/encode.ts';
import { crc16 } from '#protocols/button-frame/crc16.ts';
import type { LampState } from '#protocols/signal.ts';
import { handClock } from '../../firmware-sim/button.clock.ts';
import { handWire, heartbeatOf, pressOf, serial, startDriver } from './button.bench.ts';

/** Lets promises that are due settle. */
const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

type Options = Parameters<typeof startDriver>[2];
async function bench(options: Options = {}) {
  const clock = handClock();
  const wire = handWire();
  const driver = startDriver(
    { clock, streams: wire.streams },
    { kind: 'tcp', host: '127.0.0.1', port: 4001 },
    options,
  );
  await settled();
  return { clock, wire, ...driver, run: driver.run };
}

const origin = { serial, boot: 18, counter: 301, type: 'press' } as const;
const faultOf = (healths: unknown[]): string => JSON.stringify(healths.at(-1));

describe('a press', () => {
  test('goes to the core with every copy, and every copy is host-acked with the lamp state of now', async () => {
    const states: LampState[] = ['received', 'delivered', 'delivered'];
    const b = await bench({ answer: () => Promise.resolve(states.shift()!) });
    for (const ageMs of [3, 242, 734]) b.wire.frame(pressOf({ ageMs }), 5000 + ageMs);
    await settled();
    expect(b.events.map((e) => [e.ageMs, e.firstByteAt])).toEqual([
      [3, 5003],
      [242, 5242],
      [734, 5734],
    ]);
    expect(b.events[0]).toMatchObject({ device: 'gate', type: 'press', mode: 'real', origin, silent: false });
    expect(b.wire.saidOf('host-ack').map((a) => [a.origin, a.state])).toEqual([
      [origin, 'received'],
      [origin, 'delivered'],
      [origin, 'delivered'],
    ]);
  });

  test('is not host-acked before the core says that it is durable', async () => {
    let durable: (state: LampState) => void = () => {};
    const b = await bench({ answer: () => new Promise((resolve) => (durable = resolve)) });
    b.wire.frame(pressOf());
    b.clock.advance(60_000);
    await settled();
    expect(b.wire.saidOf('host-ack')).toEqual([]);
    durable('received');
    await settled();
    expect(b.wire.saidOf('host-ack').length).toBe(1);
  });

  test('of another unit than configured goes through all the same, and people are told', async () => {
    const b = await bench();
    b.wire.frame(pressOf({ serial: 7 }));
    await settled();
    expect(b.events[0]!.origin!.serial).toBe(7);
    expect(b.wire.saidOf('host-ack')[0]!.origin.serial).toBe(7);
    expect(faultOf(b.healths)).toContain('00000007');
    b.wire.frame(heartbeatOf());
    expect(b.healths.at(-1)).toEqual({ state: 'good' });
  });

  test('is a test only by its frame type; a release raises nothing', async () => {
    const b = await bench();
    b.wire.frame(pressOf({ type: 'test' }));
    b.wire.frame(pressOf({ type: 'release' }));
    b.wire.frame(pressOf({ type: 'long-press', counter: 302 }));
    expect(b.events.map((e) => [e.type, e.mode])).toEqual([
      ['test', 'test'],
      ['long-press', 'real'],
    ]);
  });

  test('behind a frame of an unknown version still goes through, and the version is told', async () => {
    const b = await bench();
    const newer = encodeFrame({ address: 0, boot: 1, sequence: 1, body: pressOf() });
    newer[2] = 2;
    const crc = crc16(newer, 2, newer.length - 2);
    newer.set([crc >> 8, crc & 0xff], newer.length - 2);
    b.wire.bytes(newer, 0);
    b.wire.frame(pressOf());
    expect(b.events.length).toBe(1);
    expect(faultOf(b.healths)).toContain('protocol version 2');
  });
});

describe('silent wins', () => {
  test.each([
    ['audible', false, false, null],
    ['silent', true, true, null],
    ['audible', true, true, 'treated as silent'],
    ['silent', false, true, 'will light and sound'],
  ] as const)('file says %s, unit is silent: %s', async (sounder, silent, expected, fault) => {
    const b = await bench({ sounder });
    b.wire.frame(heartbeatOf({ silent }));
    if (fault === null) expect(b.healths).toEqual([{ state: 'good' }]);
    else expect(faultOf(b.healths)).toContain(fault);
    b.wire.frame(pressOf({ silent }));
    expect(b.events[0]!.silent).toBe(expected);
  });
});

test('a heartbeat gives facts; tamper and a low battery are faults with a sentence in both languages', async () => {
  const b = await bench();
  b.wire.frame(heartbeatOf({ battery: 12, supply: 'battery', tamper: true }));
  expect(b.facts[0]).toMatchObject({
    battery: 12,
    supply: 'battery',
    tamper: true,
    silent: false,
    firmware: '1.4',
    serial: '0b71c2a4',
  });
  expect(b.healths).toMatchObject([{ state: 'fault' }]);
  expect(faultOf(b.healths)).toMatch(/防拆.*电量仅剩 12%.*tamper.*12 %/);
});

describe('the lamp', () => {
  test('is commanded until the unit confirms that very state, with back-off', async () => {
    const b = await bench();
    const confirmed: number[] = [];
    b.run.lamp!('gate', origin, 'delivered', (at) => confirmed.push(at));
    b.clock.advance(100_000);
    const copies = b.wire.saidOf('lamp').length;
    expect(copies).toBeGreaterThanOrEqual(12);
    expect(copies).toBeLessThanOrEqual(17);
    b.wire.frame({ type: 'lamp-confirm', origin, state: 'received', shown: 'received' });
    b.wire.frame({
      type: 'lamp-confirm',
      origin: { ...origin, counter: 1 },
      state: 'delivered',
      shown: 'dark',
    });
    expect(confirmed).toEqual([]);
    b.wire.frame({ type: 'lamp-confirm', origin, state: 'delivered', shown: 'delivered' });
    expect(confirmed).toEqual([b.clock.monotonic()]);
    b.clock.advance(100_000);
    expect(b.wire.saidOf('lamp').length).toBe(copies);
  });

  test('a later state replaces an earlier one; what stops it, stops it', async () => {
    const b = await bench();
    b.run.lamp!('gate', origin, 'failed', () => expect.unreachable());
    const stop = b.run.lamp!('gate', origin, 'delivered', () => expect.unreachable());
    b.clock.advance(2000);
    expect(b.wire.saidOf('lamp').map((l) => l.state)).toEqual(
      ['failed', 'delivered', 'delivered', 'delivered', 'delivered'].slice(0, b.wire.saidOf('lamp').length),
    );
    stop();
    const copies = b.wire.saidOf('lamp').length;
    b.clock.advance(100_000);
    expect(b.wire.saidOf('lamp').length).toBe(copies);
  });

  test('a thousand of them leave a 9600 baud line room for presses', async () => {
    const b = await bench();
    for (let counter = 0; counter < 1000; counter += 1) {
      b.run.lamp!('gate', { ...origin, counter }, 'failed', () => {});
    }
    b.clock.advance(60_000);
    const lamps = b.wire.saidOf('lamp');
    expect(lamps.length).toBeLessThanOrEqual(60_000 / 50 + 1);
    expect(new Set(lamps.map((l) => l.origin.counter)).size).toBe(1000);
  });

  test('that was not confirmed is commanded at once when the line is open again', async () => {
    const b = await bench();
    b.run.lamp!('gate', origin, 'delivered', () => {});
    b.wire.vanish('the tty is gone');
    const before = b.wire.saidOf('lamp').length;
    b.clock.advance(400);
    await settled();
    b.clock.advance(1);
    expect(b.wire.opens.length).toBe(2);
    expect(b.wire.saidOf('lamp').length).toBe(before + 1);
  });
});

describe('the line', () => {
  test('that cannot be opened is tried for ever, with back-off, and each new reason is told once', async () => {
    const b = await bench();
    b.wire.refuse('no such tty');
    b.wire.vanish('the tty is gone');
    for (let i = 0; i < 600; i += 1) {
      b.clock.advance(1000);
      await settled();
    }
    expect(b.lines).toEqual([
      { open: true, reason: undefined },
      { open: false, reason: 'the tty is gone' },
      { open: false, reason: 'no such tty' },
    ]);
    b.wire.refuse(null);
    b.clock.advance(7000);
    await settled();
    expect(b.lines.at(-1)!.open).toBe(true);
  });

  test('asks for a heartbeat when it opens; one that stays quiet for 3 heartbeats is opened anew', async () => {
    const b = await bench();
    expect(b.wire.saidOf('poll').length).toBe(1);
    b.wire.frame(heartbeatOf(), b.clock.monotonic());
    for (let i = 0; i < 100; i += 1) {
      b.clock.advance(1000);
      await settled();
    }
    expect(b.wire.opens.length).toBe(2);
    expect(b.wire.opens[0]!.closed).toBe(true);
    expect(b.lines).toEqual([{ open: true, reason: undefined }]);
  });

  test('that is noisy for two minutes is a fault naming the line, and two clean minutes end it', async () => {
    const b = await bench();
    const broken = encodeFrame({ address: 0, boot: 1, sequence: 1, body: heartbeatOf() });
    broken[12]! ^= 4;
    const minute = (copies: number): void => {
      for (let i = 0; i < copies; i += 1) b.wire.bytes(broken, b.clock.monotonic());
      b.wire.frame(heartbeatOf(), b.clock.monotonic());
      b.clock.advance(60_000);
    };
    minute(0);
    minute(10);
    expect(b.healths).toEqual([{ state: 'good' }]);
    minute(10);
    expect(faultOf(b.healths)).toContain('10 CRC errors and 230 bytes of noise');
    expect(faultOf(b.healths)).toContain('127.0.0.1:4001');
    minute(0);
    minute(0);
    expect(b.healths.at(-1)).toEqual({ state: 'good' });
    expect(b.measures).toContainEqual({ field: 'crc_errors', value: 10 });
  });

  test('is let go when the edge stops, and nothing runs on', async () => {
    const b = await bench();
    b.run.lamp!('gate', origin, 'failed', () => {});
    b.stop.abort();
    const said = b.wire.said.length;
    b.clock.advance(600_000);
    await settled();
    expect(b.wire.opens.map((o) => o.closed)).toEqual([true]);
    expect(b.wire.said.length).toBe(said);
  });
});

describe('a self-test', () => {
  test('passes with the unit’s word', async () => {
    const b = await bench();
    const result = b.run.act!('gate', { do: 'self-test' });
    const [command] = b.wire.saidOf('self-test');
    b.wire.frame({ type: 'self-test-result', serial, number: command!.number, outcome: 'passed' });
    await expect(result).resolves.toMatchObject({ detail: expect.stringContaining('passed') });
  });

  test('rejects with a sentence when the switch is stuck, and when nobody answers', async () => {
    const b = await bench();
    const stuck = b.run.act!('gate', { do: 'self-test' });
    await expect(b.run.act!('gate', { do: 'self-test' })).rejects.toThrow('running already');
    const { number } = b.wire.saidOf('self-test')[0]!;
    b.wire.frame({ type: 'self-test-result', serial, number, outcome: 'switch-stuck' });
    await expect(stuck).rejects.toThrow('the switch is stuck');
    const unanswered = b.run.act!('gate', { do: 'self-test' });
    b.clock.advance(5000);
    await expect(unanswered).rejects.toThrow('did not answer');
    expect(b.wire.saidOf('self-test').length).toBe(6);
  });
});

describe('the file', () => {
  const device = { id: 'gate', driver: 'button', address: 'tty:/dev/ttyS1', zone: 1, serial: '0B71C2A4' };

  test('defaults: a heartbeat each 30 s, audible', () => {
    expect(buttonDriver.device.parse(device)).toMatchObject({ heartbeat_s: 30, sounder: 'audible' });
  });

  test.each([
    [{ zone: undefined }, 'zone'],
    [{ serial: '12' }, 'serial'],
    [{ sounder: 'loud' }, 'sounder'],
    [{ colour: 'red' }, 'colour'],
  ])('a mistake is named: %j', (change, key) => {
    const result = buttonDriver.device.safeParse({ ...device, ...change });
    expect(JSON.stringify(result.error?.issues)).toContain(key);
  });

  test('two buttons on one line are a mistake of the second', () => {
    const parsed = ['gate', 'hall'].map((id) => buttonDriver.device.parse({ ...device, id }));
    const address = { kind: 'tty', path: '/dev/ttyS1', baudRate: 9600 } as const;
    expect(buttonDriver.configure({ address, devices: parsed.slice(0, 1) })).toEqual([]);
    expect(buttonDriver.configure({ address, devices: parsed })).toMatchObject([
      { device: 1, problem: expect.stringContaining('/dev/ttyS1 already carries gate') },
    ]);
  });
});
