import { expect, test } from 'vitest';
import type { DeviceBase, Driver, DriverContext } from '#edge/driver.ts';
import { parseEdgeConfig } from '#edge/config.ts';
import { World } from './world.ts';

/** The usual driver, and beside it one that throws when told to. */
function withBadNeighbour(world: World) {
  const bad = {
    ...({ name: 'bad', wires: ['tcp'], configure: () => [] } as const),
    describe: () => ({ kind: 'camera', alarms: false, acts: [] }) as const,
    device: world.driver.device,
    starts: 0,
    throwsAtStart: false,
    context: null as DriverContext | null,
    start(context: DriverContext) {
      bad.starts++;
      bad.context = context;
      if (bad.throwsAtStart) throw new Error('no such wire');
      return { close: () => Promise.reject(new Error('cannot even close')) };
    },
  };
  const parsed = parseEdgeConfig(
    {
      campus: 'school',
      gateway: 'gate',
      account: '1100',
      devices: [{ id: 'north', driver: 'fake', address: '/dev/ttyFAKE0', zone: 1 }],
    },
    [world.driver],
  );
  if (!parsed.ok) throw new Error('the file is in order');
  const device: DeviceBase = { id: 'eye', driver: 'bad', address: 'http://127.0.0.1', heartbeat_s: 30 };
  const address = { kind: 'tcp', host: '127.0.0.1', port: 80 } as const;
  const { config } = parsed;
  config.devices.push(device);
  config.lines.unshift({ driver: bad as Driver, line: { address, devices: [device] } });
  return { bad, config };
}

const eye = (world: World) => world.edge.status().devices.find((d) => d.id === 'eye');

test('a driver that throws at its start is started again with back-off; its neighbours do not notice', async () => {
  const world = new World();
  const { bad, config } = withBadNeighbour(world);
  bad.throwsAtStart = true;
  await world.start(config);
  expect(eye(world)).toMatchObject({ health: { state: 'fault' } });
  await world.clock.pass(600_000);
  expect(bad.starts).toBeGreaterThan(5);
  expect(bad.starts).toBeLessThan(60);
  expect(world.driver.starts).toBe(1);
  world.press();
  await world.clock.pass(100);
  expect(world.edge.status().alarms).toEqual([]);
  bad.throwsAtStart = false;
  await world.clock.pass(120_000);
  bad.context!.health('eye', { state: 'good' });
  expect(eye(world)).toMatchObject({ health: { state: 'good' } });
});

test.each([
  ['in a timer', (context: DriverContext) => void context.clock.after(10, () => fail())],
  ['in what its promises reject with', (context: DriverContext) => context.crashed(new Error('later'))],
])('a driver that throws later, %s, is started again, and the old run is deaf', async (_, breakIt) => {
  const world = new World();
  const { bad, config } = withBadNeighbour(world);
  await world.start(config);
  const old = bad.context!;
  breakIt(old);
  await world.clock.pass(100);
  expect(old.stop.aborted).toBe(true);
  await world.clock.pass(5000);
  expect(bad.starts).toBe(2);
  old.health('eye', { state: 'good' });
  expect(eye(world)!.health).toMatchObject({ state: 'fault' });
  expect(world.driver.starts).toBe(1);
});

test('a driver can only speak of the devices of its own line', async () => {
  const world = new World();
  const { bad, config } = withBadNeighbour(world);
  await world.start(config);
  expect(() => bad.context!.heard('north')).toThrow('not on this line');
});

test('lamps that wait for a driver are commanded when it is back', async () => {
  const world = await new World().start();
  world.driver.confirms = false;
  world.press();
  await world.clock.pass(100);
  expect(world.driver.lamps).toHaveLength(1);
  world.driver.context.crashed(new Error('oops'));
  world.driver.confirms = true;
  await world.clock.pass(5000);
  expect(world.driver.lamps).toHaveLength(2);
  expect(world.edge.status().alarms).toEqual([]);
});

function fail(): never {
  throw new Error('a mistake of the driver');
}
