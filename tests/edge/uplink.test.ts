import { beforeEach, expect, test } from 'vitest';
import { parseTopic } from '#protocols/messages/topics.ts';
import { World } from './world.ts';

let world: World;
beforeEach(async () => {
  world = await new World().start();
});
const births = () => world.cloud.states.filter((m) => m.kind === 'birth');
const beats = () => world.cloud.states.filter((m) => m.kind === 'heartbeat');

test('alarms have a connection of their own', async () => {
  expect([...world.cloud.clientIds].sort()).toEqual(['gate-alarm', 'gate-bulk']);
  world.press();
  await world.clock.pass(100);
  const lanes = new Set(world.cloud.raw.map(({ topic }) => parseTopic(topic)?.lane));
  expect(lanes).toEqual(new Set(['state', 'alarm']));
});

test('a session begins with a birth that lists every device, under the session of the will', async () => {
  expect(births()).toMatchObject([
    {
      account: '1100',
      epoch: world.edge.status().epoch,
      devices: [
        {
          id: 'north',
          kind: 'button',
          heard_ago_ms: null,
          health: null,
          line_open: false,
          // Two hang on it.
          wire: '/dev/ttyFAKE0',
        },
        { id: 'south', wire: '/dev/ttyFAKE0' },
      ],
    },
  ]);
  const [first] = births();
  world.cloud.cut();
  world.cloud.mend();
  await world.clock.pass(10);
  expect(births()).toHaveLength(2);
  expect(births()[1]!.session).not.toBe(first!.session);
  world.press();
  await world.clock.pass(10);
  expect(world.cloud.alarms[0]!.session).toBe(births()[1]!.session);
});

test('heartbeats come every 5 s and tell what was heard or has changed since the last', async () => {
  await world.clock.pass(12_000);
  const before = beats().length;
  expect(before).toBe(2);
  world.driver.context.heard('south', { battery: 3.1 });
  world.driver.context.health('north', { state: 'good' });
  await world.clock.pass(5000);
  expect(beats().at(-1)!.devices).toMatchObject([
    { id: 'north', health: { state: 'good' } },
    { id: 'south', facts: { battery: 3.1 }, heard_ago_ms: expect.any(Number) },
  ]);
  await world.clock.pass(5000);
  expect(beats().at(-1)!.devices).toEqual([]);
  expect(beats().at(-1)!.offset).not.toBeNull();
});

const command = (more: object) => ({ expires_at: world.clock.cloudTime() + 10_000, ...more });
const replies = () =>
  world.cloud.raw
    .filter(({ topic }) => topic.endsWith('/reply'))
    .map(({ payload }) => JSON.parse(new TextDecoder().decode(payload)) as Record<string, unknown>);

test('a rebirth is done once, however often the command comes, and not after its expiry', async () => {
  world.cloud.send(command({ kind: 'rebirth', id: 'c1' }), 'command');
  world.cloud.send(command({ kind: 'rebirth', id: 'c1' }), 'command');
  world.cloud.send({ kind: 'rebirth', id: 'c2', expires_at: world.clock.cloudTime() - 60_000 }, 'command');
  await world.clock.pass(100);
  expect(births()).toHaveLength(2);
  expect(replies()).toMatchObject([
    { command: 'c1', ok: true },
    { command: 'c1', ok: true },
  ]);
});

test('a self-test that the driver does not know is answered with a sentence', async () => {
  world.kill();
  world.driver.takesActs = false;
  await world.start();
  world.cloud.send(command({ kind: 'act', act: { do: 'self-test' }, id: 'c1', device: 'north' }), 'command');
  await world.clock.pass(100);
  expect(replies()).toMatchObject([
    { command: 'c1', ok: false, detail: 'the driver of north takes no commands now' },
  ]);
});

test('what cannot be read on the receipt lane costs nothing else', async () => {
  world.cloud.answers = 'stored';
  world.cloud.send({ kind: 'nonsense' });
  world.cloud.send({ kind: 'alarm-receipt', name: 'x' });
  world.press();
  await world.clock.pass(100);
  world.cloud.receipt(world.cloud.alarms[0]!, 'delivered');
  await world.clock.pass(100);
  expect(world.edge.status().alarms).toEqual([]);
  expect(world.logged.filter((l) => l.message === 'a receipt cannot be read')).toHaveLength(2);
});

test('a gateway that was never compared with the cloud says so, and one that was knows the time of the press', async () => {
  world.kill();
  world.cloud.answersBirths = false;
  world.disk.clear();
  world.clock.skew = -90_000;
  await world.start();
  world.press();
  await world.clock.pass(100);
  expect(world.cloud.alarms[0]!.facts.clock_known).toBe(false);
  const now = world.clock.cloudTime();
  world.press();
  await world.clock.pass(100);
  const [, second] = world.cloud.alarms;
  expect(second!.facts.clock_known).toBe(true);
  // 30 ms before its first byte; the alarm's own receipt taught the offset, to a round trip of 4 ms.
  expect(Math.abs(second!.facts.occurred_at - (now - 30))).toBeLessThanOrEqual(4);
  expect(Number.isInteger(second!.facts.occurred_at)).toBe(true);
  await world.restart();
  world.cloud.cut();
  world.press();
  await world.clock.pass(10);
  expect(world.door.delivered.at(-1)).toMatchObject({ clockKnown: true });
});
