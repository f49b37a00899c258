import { beforeEach, expect, test } from 'vitest';
import { firstN, World } from './world.ts';

let world: World;
beforeEach(async () => {
  world = await new World().start();
});
const rows = () => world.disk.rows('SELECT name, left_at FROM alarms');

test('a press is on disk before it is host-acked, goes up, is delivered, lights the lamp and leaves', async () => {
  const press = world.press();
  expect(press.acked).toBeNull();
  await world.clock.pass(100);
  expect(press.acked).toBe('received');
  expect(world.cloud.alarms).toHaveLength(1);
  const [alarm] = world.cloud.alarms;
  expect(alarm).toMatchObject({
    copy: 1,
    crossed_restart: false,
    age_at_first_byte_ms: 30,
    facts: { type: 'press', device: 'north', mode: 'real', account: '1100', zone: 1, code: '120' },
  });
  expect(world.driver.lamps.map((l) => l.state)).toEqual(['delivered']);
  const last = world.cloud.reports.at(-1)!;
  expect(last).toMatchObject({ lamp: 'delivered', direct: [] });
  expect(Object.keys(last.stages)).toEqual(
    expect.arrayContaining(['first_byte', 'decoded', 'stored_edge', 'published', 'delivered', 'lamp']),
  );
  expect(rows()).toMatchObject([{ left_at: expect.any(Number) }]);
  expect(world.edge.status().alarms).toEqual([]);
  expect(world.door.delivered).toEqual([]);
  await world.clock.pass(60_000);
  expect(world.cloud.alarms).toHaveLength(1);
});

test('a receipt with another digest is ignored', async () => {
  world.cloud.answers = null;
  world.press();
  await world.clock.pass(100);
  const [alarm] = world.cloud.alarms;
  world.cloud.receipt({ name: alarm!.name, digest: 'f'.repeat(64) }, 'delivered');
  await world.clock.pass(100);
  expect(world.driver.lamps).toEqual([]);
  expect(world.edge.status().alarms).toMatchObject([{ delivered: false }]);
  world.cloud.receipt(alarm!, 'delivered');
  await world.clock.pass(100);
  expect(world.driver.lamps.map((l) => l.state)).toEqual(['delivered']);
});

test('two copies of one press in the same tick get one name', async () => {
  const press = world.press();
  const copy = world.press(press.event);
  await world.clock.pass(1);
  const late = world.press({ ...press.event, ageMs: 800 });
  await world.clock.pass(100);
  expect(new Set(world.cloud.alarms.map((a) => a.name.n)).size).toBe(1);
  expect([press.acked, copy.acked, late.acked]).toEqual(['received', 'received', 'received']);
  const again = world.press(press.event);
  await world.clock.pass(10);
  expect(again.acked).toBe('delivered');
});

test('the same origin of another device or another type is another press', async () => {
  const press = world.press();
  world.press({ ...press.event, device: 'south' });
  world.press({ ...press.event, origin: { ...press.event.origin!, type: 'long-press' }, type: 'long-press' });
  await world.clock.pass(100);
  expect(new Set(world.cloud.alarms.map((a) => a.name.n)).size).toBe(3);
});

test('a copy that comes while the commit is pending waits for it', async () => {
  world.disk.fault = 'silent';
  world.cloud.answers = null;
  const press = world.press();
  await world.clock.pass(20);
  const copy = world.press(press.event);
  await world.clock.pass(20);
  expect([press.acked, copy.acked]).toEqual([null, null]);
  world.disk.heal();
  await world.clock.pass(5);
  expect([press.acked, copy.acked]).toEqual(['received', 'received']);
  expect(world.cloud.alarms.map((a) => a.name.n)).toEqual([firstN]);
});

test('a disk that does not answer in 50 ms holds no alarm up, and the host-ack waits for stored', async () => {
  world.disk.fault = 'silent';
  world.cloud.answers = null;
  const press = world.press();
  await world.clock.pass(5);
  world.press(press.event);
  await world.clock.pass(40);
  expect(world.cloud.alarms).toHaveLength(0);
  await world.clock.pass(10);
  await world.clock.pass(20);
  expect(world.cloud.alarms).toMatchObject([{ name: { n: firstN } }]);
  expect(press.acked).toBeNull();
  world.cloud.receipt(world.cloud.alarms[0]!, 'stored');
  await world.clock.pass(10);
  expect(press.acked).toBe('received');
});

