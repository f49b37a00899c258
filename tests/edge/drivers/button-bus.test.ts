import { describe, expect, test } from 'vitest';
import { buttonDriver } from '#edge/drivers/button.ts';
import { busBench, serialOf } from './button-bus.bench.ts';

const healthy = async (count: number, ms: number, baud?: number) => {
  const b = busBench(count, { baud });
  await b.pass(2000);
  const from = b.clock.monotonic();
  await b.pass(ms);
  return b.polls(from);
};

describe('sixteen buttons on one bus', () => {
  test('answer when they are polled, each in each round, and never two at once', async () => {
    const b = busBench(16);
    await b.pass(5000);
    const answers = b.fromUnits.length;
    const polls = b.said('poll').length;
    expect(polls - answers).toBeLessThanOrEqual(1);
    const times = [...b.polls(0).values()];
    expect(times.length).toBe(16);
    expect(Math.max(...times) - Math.min(...times)).toBeLessThanOrEqual(1);
    for (let unit = 1; unit <= 16; unit += 1) {
      expect(b.healthOf(`b${unit}`)).toBe('good');
      expect(b.facts.get(`b${unit}`)).toMatchObject({
        serial: `b00000${unit.toString(16).padStart(2, '0')}`,
      });
    }
  });

  test.each([
    [38_400, 221],
    [115_200, 150],
  ])('at %i baud a round takes %i ms', async (baud, ms) => {
    const times = await healthy(16, 30_000, baud);
    for (const polls of times.values()) expect(30_000 / polls).toBeLessThanOrEqual(ms * 1.02);
  });

  test('a press is told within the worst-case wait of the page, also when all press at once', async () => {
    const b = busBench(16);
    await b.pass(3000);
    const at = b.clock.monotonic();
    for (let unit = 1; unit <= 16; unit += 1) b.unit(unit).press();
    await b.pass(3000);
    const first = new Map<string, number>();
    for (const { device, at: told } of b.events) if (!first.has(device)) first.set(device, told - at);
    expect(first.size).toBe(16);
    for (const wait of first.values()) expect(wait).toBeLessThanOrEqual(531);
    for (let unit = 1; unit <= 16; unit += 1) {
      const [press] = b.unit(unit).presses();
      expect(press!.ackedAt! - press!.pressedAt).toBeLessThan(1000);
      expect(press!.lamp).toBe('received');
    }
  });
});

describe('a press on a bus', () => {
  test('is not host-acked before it is durable, is offered at each poll until then, and once after', async () => {
    let durable: (state: 'received') => void = () => {};
    const b = busBench(4, { answer: () => new Promise((resolve) => (durable = resolve)) });
    await b.pass(1000);
    b.unit(3).press();
    await b.pass(2000);
    const copies = b.events.length;
    expect(copies).toBeGreaterThan(10);
    expect(new Set(b.events.map((e) => JSON.stringify(e.origin))).size).toBe(1);
    expect(b.said('host-ack')).toEqual([]);
    expect(b.events.at(-1)!.ageMs).toBeGreaterThan(1500);
    durable('received');
    await b.pass(500);
    expect(b.said('host-ack').length).toBe(1);
    expect(b.unit(3).presses()[0]!.ackedAt).not.toBeNull();
    const before = b.events.length;
    await b.pass(1000);
    expect(b.events.length).toBe(before);
  });

  test('has its lamp commanded until the unit confirms it', async () => {
    const b = busBench(4);
    await b.pass(1000);
    const origin = b.unit(2).press();
    await b.pass(500);
    const confirmed: number[] = [];
    b.run.lamp!('b2', origin, 'delivered', (at) => confirmed.push(at));
    await b.pass(1500);
    expect(confirmed.length).toBe(1);
    expect(b.unit(2).shown()).toBe('delivered');
    const copies = b.said('lamp').length;
    await b.pass(5000);
    expect(b.said('lamp').length).toBe(copies);
  });

  test('under duress goes to the core as duress and silent, and nothing shows or sounds', async () => {
    const b = busBench(2);
    await b.pass(1000);
    const origin = b.unit(1).duress();
    b.run.lamp!('b1', origin, 'failed', () => expect.unreachable());
    await b.pass(15_000);
    expect(b.events[0]).toMatchObject({ type: 'duress', mode: 'real', silent: true });
    expect(b.unit(1).presses()[0]!.ackedAt).not.toBeNull();
    expect(b.said('lamp')).toEqual([]);
    expect(b.unit(1).lampHistory()).toEqual([]);
    expect(b.unit(1).switchedOn()).toEqual([]);
  });
});

