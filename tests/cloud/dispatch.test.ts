import { beforeEach, describe, expect, test } from 'vitest';
import { nameText } from '#protocols/signal.ts';
import { CloudWorld, directReport, nameOf, press } from './cloud-world.ts';
import { settle } from './fake-ports.ts';

let world: CloudWorld;
beforeEach(async () => {
  world = new CloudWorld();
  await world.start();
});

test('the next door is tried where the first gives no receipt', async () => {
  world.first.does = 'unreachable';
  await world.says(press(world, 1));
  expect([world.first.taken.length, world.second.taken.length]).toEqual([1, 1]);
  expect(world.receipts().at(-1)).toMatchObject({ state: 'delivered' });
  expect(world.rows('SELECT door, outcome FROM attempts WHERE centre = ? ORDER BY id', 'police')).toEqual([
    { door: 'first', outcome: 'unreachable' },
    { door: 'second', outcome: 'receipt' },
  ]);
});

test('after the last door the list begins again, ever more slowly, and is never given up', async () => {
  world.first.does = world.second.does = 'unreachable';
  const alarm = press(world, 1);
  await world.says(alarm);
  expect(world.openAlerts()).toEqual([`alarm-undelivered ${nameText(alarm.name)}`]);
  await world.clock.pass(60_000);
  const afterAMinute = world.first.taken.length;
  expect(afterAMinute).toBeGreaterThan(5);
  expect(afterAMinute).toBeLessThan(20);
  await world.clock.pass(3 * 3_600_000);
  expect(world.first.taken.length - afterAMinute).toBeGreaterThan((3 * 3600) / 15 - 10);
  world.first.does = 'receipt';
  await world.clock.pass(15_000);
  expect(world.receipts().at(-1)!.state).toBe('delivered');
  expect(world.openAlerts()).toEqual([`alarm-late ${nameText(alarm.name)}`]);
  expect(world.rows('SELECT late FROM signals')).toEqual([{ late: 1 }]);
  // Kept within bounds, however long it took.
  expect(world.rows('SELECT COUNT(*) AS n FROM attempts')[0]!.n).toBeLessThan(1010);
});

test('a centre that answers nothing does not delay another', async () => {
  world.first.does = 'nothing';
  await world.says(press(world, 1));
  expect(world.receipts().at(-1)!.state).toBe('stored');
  expect(world.rows('SELECT centre FROM receipts')).toEqual([{ centre: 'guards' }]);
  world.first.does = 'receipt';
  world.other.does = 'nothing';
  await world.says(press(world, 2));
  expect(world.receipts().at(-1)).toMatchObject({ state: 'delivered', centres: [{ centre: 'police' }] });
});

test('only the primary centre makes it delivered', async () => {
  world.first.does = world.second.does = 'unreachable';
  const alarm = press(world, 1);
  await world.says(alarm);
  await world.says({ ...alarm, copy: 2 });
  expect(world.receipts().at(-1)).toMatchObject({ state: 'stored', centres: [{ centre: 'guards' }] });
});

test('a centre that refuses is an alert, and the next door is tried', async () => {
  world.first.does = 'refused';
  await world.says(press(world, 1));
  expect(world.openAlerts()).toEqual(['centre-refused police/first']);
  expect(world.receipts().at(-1)!.state).toBe('delivered');
  world.first.does = 'receipt';
  await world.says(press(world, 2));
  expect(world.openAlerts()).toEqual([]);
});

test('a door that breaks its promise and throws does not end the pursuit', async () => {
  world.first.does = 'throw';
  await world.says(press(world, 1));
  expect(world.receipts().at(-1)!.state).toBe('delivered');
});

test('people are told when 110 has not acknowledged within the bound, and again when it has', async () => {
  world = new CloudWorld();
  world.more = { latency: { bound_ms: 10_000 } };
  await world.start();
  world.first.does = 'nothing';
  await world.says(press(world, 1));
  await world.clock.pass(9_899);
  expect(world.openAlerts()).toEqual([]);
  await world.clock.pass(2);
  expect(world.openAlerts()).toContain(`alarm-undelivered ${nameText(nameOf(1))}`);
  world.first.answer();
  await settle();
  expect(world.openAlerts()).not.toContain(`alarm-undelivered ${nameText(nameOf(1))}`);
});

