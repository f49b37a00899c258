import { beforeEach, expect, test } from 'vitest';
import { World } from './world.ts';

let world: World;
beforeEach(async () => {
  world = await new World().start();
});
const duress = { type: 'duress', origin: { serial: 7, boot: 1, counter: 900, type: 'duress' } } as const;

test('a delivery that a person has ended: nothing is sent again, the lamp says failed, and it leaves', async () => {
  world.cloud.answers = 'stored';
  world.door.says = 'next';
  world.press();
  await world.clock.pass(3000);
  const [alarm] = world.cloud.alarms;
  world.cloud.receipt({ name: alarm!.name, digest: 'f'.repeat(64) }, 'ended');
  await world.clock.pass(100);
  expect(world.edge.status().alarms).toHaveLength(1);
  world.cloud.answers = null;
  world.cloud.receipt(alarm!, 'ended');
  await world.clock.pass(1000);
  expect(world.driver.lamps.map((l) => l.state)).toEqual(['failed']);
  expect(world.cloud.reports.at(-1)).toMatchObject({ lamp: 'failed', direct: [] });
  expect(world.edge.status().alarms).toEqual([]);
  const [copies, tries] = [world.cloud.alarms.length, world.door.delivered.length];
  await world.clock.pass(120_000);
  await world.restart();
  await world.clock.pass(120_000);
  expect([world.cloud.alarms.length, world.door.delivered.length]).toEqual([copies, tries]);
});

test('ended while its lamp waits: it stays ended over a restart and for another cloud', async () => {
  world.cloud.answers = 'stored';
  world.door.says = 'next';
  world.driver.confirms = false;
  world.press();
  await world.clock.pass(2000);
  world.cloud.receipt(world.cloud.alarms[0]!, 'ended');
  await world.clock.pass(100);
  const [copies, tries] = [world.cloud.alarms.length, world.door.delivered.length];
  world.cloud.epoch = 'cloud-2';
  await world.restart();
  await world.clock.pass(60_000);
  expect([world.cloud.alarms.length, world.door.delivered.length]).toEqual([copies, tries]);
  world.driver.lamps.at(-1)!.confirm();
  await world.clock.pass(60_000);
  expect(world.edge.status().alarms).toEqual([]);
});

test('a receipt that comes when the delivery was ended already is told, and lights the lamp', async () => {
  world.cloud.answers = 'stored';
  const late = Promise.withResolvers<void>();
  const deliver = world.door.deliver.bind(world.door);
  world.door.deliver = async (signal) => {
    await late.promise;
    return deliver(signal);
  };
  world.press();
  await world.clock.pass(1500);
  world.cloud.receipt(world.cloud.alarms[0]!, 'ended');
  await world.clock.pass(100);
  late.resolve();
  await world.clock.pass(1000);
  expect(world.driver.lamps.map((l) => l.state)).toEqual(['failed', 'delivered']);
  expect(world.cloud.reports.at(-1)).toMatchObject({ direct: [{ path: 'direct' }], lamp: 'delivered' });
  expect(world.edge.status().alarms).toEqual([]);
});

test('duress is silent on any unit: E121, and no lamp is lit for it, delivered or failed', async () => {
  world.cloud.answers = 'stored';
  world.door.says = 'nothing';
  const press = world.press(duress);
  await world.clock.pass(20_000);
  expect(press.acked).toBe('received');
  expect(world.cloud.alarms[0]!.facts).toMatchObject({ type: 'duress', mode: 'real', code: '121' });
  world.cloud.receipt(world.cloud.alarms[0]!, 'delivered');
  await world.clock.pass(5000);
  const copy = world.press(press.event);
  await world.clock.pass(100);
  expect(copy.acked).toBe('received');
  expect(world.driver.lamps).toEqual([]);
  await world.restart();
  expect(world.driver.lamps).toEqual([]);
});

test('the receipt of the direct path is on disk before the lamp says delivered', async () => {
  world.cloud.cut();
  world.driver.confirms = false;
  world.door.says = 'next-later';
  const press = world.press();
  await world.clock.pass(400);
  world.door.says = 'receipt';
  const lamp = { onDisk: '' };
  const push = world.driver.lamps.push.bind(world.driver.lamps);
  world.driver.lamps.push = (...lamps) => {
    lamp.onDisk = String(world.disk.rows('SELECT record FROM alarms')[0]!.record);
    return push(...lamps);
  };
  await world.clock.pass(2000);
  expect(world.driver.lamps.map((l) => l.state)).toEqual(['delivered']);
  expect(JSON.parse(lamp.onDisk)).toMatchObject({ delivered: true, direct: [{ path: 'direct' }] });
  expect(press.acked).toBe('received');
});

test('a disk that does not answer holds no lamp up', async () => {
  world.cloud.cut();
  world.door.says = 'next';
  world.press();
  await world.clock.pass(100);
  world.disk.fault = 'silent';
  world.door.says = 'receipt';
  await world.clock.pass(2000);
  expect(world.driver.lamps.map((l) => l.state)).toEqual(['delivered']);
});

test('killed between the receipt of 110 and the lamp: the lamp is lit in the next life', async () => {
  world.cloud.cut();
  world.press();
  await world.clock.pass(0);
  const record = () => JSON.parse(String(world.disk.rows('SELECT record FROM alarms')[0]!.record));
  for (let i = 0; i < 50 && !record().delivered; i++) await Promise.resolve();
  expect(record()).toMatchObject({ delivered: true });
  world.driver.lamps = [];
  world.kill();
  world.disk.rows("UPDATE alarms SET record = json_set(record, '$.lamp', 'received') RETURNING name");
  await world.start();
  await world.clock.pass(1000);
  expect(world.driver.lamps.map((l) => l.state)).toEqual(['delivered']);
  expect(world.door.delivered).toHaveLength(1);
});

test('a press of type test is a test on every hop, and nothing else is', async () => {
  world.press({ type: 'test', mode: 'real', origin: { serial: 7, boot: 1, counter: 901, type: 'test' } });
  world.press({ mode: 'test' });
  await world.clock.pass(100);
  expect(world.cloud.alarms.map(({ facts }) => [facts.type, facts.mode, facts.code])).toEqual([
    ['test', 'test', '601'],
    ['press', 'real', '120'],
  ]);
});