describe('one bad unit and its neighbours', () => {
  /** Polls of the neighbours in 30 s against those of a healthy bus. */
  async function neighbours(b: ReturnType<typeof busBench>, bad: number[]) {
    const good = await healthy(16, 30_000);
    await b.pass(10_000);
    const from = b.clock.monotonic();
    await b.pass(30_000);
    const polls = b.polls(from);
    const rates = [...good]
      .filter(([unit]) => !bad.includes(unit))
      .map(([unit, times]) => polls.get(unit)! / times);
    for (const rate of rates) expect(Math.abs(1 - rate)).toBeLessThanOrEqual(0.1);
    expect(rates.length).toBe(16 - bad.length);
    return { good, polls };
  }

  test('a dead unit is named, polled in every tenth round, and costs them nothing', async () => {
    const b = busBench(16);
    b.cut.add('b5');
    const { good, polls } = await neighbours(b, [5]);
    expect(polls.get(5)! / good.get(5)!).toBeCloseTo(0.1, 1);
    expect(b.healthOf('b5')).toMatch(/^offline: Unit 5 on \/dev\/ttyS1 has not answered for \d s/);
    expect(b.healthOf('b6')).toBe('good');
    b.cut.delete('b5');
    await b.pass(6000);
    expect(b.healthOf('b5')).toBe('good');
  });

  test('eight dead units leave the others their rate', async () => {
    const b = busBench(16);
    const bad = [1, 3, 5, 7, 9, 11, 13, 15];
    for (const unit of bad) b.cut.add(`b${unit}`);
    await neighbours(b, bad);
  });

  test.each([
    ['noise before each frame', { noiseBytes: 30 }],
    ['a wrong CRC in nine of ten frames', { corrupted: 0.9 }],
    ['lost bytes', { lostBytes: 0.04 }],
  ])('%s', async (_, how) => {
    const b = busBench(16);
    b.unit(9).misbehave(how);
    await neighbours(b, [9]);
    if (!('noiseBytes' in how)) {
      expect(b.healthOf('b9')).toMatch(/CRC errors or answers out of turn in \d+ of 20 polls of unit 9/);
    }
    expect(b.healthOf('b8')).toBe('good');
    expect(b.healthOf('b10')).toBe('good');
    b.unit(9).press();
    b.unit(10).press();
    await b.pass(20_000);
    expect(new Set(b.events.map((e) => e.device))).toEqual(new Set(['b9', 'b10']));
    b.unit(9).misbehave({});
    await b.pass(60_000);
    expect(b.healthOf('b9')).toBe('good');
  });

  test('a slow drip spoils no more than the turns that it falls into, and presses of the others get through', async () => {
    const b = busBench(16);
    b.unit(9).misbehave({ dripMs: 20 });
    await neighbours(b, [9]);
    for (let unit = 1; unit <= 8; unit += 1) b.unit(unit).press();
    await b.pass(5000);
    expect(new Set(b.events.map((e) => e.device)).size).toBe(8);
  });

  test('two units with one address are told in words that a technician understands', async () => {
    const b = busBench(16);
    b.plugIn('intruder', 0xdead, 4);
    await neighbours(b, [4]);
    expect(b.healthOf('b4')).toMatch(/fault:.*two units may have this address.*同一地址/);
    expect(b.healthOf('b5')).toBe('good');
  });

  test('a swapped unit is known by its serial number, and its presses go through', async () => {
    const b = busBench(4);
    await b.pass(2000);
    b.units.get('b2')!.stop();
    b.plugIn('b2', 0xcafe, 2);
    await b.pass(2000);
    expect(b.healthOf('b2')).toContain('serial number 0000cafe');
    expect(b.healthOf('b2')).not.toContain('Two units');
    b.unit(2).press();
    await b.pass(1000);
    expect(b.events[0]).toMatchObject({ device: 'b2', origin: { serial: 0xcafe } });
  });

  test('a restart, a stuck switch and a drained battery are those of one unit alone', async () => {
    const b = busBench(4);
    await b.pass(1000);
    b.unit(1).press();
    b.unit(1).restart();
    b.unit(2).setBattery(7, 'battery');
    b.unit(3).setSwitch('switch-stuck');
    await b.pass(3000);
    expect(b.events[0]).toMatchObject({ device: 'b1', type: 'press' });
    expect(b.healthOf('b2')).toContain('7 %');
    const test = b.run.act!('b3', { do: 'self-test' });
    const refused = expect(test).rejects.toThrow('the switch is stuck');
    await b.pass(6000);
    await refused;
    expect(b.healthOf('b4')).toBe('good');
  });
});

