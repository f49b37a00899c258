import { beforeEach, expect, test } from 'vitest';
import { World } from './world.ts';

const hour = 3_600_000;
const day = 24 * hour;
const jumps = [5 * hour, -5 * hour, 73 * 365 * day, -56 * 365 * day];

let world: World;
beforeEach(async () => {
  world = await new World().start();
});

const failed = () => world.driver.lamps.some(({ state }) => state === 'failed');
const rows = () => world.disk.rows('SELECT name FROM alarms');

function cutOff() {
  world.cloud.cut();
  world.door.says = 'next';
}

test.each(jumps)(
  'the wall clock jumps by %i ms: no lamp fails before its time, and none after it',
  async (jump) => {
    cutOff();
    world.press();
    await world.clock.pass(1000);
    world.clock.skew += jump;
    await world.clock.pass(8000);
    expect(failed()).toBe(false);
    await world.clock.pass(2000);
    expect(failed()).toBe(true);
  },
);

test.each(jumps)('it jumps by %i ms over a restart: the press does not look given up', async (jump) => {
  cutOff();
  world.press();
  await world.clock.pass(1000);
  world.kill();
  world.clock.skew += jump;
  await world.start();
  await world.clock.pass(9500);
  expect(failed()).toBe(false);
  await world.clock.pass(1000);
  expect(failed()).toBe(true);
});

test('nothing has jumped over a restart: the time before it counts', async () => {
  cutOff();
  world.press();
  await world.clock.pass(5000);
  await world.restart(1000);
  await world.clock.pass(3000);
  expect(failed()).toBe(false);
  await world.clock.pass(2000);
  expect(failed()).toBe(true);
});

test.each(jumps)('it jumps by %i ms over a restart: what was fixed at the press stays', async (jump) => {
  cutOff();
  world.press();
  await world.clock.pass(1000);
  const signal = world.door.delivered[0]!;
  world.kill();
  world.clock.skew += jump;
  await world.start();
  world.cloud.mend();
  await world.clock.pass(5000);
  const [alarm] = world.cloud.alarms;
  expect(alarm!.facts.occurred_at).toBe(signal.occurredAt);
  expect(alarm!.digest).toBe(signal.digest);
});

test.each(jumps)(
  'the wall clock is off by %i ms when an alarm leaves: its press is known for 30 days all the same',
  async (jump) => {
    world.clock.skew += jump;
    await world.restart();
    const press = world.press();
    await world.clock.pass(1000);
    expect(world.edge.status().alarms).toEqual([]);
    await world.clock.pass(90_000);
    world.clock.skew = 0;
    await world.clock.pass(90_000);
    world.clock.skew = jump;
    await world.clock.pass(90_000);
    await world.restart();
    await world.clock.pass(90_000);
    expect(rows()).toHaveLength(1);
    world.press(press.event);
    await world.clock.pass(1000);
    expect(rows()).toHaveLength(1);
    world.clock.skew = 0;
    await world.clock.skip(29 * day);
    expect(rows()).toHaveLength(1);
    await world.clock.skip(2 * day);
    expect(rows()).toHaveLength(0);
  },
);
