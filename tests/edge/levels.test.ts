import { beforeEach, expect, test } from 'vitest';
import { World } from './world.ts';

/** As most drivers do, this one tells a level when it changes, and not again. */
let world: World;
beforeEach(async () => {
  world = await new World().start();
});
const smoke = (up: boolean) => world.driver.context.level('south', 'smoke', up, world.clock.monotonic());
const alarms = () => new Set(world.cloud.alarms.map(({ name }) => `${name.epoch}.${name.n}`)).size;

test('a level that falls while the disk is dead is an alarm when it rises again', async () => {
  void smoke(true);
  await world.clock.pass(100);
  expect(alarms()).toBe(1);
  world.disk.fault = 'dead';
  void smoke(false);
  await world.clock.pass(5000);
  world.disk.heal();
  await world.clock.pass(120_000);
  expect(world.edge.status().outbox_open).toBe(true);
  void smoke(true);
  await world.clock.pass(5000);
  expect(alarms()).toBe(2);
});

test('a level that was read as down before the outbox could be opened is an alarm when it rises', async () => {
  void smoke(true);
  await world.clock.pass(100);
  world.kill();
  world.disk.fault = 'dead';
  await world.clock.pass(100);
  await world.start();
  expect(world.edge.status().outbox_open).toBe(false);
  void smoke(false);
  await world.clock.pass(1000);
  world.disk.heal();
  await world.clock.pass(120_000);
  expect(world.edge.status().outbox_open).toBe(true);
  void smoke(true);
  await world.clock.pass(5000);
  expect(alarms()).toBe(2);
});

test('a level that fell before the disk took its alarm is an alarm when it is up at the next start', async () => {
  world.disk.fault = 'failing';
  void smoke(true);
  await world.clock.pass(20);
  void smoke(false);
  await world.clock.pass(1000);
  world.disk.heal();
  await world.clock.pass(120_000);
  expect(alarms()).toBe(1);
  expect(world.disk.rows('SELECT * FROM levels')).toEqual([]);
  await world.restart();
  void smoke(true);
  await world.clock.pass(5000);
  expect(alarms()).toBe(2);
});

test('a level whose alarm the disk has not taken is one alarm all the same, over a loss of the file', async () => {
  world.disk.fault = 'dead';
  void smoke(true);
  await world.clock.pass(5000);
  world.disk.heal();
  await world.clock.pass(120_000);
  expect(alarms()).toBe(1);
  expect(world.disk.rows('SELECT device, type FROM levels')).toEqual([{ device: 'south', type: 'smoke' }]);
  await world.restart();
  void smoke(true);
  await world.clock.pass(5000);
  expect(alarms()).toBe(1);
});