describe('orders by hand', () => {
  async function order(b: ReturnType<typeof busBench>, device: string, act: object) {
    const result = b.run.act!(device, act as Parameters<NonNullable<typeof b.run.act>>[1]).then(
      ({ detail }) => detail,
      (error: unknown) => `no: ${(error as Error).message}`,
    );
    await b.pass(6000);
    return result;
  }

  test('a self-test is run on the bus, and raises nothing', async () => {
    const b = busBench(16);
    await b.pass(1000);
    await expect(order(b, 'b7', { do: 'self-test' })).resolves.toContain('passed');
    expect(b.events).toEqual([]);
  });

  test('a siren sounds for its seconds and goes off by itself, though the host is gone', async () => {
    const b = busBench(4);
    await b.pass(1000);
    await expect(order(b, 'b1', { do: 'siren', seconds: 20 })).resolves.toContain('done');
    expect(b.unit(1).switchedOn()).toEqual(['siren']);
    await b.run.close();
    await b.pass(21_000);
    expect(b.unit(1).switchedOn()).toEqual([]);
  });

  test('a lamp is switched on and off, and no longer than 600 s', async () => {
    const b = busBench(2);
    await b.pass(1000);
    await order(b, 'b1', { do: 'lamp', on: true });
    expect(b.unit(1).switchedOn()).toEqual(['lamp']);
    await order(b, 'b1', { do: 'lamp', on: false });
    expect(b.unit(1).switchedOn()).toEqual([]);
    await order(b, 'b1', { do: 'lamp', on: true });
    expect(b.said('output').at(-1)).toMatchObject({ output: 'lamp', seconds: 600 });
  });

  test('a silent unit is never made to sound, neither by the edge nor by the unit itself', async () => {
    const b = busBench(2, { silent: [2] });
    await b.pass(1000);
    await expect(order(b, 'b2', { do: 'siren', seconds: 5 })).resolves.toMatch(/^no: .*silent/);
    expect(b.said('output')).toEqual([]);
    expect(b.unit(2).switchedOn()).toEqual([]);
    // A unit that the file calls audible, and that has not said otherwise yet.
    const unknown = busBench(2);
    unknown.units.get('b1')!.stop();
    const silent = unknown.plugIn('b1', serialOf(1), 1, true);
    const before = order(unknown, 'b1', { do: 'siren', seconds: 5 });
    await before;
    expect(silent.switchedOn()).toEqual([]);
  });
});

test('a bus on which nobody answers for three heartbeats is opened anew', async () => {
  const b = busBench(3);
  await b.pass(5000);
  b.kill();
  await b.pass(100_000);
  expect(b.opens()).toBeGreaterThanOrEqual(2);
});

test('nothing runs on when the edge stops', async () => {
  const b = busBench(3);
  await b.pass(1000);
  b.stop.abort();
  const said = b.fromHost.length;
  await b.pass(5000);
  expect(b.fromHost.length).toBe(said);
});

test('mistakes of a bus are named in the file', () => {
  const parse = (id: string, change: object) =>
    buttonDriver.device.parse({
      id,
      driver: 'button',
      address: 'tty:/dev/ttyS1',
      zone: 1,
      serial: id.padStart(8, '0'),
      ...change,
    });
  const at = (baudRate: number) => ({ kind: 'tty', path: '/dev/ttyS1', baudRate }) as const;
  const problems = (baud: number, ...devices: ReturnType<typeof parse>[]) =>
    buttonDriver.configure({ address: at(baud), devices }).map(({ device, problem }) => [device, problem]);
  expect(problems(38_400, parse('a', { unit: 1 }), parse('b', { unit: 2 }))).toEqual([]);
  expect(problems(38_400, parse('a', { unit: 1 }), parse('b', { unit: 1 }))).toEqual([
    [1, 'unit 1 on /dev/ttyS1 is already a'],
  ]);
  expect(problems(38_400, parse('a', { unit: 1 }), parse('b', {}))).toMatchObject([
    [1, expect.stringContaining('/dev/ttyS1 is a bus: give b its address')],
  ]);
  expect(
    problems(38_400, parse('a', { unit: 1 }), parse('b', { unit: 2, serial: '0000000a' })),
  ).toMatchObject([[1, expect.stringContaining('already that of a')]]);
  expect(problems(9600, parse('a', { unit: 1 }))).toMatchObject([
    [0, expect.stringContaining('/dev/ttyS1?baud=38400')],
  ]);
  const many = Array.from({ length: 17 }, (_, i) =>
    parse(`u${i}`, { unit: i + 1, serial: String(i).padStart(8, '0') }),
  );
  expect(problems(38_400, ...many)).toMatchObject([[16, expect.stringContaining('more than 16 buttons')]]);
});
