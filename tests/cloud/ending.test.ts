import { beforeEach, expect, test } from 'vitest';
import { nameText } from '#protocols/signal.ts';
import { CloudWorld, directReport, press } from './cloud-world.ts';

let world: CloudWorld;
beforeEach(async () => {
  world = new CloudWorld();
  await world.start();
});

test('a person ends a delivery by its name: nothing more is sent, the gateway is told, and the log says who', async () => {
  world.first.does = world.second.does = world.other.does = 'unreachable';
  const alarm = press(world, 1);
  await world.says(alarm);
  const tries = world.first.taken.length;
  const ending = { by: 'wang', reason: 'taken by telephone' };
  expect(await world.cloud.endDelivery(nameText(alarm.name), ending)).toBe('ended');
  expect(world.receipts().at(-1)).toMatchObject({ state: 'ended', echo_sent_at: null });
  await world.clock.pass(600_000);
  expect(world.first.taken).toHaveLength(tries);
  expect(world.openAlerts()).toEqual([]);
  expect((await world.cloud.incidents.log(1)).at(-1)).toMatchObject({
    step: 'ended',
    detail: { by: 'wang', reason: 'taken by telephone' },
  });
  expect(await world.cloud.incidents.verify(1)).toBeNull();
  // Nor does a restart take it up again, and every further copy is told the same.
  world.crash();
  await world.start();
  await world.clock.pass(60_000);
  expect(world.first.taken).toHaveLength(tries);
  await world.says({ ...alarm, copy: 2 });
  expect(world.receipts().at(-1)).toMatchObject({ state: 'ended' });
});

test('what is delivered cannot be ended, and what nobody knows neither', async () => {
  const alarm = press(world, 1);
  await world.says(alarm);
  const ending = { by: 'wang', reason: 'x' };
  expect(await world.cloud.endDelivery(nameText(alarm.name), ending)).toBe('settled');
  expect(await world.cloud.endDelivery('gate.0.alarm.9', ending)).toBe('unknown');
  expect((await world.cloud.incidents.log(1)).map(({ step }) => step)).not.toContain('ended');
});

test('a receipt that comes after the end counts all the same', async () => {
  world.first.does = world.second.does = 'unreachable';
  const alarm = press(world, 1);
  await world.says(alarm);
  await world.cloud.endDelivery(nameText(alarm.name), { by: 'wang', reason: 'x' });
  await world.says(directReport(alarm));
  expect(world.receipts().at(-1)).toMatchObject({ state: 'delivered' });
});

test('an undelivered alarm is told of again, ever more slowly, and closed as late', async () => {
  world = new CloudWorld();
  world.more = { latency: { bound_ms: 2_000 } };
  await world.start();
  world.first.does = 'nothing';
  await world.says(press(world, 1));
  const alert = () =>
    world.rows<{ severity: string; mode: string; repeats: number; text: string; closed_at: number | null }>(
      `SELECT * FROM alerts WHERE code = 'alarm-undelivered'`,
    )[0];
  await world.clock.pass(1_800);
  expect(alert()).toBeUndefined();
  await world.clock.pass(200);
  expect(alert()).toMatchObject({ severity: 'critical', mode: 'real', repeats: 0 });
  await world.clock.pass(30_000);
  expect(alert()!.repeats).toBe(1);
  await world.clock.pass(30_000);
  expect(alert()!.repeats).toBe(1);
  await world.clock.pass(30_000);
  expect(alert()!.repeats).toBe(2);
  await world.clock.pass(86_400_000);
  expect(alert()!.repeats).toBeGreaterThan(90);
  world.first.answer();
  await world.clock.pass(10);
  expect(alert()!.closed_at).not.toBeNull();
  expect(alert()!.text).toContain('迟到送达');
});

test('an undelivered test is a warning that says it is a test', async () => {
  world.first.does = world.second.does = 'unreachable';
  await world.says(press(world, 1, { facts: { mode: 'test', type: 'test', code: '601' } }));
  expect(world.rows(`SELECT severity, mode FROM alerts WHERE code = 'alarm-undelivered'`)).toEqual([
    { severity: 'warning', mode: 'test' },
  ]);
});

test('a probe that ends by itself does not end an emergency of a cloned card under the same name', async () => {
  world.first.does = world.second.does = 'unreachable';
  const probe = { type: 'probe', mode: 'probe', code: '602', origin: null, route: 'cloud' } as const;
  await world.says(press(world, 1, { facts: probe }));
  await world.says(press(world, 1));
  await world.clock.pass(400_000);
  expect(world.rows('SELECT mode, ended_by FROM signals ORDER BY id')).toEqual([
    { mode: 'probe', ended_by: 'belfry' },
    { mode: 'real', ended_by: null },
  ]);
});

test('an undelivered alarm that could not be told when it was due, because the disk failed, is told after all', async () => {
  world = new CloudWorld();
  world.more = { latency: { bound_ms: 2_000 } };
  await world.start();
  world.first.does = 'nothing';
  await world.says(press(world, 1));
  await world.clock.pass(1_000);
  world.disk.fail = new Error('disk I/O error');
  await world.clock.pass(5_000);
  world.disk.fail = null;
  await world.clock.pass(30_000);
  expect(world.openAlerts().map((alert) => alert.split(' ')[0])).toContain('alarm-undelivered');
});

test('of two presses that a cloned card gave one name, only the one that is meant is ended', async () => {
  world.first.does = world.second.does = 'unreachable';
  const one = press(world, 1, { counter: 1 });
  const two = press(world, 1, { counter: 2, facts: { zone: 2 } });
  await world.says(one);
  await world.says(two);
  const ending = { by: 'wang', reason: 'taken by telephone' };
  const ended = () => world.rows('SELECT zone, ended_by FROM signals ORDER BY zone');
  expect(await world.cloud.endDelivery(nameText(one.name), ending)).toBe('ambiguous');
  expect(ended()).toEqual([
    { zone: 1, ended_by: null },
    { zone: 2, ended_by: null },
  ]);
  expect(await world.cloud.endDelivery(nameText(one.name), { ...ending, digest: two.digest })).toBe('ended');
  expect(ended()).toEqual([
    { zone: 1, ended_by: null },
    { zone: 2, ended_by: 'wang' },
  ]);
  expect(await world.cloud.endDelivery(nameText(one.name), { ...ending, digest: 'another' })).toBe('unknown');
});
