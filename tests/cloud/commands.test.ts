import { beforeEach, expect, test } from 'vitest';
import type { Command } from '#protocols/messages/command.ts';
import { CloudWorld } from './cloud-world.ts';
import { settle } from './fake-ports.ts';

let world: CloudWorld;
beforeEach(async () => {
  world = new CloudWorld();
  await world.start();
});

const at = { campus: 'school', gateway: 'gate' };
const selfTest = { kind: 'act', device: 'button-1', act: { do: 'self-test' } } as const;
const how = { by: 'li', expiresInMs: 30_000 };

function sent(): Command[] {
  return world.sent
    .filter(({ topic }) => topic === 'belfry/v1/school/gate/command')
    .map(({ message }) => message as unknown as Command);
}

async function replies(command: string, more: object = {}, gateway = 'gate'): Promise<void> {
  const reply = { kind: 'reply', session: 's', command, ok: true, detail: 'fine', facts: { n: 1 }, ...more };
  world.publish(`belfry/v1/school/${gateway}/reply`, JSON.stringify(reply));
  await settle();
}

test('a command is sent again until its reply comes, under one id, and then no more', async () => {
  const { id, settled } = await world.cloud.commands.send(at, selfTest, how);
  await world.clock.pass(5_000);
  const asked = sent().filter(({ kind }) => kind === 'act');
  expect(asked.length).toBeGreaterThan(1);
  expect(new Set(asked.map((command) => command.id))).toEqual(new Set([id]));
  await replies(id);
  expect(await settled).toMatchObject({
    state: 'done',
    act: 'self-test',
    by: 'li',
    detail: 'fine',
    facts: { n: 1 },
  });
  const before = sent().length;
  await world.clock.pass(60_000);
  expect(sent().filter((command) => command.id === id).length).toBe(
    sent()
      .slice(0, before)
      .filter((command) => command.id === id).length,
  );
});

test('a command without a reply expires, and a reply that was long on the way is still known', async () => {
  const { id, settled } = await world.cloud.commands.send(at, selfTest, how);
  await world.clock.pass(30_001);
  expect((await settled).state).toBe('expired');
  await replies(id, { ok: false, detail: 'jammed' });
  expect(await world.cloud.commands.get(id)).toMatchObject({ state: 'failed', detail: 'jammed' });
});

test('the reply of another gateway is nobody’s reply', async () => {
  const { id } = await world.cloud.commands.send(at, selfTest, how);
  await replies(id, {}, 'other');
  expect(await world.cloud.commands.get(id)).toMatchObject({ state: 'waiting' });
});

test('a restart of the cloud forgets no command, and its clock cannot keep one alive', async () => {
  const { id } = await world.cloud.commands.send(at, selfTest, how);
  world.crash();
  world.sent = [];
  await world.start();
  await world.clock.pass(2_000);
  expect(sent().map((command) => command.id)).toContain(id);
  world.clock.wallAt -= 3 * 3_600_000;
  await world.clock.pass(30_000);
  expect(await world.cloud.commands.get(id)).toMatchObject({ state: 'expired' });
});

test('what was asked long ago is forgotten, a few with each new command, and what still waits is not', async () => {
  for (let i = 0; i < 30; i++) await world.cloud.commands.send(at, selfTest, { ...how, expiresInMs: 1000 });
  await world.clock.pass(2000);
  const { id } = await world.cloud.commands.send(at, selfTest, { ...how, expiresInMs: 400 * 86_400_000 });
  const count = () =>
    world.rows<{ n: number }>(`SELECT COUNT(*) AS n FROM commands WHERE kind = 'act'`)[0]!.n;
  world.clock.wallAt += 89 * 86_400_000;
  await world.cloud.commands.send(at, selfTest, how);
  expect(count()).toBe(32);
  world.clock.wallAt += 2 * 86_400_000;
  await world.cloud.commands.send(at, selfTest, how);
  await world.cloud.commands.send(at, selfTest, how);
  expect(count()).toBe(4);
  expect(await world.cloud.commands.get(id)).toMatchObject({ state: 'waiting' });
});