test('a disk that fails holds no alarm up; it is host-acked on delivered, and stored when the disk is back', async () => {
  world.disk.fault = 'failing';
  world.cloud.answers = null;
  const press = world.press();
  await world.clock.pass(400);
  expect(press.acked).toBeNull();
  world.cloud.receipt(world.cloud.alarms[0]!, 'delivered');
  await world.clock.pass(10);
  expect(press.acked).toBe('delivered');
  expect(world.cloud.states).toContainEqual(
    expect.objectContaining({ kind: 'notice', code: 'outbox', open: true }),
  );
  world.disk.heal();
  await world.clock.pass(60_000);
  expect(rows()).toHaveLength(1);
  expect(world.cloud.states).toContainEqual(
    expect.objectContaining({ kind: 'notice', code: 'outbox', open: false }),
  );
});

test('an outbox that cannot be opened: the edge runs on in an epoch of its own, and takes the file when it can', async () => {
  world.kill();
  world.disk.fault = 'unopenable';
  await world.start();
  const { epoch } = world.edge.status();
  world.cloud.answers = null;
  const press = world.press();
  await world.clock.pass(200);
  expect(world.cloud.alarms).toMatchObject([{ name: { epoch, n: firstN } }]);
  expect(press.acked).toBeNull();
  world.disk.heal();
  await world.clock.pass(120_000);
  expect(press.acked).not.toBeNull();
  expect(world.edge.status()).toMatchObject({ outbox_open: true, epoch });
  expect(rows()).toHaveLength(1);
});

test('without an answer it is sent again, at growing intervals, and slower once it is stored', async () => {
  world.kill();
  await world.start(world.config({ direct: undefined }));
  world.cloud.answers = null;
  world.press();
  await world.clock.pass(60_000);
  const copies = world.cloud.alarms.length;
  expect(copies).toBeGreaterThan(7);
  expect(copies).toBeLessThan(20);
  expect(world.cloud.alarms.map((a) => a.copy)).toEqual(world.cloud.alarms.map((_, i) => i + 1));
  world.cloud.answers = 'stored';
  await world.clock.pass(30_000);
  const before = world.cloud.alarms.length;
  await world.clock.pass(300_000);
  const slow = world.cloud.alarms.length - before;
  expect(slow).toBeGreaterThan(7);
  expect(slow).toBeLessThan(24);
});

test('no delivered within a second: the edge delivers by itself, with the same sequence and facts, and reports it', async () => {
  world.cloud.answers = 'stored';
  world.press();
  await world.clock.pass(900);
  expect(world.door.delivered).toHaveLength(0);
  await world.clock.pass(200);
  const [alarm] = world.cloud.alarms;
  expect(world.door.delivered).toMatchObject([
    {
      sequence: alarm!.name.n,
      account: '1100',
      zone: 1,
      code: '120',
      occurredAt: alarm!.facts.occurred_at,
      clockKnown: alarm!.facts.clock_known,
    },
  ]);
  await world.clock.pass(100);
  expect(world.driver.lamps.map((l) => l.state)).toEqual(['delivered']);
  expect(world.cloud.reports.at(-1)).toMatchObject({
    direct: [{ path: 'direct', primary: true, centre: 'city-110', door: 'dc09', raw: '41' }],
    lamp: 'delivered',
  });
  expect(world.edge.status().alarms).toEqual([]);
});

test('delivered in time: the edge does not deliver by itself', async () => {
  world.cloud.answers = 'stored';
  world.press();
  await world.clock.pass(500);
  world.cloud.receipt(world.cloud.alarms[0]!, 'delivered');
  await world.clock.pass(60_000);
  expect(world.door.delivered).toEqual([]);
});

