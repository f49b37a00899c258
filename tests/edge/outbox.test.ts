import { beforeEach, expect, test } from 'vitest';
import { reserveBytes } from '#edge/outbox/reserve.ts';
import { World } from './world.ts';

let world: World;
beforeEach(async () => {
  world = await new World().start();
});

const notice = (code: string, open: boolean) => expect.objectContaining({ kind: 'notice', code, open });

test('a press that is pending when its file is found damaged is written into the new one, under its own name', async () => {
  world.cloud.answers = null;
  world.door.says = 'next';
  world.press();
  await world.clock.pass(100);
  const { epoch, alarms } = world.edge.status();
  world.disk.ruin();
  const press = world.press();
  await world.clock.pass(5000);
  expect(press.acked).not.toBeNull();
  expect(world.disk.aside).toHaveLength(1);
  expect(world.edge.status()).toMatchObject({ outbox_open: true });
  expect(world.edge.status().epoch).not.toBe(epoch);
  const names = world.disk.rows('SELECT name FROM alarms').map((row) => row.name);
  expect(names).toContain(alarms[0]!.name);
  expect(names).toHaveLength(2);
  expect(world.cloud.states).toContainEqual(notice('outbox-damaged', true));
  world.cloud.answers = 'delivered';
  await world.clock.pass(30_000);
  expect(world.edge.status().alarms).toEqual([]);
});

test('a file that is found damaged at a start is set aside; what can be read of it goes on', async () => {
  world.cloud.answers = null;
  world.door.says = 'next';
  world.press();
  await world.clock.pass(100);
  const { epoch, alarms } = world.edge.status();
  world.kill();
  world.disk.unsound = true;
  await world.start();
  expect(world.disk.aside).toHaveLength(1);
  expect(world.edge.status().epoch).not.toBe(epoch);
  expect(world.edge.status().alarms).toMatchObject(alarms);
  expect(world.cloud.states).toContainEqual(notice('outbox-damaged', true));
  world.disk.unsound = false;
  const { epoch: after } = world.edge.status();
  await world.restart();
  expect(world.edge.status().alarms).toMatchObject(alarms);
  expect(world.edge.status().epoch).toBe(after);
});

test('the disk dies: presses go out and are host-acked when the cloud holds them; the file is opened again when it is back', async () => {
  world.disk.fault = 'dead';
  world.cloud.answers = null;
  world.door.says = 'next';
  const press = world.press();
  await world.clock.pass(5000);
  expect(world.cloud.alarms.length).toBeGreaterThan(0);
  expect(press.acked).toBeNull();
  world.cloud.answers = 'stored';
  await world.clock.pass(15_000);
  expect(press.acked).not.toBeNull();
  expect(world.cloud.states).toContainEqual(notice('outbox', true));
  expect(world.edge.status().outbox_open).toBe(false);
  const { epoch } = world.edge.status();
  world.disk.heal();
  await world.clock.pass(60_000);
  expect(world.edge.status()).toMatchObject({ outbox_open: true, epoch });
  expect(world.cloud.states).toContainEqual(notice('outbox', false));
  expect(world.disk.rows('SELECT name FROM alarms')).toHaveLength(1);
});

test('a disk that stays dead is tried with back-off, not in a busy loop', async () => {
  world.disk.fault = 'dead';
  world.press();
  await world.clock.pass(1000);
  const before = world.disk.opened;
  await world.clock.pass(600_000);
  expect(world.disk.opened - before).toBeGreaterThan(5);
  expect(world.disk.opened - before).toBeLessThan(60);
});

test('the thread of the file dies: it is opened again without a restart, and the press is on disk', async () => {
  world.cloud.answers = null;
  world.door.says = 'next';
  world.disk.workersKilled++;
  const press = world.press();
  await world.clock.pass(2000);
  expect(press.acked).not.toBeNull();
  expect(world.disk.rows('SELECT name FROM alarms')).toHaveLength(1);
  expect(world.edge.status().outbox_open).toBe(true);
});

test('a full disk: the reserve is given up for the press, people are told, and it is held back again when there is room', async () => {
  expect(world.disk.held).toBe(reserveBytes);
  world.cloud.answers = null;
  world.door.says = 'next';
  world.disk.fault = 'full';
  const press = world.press();
  await world.clock.pass(40);
  expect(press.acked).not.toBeNull();
  expect(world.disk.held).toBe(0);
  expect(world.cloud.states).toContainEqual(notice('disk-full', true));
  world.disk.heal();
  world.disk.free = 2 * reserveBytes;
  await world.clock.pass(61_000);
  expect(world.disk.held).toBe(0);
  world.disk.free = 1e9;
  await world.clock.pass(61_000);
  expect(world.disk.held).toBe(reserveBytes);
  expect(world.cloud.states).toContainEqual(notice('disk-full', false));
});

test('a full disk, and the reserve is gone too: a press is host-acked only when the cloud or 110 holds it', async () => {
  world.disk.roomInReserve = 0;
  world.cloud.answers = null;
  world.door.says = 'next';
  world.disk.fault = 'full';
  const press = world.press();
  await world.clock.pass(5000);
  expect(press.acked).toBeNull();
  world.door.says = 'receipt';
  await world.clock.pass(15_000);
  expect(press.acked).not.toBeNull();
});

test('another process has the outbox open: the edge refuses to start beside it', async () => {
  world.kill();
  world.disk.inUse = true;
  await expect(world.start()).rejects.toMatchObject({ code: 'in-use' });
  expect(world.cloud.clientIds).toHaveLength(2);
});

test('a file that is found damaged on a full disk: what can be read of it goes on by the room held back for alarms', async () => {
  world.cloud.answers = null;
  world.door.says = 'next';
  const press = world.press();
  await world.clock.pass(100);
  expect(press.acked).toBe('received');
  const { alarms } = world.edge.status();
  world.kill();
  world.disk.unsound = true;
  world.disk.fault = 'full';
  await world.start();
  expect(world.edge.status().alarms).toMatchObject(alarms);
  expect(world.cloud.states).toContainEqual(notice('disk-full', true));
});

test('a file that is found damaged, and the new one takes nothing yet: what could be read goes on once it does', async () => {
  world.cloud.answers = null;
  world.door.says = 'next';
  const press = world.press();
  await world.clock.pass(100);
  expect(press.acked).toBe('received');
  const { alarms } = world.edge.status();
  world.kill();
  world.disk.unsound = true;
  world.disk.fault = 'failing';
  await world.start();
  world.disk.heal();
  await world.clock.pass(60_000);
  const names = () => world.edge.status().alarms.map(({ name }) => name);
  expect(names()).toEqual(alarms.map(({ name }) => name));
  await world.restart();
  expect(names()).toEqual(alarms.map(({ name }) => name));
});
