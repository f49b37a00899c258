import { beforeEach, expect, test } from 'vitest';
import { World } from './world.ts';

let world: World;
beforeEach(async () => {
  world = await new World().start();
});
async function probe(route: 'cloud' | 'direct') {
  world.command({ kind: 'probe', device: 'north', route });
  await world.clock.pass(100);
  return world.replies.at(-1)!;
}
async function startWith(direct: object | undefined) {
  world.kill();
  await world.start(
    world.config({
      direct: direct && {
        centre: 'city-110',
        door: { id: 'dc09', kind: 'dc09', host: '127.0.0.1', port: 1 },
        ...direct,
      },
    }),
  );
}
const health = async () => {
  await world.clock.pass(5000);
  return world.edge.status().devices.find(({ id }) => id === 'north')!.health;
};

test('a probe over the cloud: a signal of its own that the reply names, delivered, and no lamp lit', async () => {
  const answer = await probe('cloud');
  expect(answer).toMatchObject({ ok: true, detail: 'passed', facts: { route: 'cloud', loop_ms: 12 } });
  const [alarm] = world.cloud.alarms;
  expect(alarm!.facts).toMatchObject({
    type: 'probe',
    mode: 'probe',
    code: '602',
    route: 'cloud',
    origin: null,
  });
  expect(answer.facts.signal).toBe(`gate.${alarm!.name.epoch}.alarm.${alarm!.name.n}`);
  await world.clock.pass(1000);
  expect(world.driver.lamps).toEqual([]);
  expect(world.edge.status().alarms).toEqual([]);
});

test('a probe over the cloud never goes the direct way, which it does not prove', async () => {
  world.cloud.answers = 'stored';
  await probe('cloud');
  await world.clock.pass(60_000);
  expect(world.door.delivered).toEqual([]);
  world.cloud.receipt(world.cloud.alarms[0]!, 'ended');
  await world.clock.pass(100);
  expect(world.edge.status().alarms).toEqual([]);
});

test('a probe over the direct path: delivered at once by the own door, its receipt reported, and it leaves', async () => {
  world.cloud.answers = 'stored';
  await probe('direct');
  expect(world.door.delivered).toMatchObject([{ mode: 'probe', code: '602' }]);
  expect(world.cloud.reports.at(-1)).toMatchObject({ direct: [{ path: 'direct', raw: '41' }] });
  await world.clock.pass(5000);
  expect(world.edge.status().alarms).toEqual([]);
  expect(world.driver.lamps).toEqual([]);
});

test('a probe over the direct path without a receipt ends by itself, and says that none came', async () => {
  world.cloud.answers = 'stored';
  world.door.says = 'next';
  await probe('direct');
  await world.clock.pass(55_000);
  expect(world.edge.status().alarms).toHaveLength(1);
  await world.clock.pass(30_000);
  expect(world.cloud.reports.at(-1)).toMatchObject({ direct: [], proof: 'none' });
  expect(world.edge.status().alarms).toEqual([]);
  const tries = world.door.delivered.length;
  await world.clock.pass(60_000);
  expect(world.door.delivered).toHaveLength(tries);
});

test('a centre that takes no tests: the proof ends at its door, and nothing is sent to it', async () => {
  await startWith({ takes_tests: false });
  world.cloud.answers = 'stored';
  world.door.known = { state: 'answering', since: 0, roundTripMs: 9 };
  expect(await probe('direct')).toMatchObject({ ok: true, facts: { proved: 'door' } });
  await world.clock.pass(5000);
  expect(world.cloud.reports.at(-1)).toMatchObject({ direct: [], proof: 'door' });
  expect(world.edge.status().alarms).toEqual([]);
  expect(world.door.delivered).toEqual([]);
  world.press({ type: 'test', origin: { serial: 7, boot: 5, counter: 1, type: 'test' } });
  await world.clock.pass(20_000);
  expect(world.door.delivered).toEqual([]);
  world.press();
  await world.clock.pass(5000);
  expect(world.door.delivered).toMatchObject([{ mode: 'real' }]);
});

test('a door that does not answer proves nothing: no signal, and a sentence', async () => {
  await startWith({ takes_tests: false });
  world.door.known = { state: 'silent', since: 0, reason: 'no answer' };
  expect(await probe('direct')).toMatchObject({ ok: false, detail: expect.stringContaining('no answer') });
  expect(world.cloud.alarms).toEqual([]);
});

test('no direct path: a probe over it is refused with a sentence', async () => {
  await startWith(undefined);
  expect(await probe('direct')).toMatchObject({ ok: false, detail: expect.stringContaining('direct path') });
});

test('a self-test that fails raises no signal: the device is at fault until one passes', async () => {
  world.driver.selfTest = () => Promise.reject(new Error('the circuit is open'));
  expect(await probe('cloud')).toMatchObject({ ok: false, detail: 'the circuit is open' });
  expect(world.cloud.alarms).toEqual([]);
  world.driver.context.health('north', { state: 'good' });
  expect(await health()).toMatchObject({
    state: 'fault',
    reason: { en: expect.stringContaining('the circuit is open') },
  });
  world.driver.selfTest = () => Promise.resolve({ detail: 'passed' });
  await probe('cloud');
  expect(await health()).toEqual({ state: 'good' });
});

test('a unit that never answers its self-test has failed it', async () => {
  world.driver.selfTest = () => new Promise(() => {});
  await probe('cloud');
  await world.clock.pass(60_000);
  expect(world.replies.at(-1)).toMatchObject({ ok: false, detail: expect.stringContaining('60 s') });
  expect(await health()).toMatchObject({ state: 'fault' });
});

test('a press while its button tests itself is a real alarm', async () => {
  const passed = Promise.withResolvers<{ detail: string }>();
  world.driver.selfTest = () => passed.promise;
  await probe('cloud');
  const press = world.press();
  await world.clock.pass(100);
  expect(world.cloud.alarms).toMatchObject([{ facts: { type: 'press', mode: 'real', code: '120' } }]);
  expect(press.acked).toBe('received');
  passed.resolve({ detail: 'passed' });
  await world.clock.pass(100);
  expect(world.cloud.alarms.at(-1)!.facts.mode).toBe('probe');
});

test('a restart in the midst of a probe: it ends all the same', async () => {
  world.cloud.answers = 'stored';
  world.door.says = 'next';
  await probe('direct');
  await world.restart(70_000);
  await world.clock.pass(5000);
  expect(world.cloud.reports.at(-1)).toMatchObject({ proof: 'none' });
  expect(world.edge.status().alarms).toEqual([]);
});
