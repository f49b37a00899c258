import { expect, test } from 'vitest';
import { World } from './world.ts';

test('two clouds that both answer do not make the edge send without back-off', async () => {
  const world = await new World().start(undefined);
  world.door.says = 'next-later';
  world.cloud.answers = 'stored';
  // A second cloud hears every copy and answers it as well, with an epoch of its own.
  const receipt = world.cloud.receipt.bind(world.cloud);
  world.cloud.receipt = (alarm, state, more = {}) => {
    if (world.cloud.alarms.length > 200) throw new Error('a storm of copies');
    receipt(alarm, state, more);
    receipt(alarm, state, { ...more, cloud_epoch: 'cloud-2' });
  };
  world.press();
  world.press();
  world.press();
  await world.clock.pass(2000);
  expect(world.cloud.alarms.length).toBeLessThan(40);
  await world.clock.pass(120_000);
  expect(world.cloud.alarms.length).toBeLessThan(150);
  const told = () =>
    world.cloud.states.flatMap((m) => (m.kind === 'notice' && m.code === 'two-clouds' ? [m.open] : []));
  expect(told()).toEqual([true]);

  // One of them is stopped, and 110 answers.
  world.cloud.receipt = receipt;
  world.cloud.answers = 'delivered';
  await world.clock.pass(120_000);
  expect(world.edge.status().alarms).toEqual([]);
  expect(told()).toEqual([true, false]);
});
