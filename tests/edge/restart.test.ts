import { beforeEach, expect, test } from 'vitest';
import { firstN, World } from './world.ts';

let world: World;
beforeEach(async () => {
  world = await new World().start();
});

test('killed after the commit: the alarm goes on under its own name, flagged, with the age that the clock tells', async () => {
  world.cloud.down();
  world.door.says = 'nothing';
  world.press();
  await world.clock.pass(100);
  world.door.delivered = [];
  world.door.says = 'receipt';
  world.kill();
  world.cloud.mend();
  await world.clock.pass(3000);
  await world.start();
  await world.clock.pass(2000);
  expect(world.cloud.alarms).toMatchObject([
    { name: { n: firstN }, crossed_restart: true, since_first_byte_ms: null, age_at_first_byte_ms: 30 },
  ]);
  expect(world.driver.lamps.map((l) => l.state)).toContain('delivered');
  expect(world.edge.status().alarms).toEqual([]);
});

test('killed before the commit: the press that is sent again is an alarm, under a name never used', async () => {
  world.cloud.down();
  world.disk.fault = 'silent';
  const press = world.press();
  await world.clock.pass(100);
  world.kill();
  world.disk.fault = 'none';
  world.cloud.mend();
  await world.start();
  expect(press.acked).toBeNull();
  const again = world.press(press.event);
  await world.clock.pass(100);
  expect(again.acked).not.toBeNull();
  expect(world.cloud.alarms).toHaveLength(1);
  expect(world.cloud.alarms[0]!.name.n).toBeGreaterThan(1);
});

test('a press that left the outbox is known for 30 days, across restarts: no second alarm, and its lamp is told', async () => {
  const press = world.press();
  await world.clock.pass(1000);
  expect(world.edge.status().alarms).toEqual([]);
  await world.restart(5000);
  const again = world.press(press.event);
  await world.clock.pass(1000);
  expect(again.acked).toBe('delivered');
  expect(world.cloud.alarms).toHaveLength(1);
  await world.clock.pass(61_000);
  await world.clock.skip(31 * 24 * 3_600_000);
  expect(world.disk.rows('SELECT * FROM alarms')).toEqual([]);
});

test('a lamp that had not confirmed before the restart is commanded again', async () => {
  world.driver.confirms = false;
  world.press();
  await world.clock.pass(1000);
  expect(world.driver.lamps).toHaveLength(1);
  world.driver.confirms = true;
  await world.restart();
  await world.clock.pass(1000);
  expect(world.driver.lamps.map((l) => l.state)).toEqual(['delivered', 'delivered']);
  expect(world.edge.status().alarms).toEqual([]);
});

test('after a restart the direct path waits its second for the cloud, unless the link is known to be down', async () => {
  world.cloud.answers = null;
  world.door.says = 'nothing';
  world.press();
  await world.clock.pass(2000);
  world.door.delivered = [];
  world.door.says = 'receipt';
  await world.restart();
  expect(world.door.delivered).toEqual([]);
  await world.clock.pass(1000);
  expect(world.door.delivered).toHaveLength(1);
});

test('the wall clock went back over a restart: the age is never negative', async () => {
  world.cloud.answers = null;
  world.door.says = 'nothing';
  world.press();
  await world.clock.pass(100);
  world.kill();
  world.clock.skew = -3_600_000;
  world.door.delivered = [];
  await world.start();
  await world.clock.pass(2000);
  expect(world.door.delivered[0]!.pressedAtMonotonic).toBeLessThanOrEqual(world.clock.monotonic());
});

test('names that a crash skipped are never given again', async () => {
  const unsummed = { summing: { above_per_minute: 6000 } };
  world.kill();
  await world.start(world.config(unsummed));
  const seen = new Set<number>();
  for (let life = 0; life < 5; life++) {
    for (let i = 0; i < 60; i++) {
      world.press();
      await world.clock.pass(3);
    }
    await world.clock.pass(50);
    world.kill();
    await world.start(world.config(unsummed));
  }
  for (const alarm of world.cloud.alarms) seen.add(alarm.name.n);
  expect(seen.size).toBe(300);
  expect(new Set(world.cloud.alarms.map((a) => a.name.epoch)).size).toBe(1);
});

