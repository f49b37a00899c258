import { beforeEach, expect, test } from 'vitest';
import { World } from './world.ts';

let world: World;
beforeEach(async () => {
  world = await new World().start();
});
async function presses(count: number, everyMs = 500, more: object = {}) {
  const all = [];
  for (let i = 0; i < count; i++) {
    all.push(world.press(more));
    await world.clock.pass(everyMs);
  }
  return all;
}
const sums = () => world.cloud.alarms.filter((a) => a.facts.type === 'sum' && a.copy === 1);
const singles = () => world.cloud.alarms.filter((a) => a.facts.type === 'press' && a.copy === 1);

test('presses beyond six a minute are one sum, sent when its 10 s are over; each is host-acked when it is on disk', async () => {
  const all = await presses(20);
  expect(singles()).toHaveLength(6);
  expect(all.map((p) => p.acked)).toEqual(all.map(() => expect.any(String)));
  expect(sums()).toEqual([]);
  await world.clock.pass(6000);
  expect(sums()).toHaveLength(1);
  const { facts } = sums()[0]!;
  expect(facts).toMatchObject({
    mode: 'real',
    code: '120',
    origin: null,
    sum: { count: 14, first: all[6]!.event.origin, last: all[19]!.event.origin },
  });
  expect(facts.occurred_at).toBe(singles()[5]!.facts.occurred_at + 500);
  await world.clock.pass(1000);
  const lit = world.driver.lamps.filter((l) => l.state === 'delivered').map((l) => l.origin.counter);
  expect(new Set(lit)).toEqual(new Set(all.map((p) => p.event.origin!.counter)));
  expect(world.driver.lamps.filter((l) => l.state === 'failed')).toEqual([]);
  expect(world.edge.status().alarms).toEqual([]);
});

test('a contact that chatters for ten minutes does not flood 110', async () => {
  world.driver.hasLamp = false;
  await presses(1200, 500);
  await world.clock.pass(20_000);
  expect(singles()).toHaveLength(6);
  expect(sums().length).toBeLessThanOrEqual(61);
  expect(sums().reduce((n, a) => n + a.facts.sum!.count, 6)).toBe(1200);
});

test('another point, a long or second press, a duress and a test are never summed', async () => {
  await presses(10, 100);
  const before = singles().length;
  world.press({ device: 'south' });
  for (const [i, type] of (['long-press', 'second-press', 'duress', 'test'] as const).entries()) {
    world.press({ type, origin: { serial: 7, boot: 3, counter: i, type } });
  }
  await world.clock.pass(200);
  const types = world.cloud.alarms.map((a) => a.facts.type);
  expect(types).toEqual(expect.arrayContaining(['long-press', 'second-press', 'duress', 'test']));
  expect(singles()).toHaveLength(before + 1);
});

test('every press of a sum is deduplicated by its origin: while it is collected, when it is sent, after a restart', async () => {
  const all = await presses(10, 100);
  const again = () => {
    for (const { event } of all) world.press(event);
  };
  again();
  await world.clock.pass(11_000);
  expect(sums()).toMatchObject([{ facts: { sum: { count: 4 } } }]);
  again();
  await world.clock.pass(15_000);
  await world.restart();
  again();
  await world.clock.pass(100_000);
  expect(sums()).toHaveLength(1);
  expect(singles()).toHaveLength(6);
});

test('a press that was an alarm of its own in an earlier life is no press of a sum', async () => {
  const all = await presses(6, 100);
  await world.clock.pass(2000);
  await world.restart();
  await presses(7, 100);
  const copies = all.map(({ event }) => world.press(event));
  await world.clock.pass(15_000);
  expect(copies.map((c) => c.acked)).toEqual(copies.map(() => 'delivered'));
  expect(sums()).toMatchObject([{ facts: { sum: { count: 1 } } }]);
});

