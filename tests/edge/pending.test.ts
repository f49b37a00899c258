import { beforeEach, describe, expect, test } from 'vitest';
import { World, firstN } from './world.ts';

const many = 400;
let world: World;
const numbersOf = (alarms: readonly { name: { n: number } }[]) => alarms.map(({ name }) => name.n);
const upTo = (count: number, from = firstN) => Array.from({ length: count }, (_, i) => from + i);

function theCloudAnswers() {
  world.cloud.answers = 'delivered';
  world.cloud.answersReports = true;
}

/** A link that was away for minutes while `many` were pressed, and 110 was not to be had either. */
beforeEach(async () => {
  world = new World();
  world.door.says = 'next';
  await world.start(world.config({ summing: { above_per_minute: 6000 } }));
  world.cloud.cut();
  for (let i = 0; i < many; i++) {
    world.press();
    await world.clock.pass(100);
  }
  await world.clock.pass(60_000);
  world.cloud.answers = null;
  world.cloud.answersReports = false;
  world.cloud.alarms = [];
  world.door.delivered = [];
});

describe('when the link is back, what was pending', () => {
  test('goes oldest first, eight unanswered at a time, and a fresh press overtakes all of it', async () => {
    world.door.says = 'nothing';
    world.cloud.mend();
    await world.clock.pass(50);
    expect(numbersOf(world.cloud.alarms)).toEqual(upTo(8));
    world.press();
    await world.clock.pass(5);
    expect(numbersOf(world.cloud.alarms)).toEqual([...upTo(8), firstN + many]);
    world.cloud.receipt(world.cloud.alarms[3]!, 'stored');
    await world.clock.pass(10);
    expect(numbersOf(world.cloud.alarms)).toEqual([...upTo(8), firstN + many, firstN + 8]);
  });

  test('is all delivered, each as one', async () => {
    theCloudAnswers();
    world.cloud.mend();
    await world.clock.pass(60_000);
    expect(numbersOf(world.cloud.alarms)).toEqual(upTo(many));
    expect(world.edge.status().alarms).toEqual([]);
  });

  test('has all been told within the stated bound where the cloud answers nothing', async () => {
    world.door.says = 'nothing';
    world.cloud.mend();
    await world.clock.pass((many / 8) * 1000);
    expect(new Set(numbersOf(world.cloud.alarms)).size).toBe(many);
  });

  test('does not go up for nothing where the link is cut again: it waits', async () => {
    world.cloud.mend();
    await world.clock.pass(50);
    world.cloud.cut();
    world.cloud.alarms = [];
    await world.clock.pass(30_000);
    expect(world.cloud.alarms).toEqual([]);
    theCloudAnswers();
    world.cloud.mend();
    await world.clock.pass(60_000);
    expect(world.edge.status().alarms).toEqual([]);
  });

  test('goes on where it was over a restart, and no sooner than a fresh press', async () => {
    world.cloud.cut();
    world.door.says = 'nothing';
    world.kill();
    await world.start(world.config({ summing: { above_per_minute: 6000 } }));
    world.cloud.mend();
    await world.clock.pass(50);
    expect(numbersOf(world.cloud.alarms)).toEqual(upTo(8));
    world.press();
    await world.clock.pass(5);
    expect(world.cloud.alarms).toHaveLength(9);
    theCloudAnswers();
    for (const alarm of world.cloud.alarms.slice()) world.cloud.receipt(alarm, 'delivered');
    await world.clock.pass(60_000);
    expect(world.edge.status().alarms.filter(({ delivered }) => !delivered)).toEqual([]);
  });
});

describe('on the direct way, what is pending', () => {
  test('goes two at a time, and a fresh press does not wait for it', async () => {
    world.door.says = 'nothing';
    await world.clock.pass(60_000);
    expect(world.door.delivered).toHaveLength(2);
    world.door.delivered = [];
    world.press();
    await world.clock.pass(5);
    expect(world.door.delivered.map(({ name }) => name)).toEqual([
      expect.stringContaining(`.${firstN + many}`),
    ]);
  });

  test('is all delivered once 110 is there again', async () => {
    world.door.says = 'receipt';
    await world.clock.pass(60_000);
    expect(new Set(world.door.delivered.map(({ sequence }) => sequence)).size).toBe(many);
    expect(world.edge.status().alarms.every(({ delivered }) => delivered)).toBe(true);
  });
});