test('the link is down: the edge delivers at once, and tells the cloud when it is back', async () => {
  world.cloud.cut();
  const press = world.press();
  await world.clock.pass(5);
  expect(world.door.delivered).toHaveLength(1);
  expect(press.acked).toBe('received');
  await world.clock.skip(3_600_000);
  expect(world.driver.lamps.map((l) => l.state)).toEqual(['delivered']);
  expect(world.edge.status().alarms).toHaveLength(1);
  world.cloud.mend();
  await world.clock.pass(1000);
  expect(world.cloud.alarms.length).toBeGreaterThan(0);
  expect(world.cloud.reports.at(-1)).toMatchObject({ direct: [{ path: 'direct' }], lamp: 'delivered' });
  expect(world.edge.status().alarms).toEqual([]);
  expect(world.door.delivered).toHaveLength(1);
});

test('the link goes down while an alarm waits for its receipt: the edge delivers at once', async () => {
  world.cloud.answers = 'stored';
  world.press();
  await world.clock.pass(100);
  expect(world.door.delivered).toHaveLength(0);
  world.cloud.cut();
  await world.clock.pass(1);
  expect(world.door.delivered).toHaveLength(1);
});

test('110 gives no receipt on the direct path: it is tried again for ever, until the cloud has delivered', async () => {
  world.door.says = 'next';
  world.cloud.answers = 'stored';
  world.press();
  await world.clock.pass(600_000);
  const tries = world.door.delivered.length;
  expect(tries).toBeGreaterThan(50);
  world.cloud.answers = 'delivered';
  await world.clock.pass(60_000);
  const then = world.door.delivered.length;
  await world.clock.pass(600_000);
  expect(world.door.delivered.length).toBe(then);
  expect(world.driver.lamps.map((l) => l.state)).toEqual(['failed', 'delivered']);
});

test('the link flaps while the direct path pauses between two tries: it is tried again all the same', async () => {
  world.cloud.cut();
  world.door.says = 'next';
  world.press();
  await world.clock.pass(10);
  expect(world.door.delivered).toHaveLength(1);
  world.cloud.mend();
  world.cloud.answers = null;
  world.cloud.cut();
  world.door.says = 'receipt';
  await world.clock.pass(60_000);
  expect(world.edge.status().alarms).toMatchObject([{ delivered: true }]);
});

test('delivered comes while the door is still trying: it is not tried again', async () => {
  world.door.says = 'next-later';
  world.cloud.answers = 'stored';
  world.press();
  await world.clock.pass(1100);
  expect(world.door.delivered).toHaveLength(1);
  world.cloud.receipt(world.cloud.alarms[0]!, 'delivered');
  await world.clock.pass(60_000);
  expect(world.door.delivered).toHaveLength(1);
});

test('refused: the edge delivers at once and does not send it again until the cloud is another', async () => {
  world.cloud.answers = 'refused';
  world.driver.confirms = false;
  world.press();
  await world.clock.pass(10);
  expect(world.door.delivered).toHaveLength(1);
  await world.clock.pass(100_000);
  expect(world.cloud.alarms).toHaveLength(1);
  expect(world.edge.status().alarms).toHaveLength(1);
  world.cloud.epoch = 'cloud-2';
  world.cloud.answers = 'delivered';
  await world.clock.pass(10_000);
  expect(world.cloud.alarms.length).toBeGreaterThan(1);
  expect(world.cloud.reports.at(-1)).toMatchObject({ direct: [{ path: 'direct' }] });
});

test('refused and delivered by the edge: it leaves when the lamp has confirmed', async () => {
  world.cloud.answers = 'refused';
  world.press();
  await world.clock.pass(100);
  expect(world.edge.status().alarms).toEqual([]);
});

test('delivered by the cloud of before and refused by the one of today: it leaves when its lamp has confirmed', async () => {
  world.driver.confirms = false;
  world.press();
  await world.clock.pass(100);
  world.cloud.epoch = 'cloud-2';
  world.cloud.answers = 'refused';
  await world.clock.pass(60_000);
  expect(world.edge.status().alarms).toMatchObject([{ delivered: true }]);
  expect(world.door.delivered).toEqual([]);
  world.driver.lamps.at(-1)!.confirm();
  await world.clock.pass(60_000);
  expect(world.edge.status().alarms).toEqual([]);
});