test('killed while it is collected: the sum is sent with all of them, and no copy of a press becomes a signal', async () => {
  const all = await presses(12, 200);
  expect(sums()).toEqual([]);
  await world.restart(60_000);
  for (const { event } of all) world.press(event);
  await world.clock.pass(30_000);
  expect(sums()).toMatchObject([
    {
      crossed_restart: true,
      facts: { sum: { count: 6, first: all[6]!.event.origin, last: all[11]!.event.origin } },
    },
  ]);
  expect(singles()).toHaveLength(6);
  await world.restart();
  await world.clock.pass(30_000);
  expect(sums()).toHaveLength(1);
  expect(world.edge.status().alarms).toEqual([]);
});

test('a dead disk: a press of a sum is host-acked when the sum is stored or delivered elsewhere', async () => {
  await presses(6, 100);
  world.disk.fault = 'failing';
  const late = await presses(3, 100);
  expect(late.map((p) => p.acked)).toEqual([null, null, null]);
  await world.clock.pass(10_500);
  expect(sums()).toMatchObject([{ facts: { sum: { count: 3 } } }]);
  expect(late.map((p) => p.acked)).toEqual([expect.any(String), expect.any(String), expect.any(String)]);
});

test('a sum of a silent unit is silent, one within a drill is a drill, and the two do not mix', async () => {
  const now = Math.round(world.clock.cloudTime());
  const drill = { id: 'autumn', devices: ['south'], from: now - 60_000, to: now + 600_000 };
  world.command({ kind: 'drill', drill });
  await world.clock.pass(100);
  await presses(8, 100, { silent: true });
  await presses(8, 100, { device: 'south' });
  await world.clock.pass(11_000);
  expect(sums().map(({ facts }) => [facts.device, facts.mode, facts.code])).toEqual([
    ['north', 'real', '122'],
    ['south', 'drill', '607'],
  ]);
});

test('a sum that is not delivered in time says failed on its lamps, counted from the end of its window', async () => {
  await presses(6, 100);
  await world.clock.pass(1000);
  world.cloud.answers = 'stored';
  world.door.says = 'nothing';
  world.driver.lamps = [];
  await presses(2, 100);
  await world.clock.pass(19_000);
  expect(world.driver.lamps).toEqual([]);
  await world.clock.pass(1500);
  expect(world.driver.lamps.map((l) => l.state)).toEqual(['failed', 'failed']);
});

test('a level that chatters: signals up to the rate and one more, a notice, then quiet until it has been down a minute', async () => {
  const smoke = (up: boolean) => world.driver.context.level('south', 'smoke', up, world.clock.monotonic());
  const chatter = async (times: number) => {
    for (let i = 0; i < times; i++) {
      smoke(true);
      await world.clock.pass(500);
      smoke(false);
      await world.clock.pass(500);
    }
  };
  const notices = () =>
    world.cloud.states.flatMap((m) => (m.kind === 'notice' && m.code === 'level-chatters' ? [m.open] : []));
  await chatter(30);
  expect(world.cloud.alarms).toHaveLength(7);
  expect(notices()).toEqual([true]);
  await world.clock.pass(50_000);
  smoke(true);
  await world.clock.pass(100_000);
  smoke(false);
  expect(world.cloud.alarms).toHaveLength(7);
  await world.clock.pass(61_000);
  expect(notices()).toEqual([true, false]);
  smoke(true);
  await world.clock.pass(1000);
  expect(world.cloud.alarms).toHaveLength(8);
});

test('a press that the disk takes only after its sum is no second sum after a restart', async () => {
  await presses(8, 100);
  world.disk.fault = 'failing';
  world.press();
  for (let i = 0; i < 400 && sums().length === 0; i++) await world.clock.pass(100);
  world.disk.heal();
  await world.clock.pass(120_000);
  expect(world.edge.status().alarms).toEqual([]);
  await world.restart();
  await world.clock.pass(60_000);
  const all = world.cloud.alarms.filter((a) => a.facts.type === 'sum');
  expect(new Set(all.map((a) => a.digest)).size).toBe(1);
  expect(all[0]!.facts.sum!.count).toBe(3);
});