test('a receipt that the disk does not take at once is not lost and not asked for twice', async () => {
  world.first.does = 'nothing';
  await world.says(press(world, 1));
  world.disk.fail = new Error('disk full');
  world.first.answer();
  await settle();
  expect(world.receipts().at(-1)!.state).toBe('stored');
  world.disk.fail = null;
  await world.clock.pass(1000);
  expect(world.receipts().at(-1)!.state).toBe('delivered');
  expect(world.first.taken).toHaveLength(1);
});

test('a crash between commit and dispatch: the edge is asked, and after 2 s the alarm goes out', async () => {
  world.first.does = 'nothing';
  const alarm = press(world, 1);
  await world.says(alarm);
  world.crash();
  world.sent = [];
  world.first.taken.length = 0;
  world.first.does = 'receipt';
  await world.clock.freeze(5000);
  await world.start();
  expect(world.sent).toMatchObject([
    { topic: 'belfry/v1/school/gate/receipt', message: { kind: 'word', names: [alarm.name] } },
  ]);
  await world.clock.pass(1999);
  expect(world.first.taken).toHaveLength(0);
  await world.clock.pass(1);
  expect(world.first.taken).toMatchObject([{ name: nameText(alarm.name), sequence: 1 }]);
  expect(world.receipts().at(-1)!.state).toBe('delivered');
  // 100 ms old when it came in, 5 s without a cloud, and 2 s for the edge's word.
  expect(world.clock.monotonic() - world.first.taken[0]!.pressedAtMonotonic).toBe(7100);
});

test('a crash between the receipt of 110 and its commit: the same bytes go out again, nothing else', async () => {
  world.first.does = 'nothing';
  await world.says(press(world, 1));
  const [sent] = world.first.taken;
  world.crash();
  world.first.answer();
  await settle();
  expect(world.rows('SELECT * FROM receipts WHERE centre = ?', 'police')).toEqual([]);
  world.first.does = 'receipt';
  await world.start();
  await world.clock.pass(2000);
  expect(world.first.taken).toHaveLength(2);
  const { pressedAtMonotonic: _, ...again } = world.first.taken[1]!;
  expect(sent).toMatchObject(again);
  expect(world.other.taken).toHaveLength(1);
});

test("the edge's word within 2 s, that 110 has it, is enough: it is not sent again", async () => {
  world.first.does = 'nothing';
  const alarm = press(world, 1);
  await world.says(alarm);
  world.crash();
  world.first.taken.length = 0;
  await world.start();
  await world.clock.pass(500);
  await world.says(directReport(alarm));
  await world.clock.pass(60_000);
  expect(world.first.taken).toHaveLength(0);
  expect(world.receipts().at(-1)!.state).toBe('delivered');
});

test('a gateway that comes back after the start is asked at its birth', async () => {
  world.first.does = world.second.does = 'nothing';
  const alarm = press(world, 1);
  await world.says(alarm);
  world.crash();
  await world.start();
  world.sent = [];
  const birth = {
    kind: 'birth',
    session: 't',
    sent_at: 1,
    epoch: alarm.name.epoch,
    highest_n: 1,
    version: '0',
    account: '1234',
    devices: [],
  };
  world.publish('belfry/v1/school/gate/state', JSON.stringify(birth));
  await settle();
  expect(world.sent.map(({ message }) => message)).toContainEqual(
    expect.objectContaining({ kind: 'word', names: [alarm.name] }),
  );
});

test('after a restart a centre that already has it is left alone, and the others are served', async () => {
  world.other.does = 'nothing';
  await world.says(press(world, 1));
  world.crash();
  world.other.taken.length = 0;
  world.other.does = 'receipt';
  await world.start();
  await world.clock.pass(2000);
  expect(world.first.taken).toHaveLength(1);
  expect(world.other.taken).toHaveLength(1);
});

test('a second restart sends nothing again', async () => {
  await world.says(press(world, 1));
  world.crash();
  await world.start();
  await world.clock.pass(10_000);
  expect(world.first.taken).toHaveLength(1);
  expect(world.other.taken).toHaveLength(1);
});

test('a silent door is an alert for as long as it is silent, and every change is in the feed', async () => {
  const before = await world.cloud.feed.latest();
  world.first.state = { state: 'silent', since: 5, reason: 'no answer to NULL' };
  await world.clock.pass(1000);
  expect(world.openAlerts()).toEqual(['centre-silent police/first']);
  world.first.state = { state: 'answering', since: 6, roundTripMs: 3 };
  await world.clock.pass(1000);
  expect(world.openAlerts()).toEqual([]);
  const feed = await world.cloud.feed.after(before, 100);
  expect(feed.filter(({ type }) => type === 'centre')).toHaveLength(2);
  expect(world.cloud.centres()[0]).toMatchObject({ id: 'police', doors: [{ supervision: 'answering' }, {}] });
});