test('10 s after the press without delivered the lamp says failed, and delivered when that comes', async () => {
  world.cloud.answers = 'stored';
  world.door.says = 'nothing';
  world.press({ ageMs: 4000 });
  await world.clock.pass(5900);
  expect(world.driver.lamps).toEqual([]);
  await world.clock.pass(200);
  expect(world.driver.lamps.map((l) => l.state)).toEqual(['failed']);
  expect(world.cloud.reports.at(-1)).toMatchObject({ lamp: 'failed', direct: [] });
  world.cloud.receipt(world.cloud.alarms[0]!, 'delivered');
  await world.clock.pass(100);
  expect(world.driver.lamps.map((l) => l.state)).toEqual(['failed', 'delivered']);
});

test('it stays in the outbox until the lamp has confirmed, or its button has been silent for a day', async () => {
  world.driver.confirms = false;
  world.press();
  await world.clock.skip(3_600_000);
  expect(world.edge.status().alarms).toHaveLength(1);
  world.driver.lamps.at(-1)!.confirm();
  await world.clock.pass(100);
  expect(world.edge.status().alarms).toHaveLength(0);

  world.press();
  await world.clock.skip(23 * 3_600_000);
  expect(world.edge.status().alarms).toHaveLength(1);
  await world.clock.skip(3_600_000);
  expect(world.edge.status().alarms).toHaveLength(0);
});

test('a unit that was replaced will not confirm: a day after, its delivered alarm leaves, and no sooner', async () => {
  world.driver.confirms = false;
  world.press();
  await world.clock.skip(3_600_000);
  const hours = async (count: number, serial: string) => {
    for (let hour = 0; hour < count; hour++) {
      world.driver.context.heard('north', { serial });
      await world.clock.skip(3_600_000);
    }
  };
  await hours(30, '00000007');
  expect(world.edge.status().alarms).toHaveLength(1);
  await hours(23, '00000008');
  await hours(1, '00000007');
  await hours(23, '00000008');
  expect(world.edge.status().alarms).toHaveLength(1);
  await hours(1, '00000008');
  expect(world.edge.status().alarms).toEqual([]);
});

test('a button that is heard holds its alarm until its lamp confirms, however long that takes', async () => {
  world.driver.confirms = false;
  world.press();
  for (let hour = 0; hour < 50; hour++) {
    await world.clock.skip(3_600_000);
    world.driver.context.heard('north');
  }
  expect(world.edge.status().alarms).toHaveLength(1);
});

test('it stays in the outbox until the cloud has taken its last report', async () => {
  world.cloud.answersReports = false;
  world.press();
  await world.clock.pass(60_000);
  expect(world.edge.status().alarms).toHaveLength(1);
  expect(world.cloud.reports.length).toBeGreaterThan(3);
  world.cloud.answersReports = true;
  await world.clock.pass(60_000);
  expect(world.edge.status().alarms).toHaveLength(0);
});

test('a cloud that was restored forgets nothing for long: what it held is told again', async () => {
  world.driver.confirms = false;
  world.press();
  await world.clock.pass(100);
  const before = world.cloud.alarms.length;
  world.cloud.epoch = 'cloud-2';
  await world.clock.pass(10_000);
  expect(world.cloud.alarms.length).toBeGreaterThan(before);
  expect(world.driver.lamps.map((l) => l.state)).toEqual(['delivered']);
});

test('the word of the edge: every receipt that it knows of, also of what has left, and none of what it never named', async () => {
  world.press();
  await world.clock.pass(1000);
  const { name } = world.cloud.alarms[0]!;
  world.cloud.reports = [];
  world.cloud.send({ kind: 'word', ...world.cloud.stamp(), names: [name, { ...name, n: 999 }] });
  await world.clock.pass(100);
  expect(world.cloud.reports).toMatchObject(
    [
      { name, direct: [{ path: 'cloud', centre: 'city-110' }] },
      { name: { n: 999 }, direct: [] },
    ].sort((a, b) => b.direct.length - a.direct.length) as object[],
  );
});
