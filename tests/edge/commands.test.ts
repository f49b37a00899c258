import { beforeEach, expect, test } from 'vitest';
import { World } from './world.ts';

let world: World;
let runs: number;
beforeEach(async () => {
  world = await new World().start();
  runs = 0;
});

const selfTest = { kind: 'act', device: 'north', act: { do: 'self-test' }, id: 'one' };
const tests = (answer: () => Promise<{ detail: string }>) => {
  world.driver.selfTest = () => {
    runs++;
    return answer();
  };
};

test('a command whose reply was lost is not run twice: the copy gets the same reply', async () => {
  tests(() => Promise.resolve({ detail: `passed, run ${runs}` }));
  world.command(selfTest);
  world.command(selfTest);
  await world.clock.pass(100);
  world.cloud.cut();
  world.cloud.raw = [];
  world.cloud.mend();
  world.command(selfTest);
  await world.clock.pass(100);
  expect(runs).toBe(1);
  expect(world.replies).toMatchObject([{ command: 'one', ok: true, detail: 'passed, run 1' }]);
});

test('what failed is told again as failed, and is not tried again', async () => {
  tests(() => Promise.reject(new Error('the circuit is open')));
  world.command(selfTest);
  await world.clock.pass(100);
  world.command(selfTest);
  await world.clock.pass(100);
  expect(runs).toBe(1);
  expect(world.replies).toMatchObject(
    Array.from({ length: 2 }, () => ({ ok: false, detail: 'the circuit is open' })),
  );
});

test('a copy that comes while the command runs is answered by that run alone', async () => {
  const over = Promise.withResolvers<{ detail: string }>();
  tests(() => over.promise);
  world.command(selfTest);
  world.command(selfTest);
  await world.clock.pass(1000);
  expect(world.replies).toEqual([]);
  over.resolve({ detail: 'passed' });
  await world.clock.pass(100);
  expect(runs).toBe(1);
  expect(world.replies).toHaveLength(1);
});

test('a command after its expiry is neither run nor answered, however often it comes', async () => {
  tests(() => Promise.resolve({ detail: 'passed' }));
  const late = { ...selfTest, expires_at: Math.round(world.clock.cloudTime()) - 5000 };
  world.command(late);
  world.command(late);
  await world.clock.pass(1000);
  expect(runs).toBe(0);
  expect(world.replies).toEqual([]);
});
