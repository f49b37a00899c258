import { expect, it } from 'vitest';
import { settle } from './fake-ports.ts';
import { CloudWorld, press } from './cloud-world.ts';

it('a gateway whose campus was renamed while an alarm was pending hears of it where it listens now', async () => {
  const world = new CloudWorld();
  await world.start();
  const alarm = press(world, 1);
  await world.says(alarm);
  world.sent.length = 0;
  world.publish('belfry/v1/renamed/gate/alarm', JSON.stringify({ ...alarm, copy: 2 }));
  await settle();
  const answers = world.sent.filter(({ message }) => message.kind === 'alarm-receipt');
  expect(answers.map(({ topic }) => topic)).toEqual(['belfry/v1/renamed/gate/receipt']);
});