test('an outbox that was rewound begins a new epoch, and says so', async () => {
  world.press();
  await world.clock.pass(100);
  const { epoch } = world.edge.status();
  world.cloud.highestN = 50_000;
  await world.restart();
  await world.clock.pass(100);
  const after = world.edge.status().epoch;
  expect(after).not.toBe(epoch);
  expect(world.cloud.states).toContainEqual(
    expect.objectContaining({ kind: 'notice', code: 'outbox-rewound', open: true }),
  );
  world.cloud.highestN = 0;
  world.press();
  await world.clock.pass(100);
  expect(world.cloud.alarms.at(-1)!.name).toMatchObject({ epoch: after, n: firstN });
  await world.restart();
  expect(world.edge.status().epoch).toBe(after);
});

test('a row that cannot be read is set aside: the others go on, and its press is no longer taken for known', async () => {
  world.cloud.answers = null;
  world.door.says = 'nothing';
  const broken = world.press();
  world.press();
  await world.clock.pass(100);
  world.kill();
  world.disk.damage(firstN);
  world.cloud.answers = 'delivered';
  world.cloud.alarms = [];
  await world.start();
  await world.clock.pass(1000);
  expect(world.cloud.alarms.map((a) => a.name.n)).toEqual([firstN + 1]);
  world.press(broken.event);
  await world.clock.pass(1000);
  expect(world.cloud.alarms).toHaveLength(2);
  expect(world.disk.rows('SELECT name FROM alarms')).toHaveLength(3);
});

test('a rise is sent once, also when it is still up after a restart; a new rise is a new alarm', async () => {
  const smoke = (up: boolean) => world.driver.context.level('south', 'smoke', up, world.clock.monotonic());
  smoke(true);
  smoke(true);
  await world.clock.pass(100);
  expect(world.cloud.alarms).toMatchObject([
    { facts: { type: 'smoke', code: '111', origin: null, zone: 2 } },
  ]);
  await world.restart();
  smoke(true);
  await world.clock.pass(100);
  expect(world.cloud.alarms).toHaveLength(1);
  smoke(false);
  await world.clock.pass(100);
  await world.restart();
  smoke(true);
  await world.clock.pass(100);
  expect(world.cloud.alarms).toHaveLength(2);
  expect(world.edge.status().alarms).toEqual([]);
});

test('a stop in order says goodbye, which is not the will of a crash, and no timer goes on', async () => {
  await world.edge.close();
  const sent = world.cloud.raw.length;
  await world.clock.pass(60_000);
  expect(world.cloud.states.at(-1)).toMatchObject({ kind: 'goodbye' });
  expect(world.cloud.raw.length - sent).toBeLessThanOrEqual(1);
});

test('a press that came again before its file could be opened does not reach 110 under two names', async () => {
  world.cloud.down();
  world.door.says = 'next';
  const press = world.press();
  await world.clock.pass(100);
  const first = world.edge.status().alarms[0]!.name;
  world.kill();
  world.door.delivered = [];
  world.door.says = 'receipt';
  world.disk.fault = 'unopenable';
  await world.start();
  world.press(press.event);
  await world.clock.pass(2000);
  expect(world.door.delivered).toHaveLength(1);
  world.disk.heal();
  await world.clock.pass(60_000);
  expect(world.door.delivered).toHaveLength(1);
  expect(world.edge.status().alarms).toMatchObject([{ name: first, delivered: true }]);
  world.cloud.mend();
  await world.clock.pass(60_000);
  expect(world.cloud.reports.at(-1)).toMatchObject({ name: { n: firstN }, direct: [{ path: 'direct' }] });
  expect(world.edge.status().alarms).toEqual([]);
});

test('killed with an alarm under way, and the clock jumps hours: measured values still make way for it', async () => {
  world.cloud.down();
  world.door.says = 'nothing';
  world.press();
  await world.clock.pass(100);
  world.kill();
  world.clock.skew = 8 * 3_600_000;
  await world.start();
  world.cloud.mend();
  world.cloud.answers = 'stored';
  world.driver.context.measure('south', 'temperature', 21.5, '°C');
  await world.clock.pass(8000);
  expect(world.edge.status().alarms).toMatchObject([{ delivered: false }]);
  expect(world.cloud.telemetry).toEqual([]);
  await world.clock.pass(5000);
  expect(world.cloud.telemetry).toHaveLength(1);
});