test('a thousand alarms at once are each delivered once', async () => {
  for (let n = 1; n <= 1000; n += 1) {
    world.publish('belfry/v1/school/gate/alarm', JSON.stringify(press(world, n)));
  }
  for (let i = 0; i < 2000 && world.first.taken.length < 1000; i += 1) await settle();
  await settle();
  expect(new Set(world.first.taken.map(({ name }) => name)).size).toBe(1000);
  expect(world.first.taken).toHaveLength(1000);
});

test('a crash between a receipt and the end of its alert does not leave the alert open', async () => {
  world.first.does = world.second.does = 'unreachable';
  const alarm = press(world, 1);
  await world.says(alarm);
  await world.clock.pass(10_000);
  const open = `alarm-undelivered ${nameText(alarm.name)}`;
  expect(world.openAlerts()).toContain(open);
  world.crash();
  world.rows(`UPDATE signals SET delivered_at = 1 WHERE name = '${nameText(alarm.name)}' RETURNING id`);
  world.rows('UPDATE deliveries SET done_at = 1 RETURNING signal');
  await world.start();
  expect(world.openAlerts()).not.toContain(open);
});

test('a gateway that delivers directly to another centre than the primary is told of to people', async () => {
  world.first.does = 'nothing';
  const alarm = press(world, 1);
  await world.says(alarm);
  const report = directReport(alarm);
  await world.says({ ...report, direct: report.direct.map((receipt) => ({ ...receipt, centre: 'guards' })) });
  expect(world.openAlerts()).toContain(`wrong-centre ${alarm.name.gateway}`);
  expect(world.receipts().at(-1)!.state).toBe('stored');
});

test('a sum is the same alarm after a crash, its count included', async () => {
  world.first.does = world.second.does = 'unreachable';
  const first = { serial: 7, boot: 1, counter: 1, type: 'press' } as const;
  const sum = { count: 9, first, last: { ...first, counter: 9 } };
  await world.says(press(world, 1, { facts: { type: 'sum', origin: null, sum } }));
  world.crash();
  await world.start();
  await world.clock.pass(20_000);
  const [before, after] = [world.first.taken[0]!, world.first.taken.at(-1)!];
  expect(before.count).toBe(9);
  expect(after).toEqual({ ...before, pressedAtMonotonic: after.pressedAtMonotonic });
});

describe('alarms that have long been owed', () => {
  const taken = () => world.first.taken.map(({ name }) => Number(name.split('.').at(-1)));
  const many = 30;
  let fifth: ReturnType<typeof press>;

  beforeEach(async () => {
    world.first.does = world.second.does = 'unreachable';
    for (let n = 1; n <= many; n++) {
      const alarm = press(world, n);
      if (n === 5) fifth = alarm;
      await world.says(alarm);
      await world.clock.pass(100);
    }
    world.crash();
    await world.clock.freeze(3_600_000);
    world.first.does = 'nothing';
    world.first.taken.length = 0;
    await world.start();
    await world.clock.pass(2_000);
  });

  test('go oldest first, two at a time, and a fresh press overtakes them', async () => {
    expect(taken()).toEqual([1, 2]);
    await world.says(press(world, many + 1));
    expect(taken()).toEqual([1, 2, many + 1]);
    world.first.answer();
    await settle();
    expect(taken()).toEqual([1, 2, many + 1, 3, 4]);
  });

  test('are all delivered, and one that has a receipt meanwhile is not sent', async () => {
    await world.says(directReport(fifth));
    world.first.does = 'receipt';
    world.first.answer();
    await world.clock.pass(1000);
    expect(taken()).toEqual([1, 2, 3, 4, ...Array.from({ length: many - 5 }, (_, i) => i + 6)]);
    expect(world.rows('SELECT n FROM signals WHERE delivered_at IS NULL')).toEqual([]);
  });

  test('that a centre refuses keep the others waiting no longer than their turn', async () => {
    world.first.does = 'refused';
    world.first.answer();
    await world.clock.pass(3000);
    expect(new Set(taken()).size).toBe(many);
  });
});
