import { expect, test } from 'vitest';
import { parseEdgeConfig } from '#edge/config.ts';
import { TestDriver } from './world.ts';

const file = (changes: object = {}) => ({
  campus: 'school',
  gateway: 'gate',
  account: '1100',
  devices: [{ id: 'a', driver: 'fake', address: '/dev/ttyS0', zone: 1 }],
  ...changes,
});
const parse = (plain: unknown) => parseEdgeConfig(plain, [new TestDriver()]);
const problems = (plain: unknown) => {
  const parsed = parse(plain);
  return parsed.ok ? [] : parsed.problems.map(({ path, message }) => `${path.join('.')}: ${message}`);
};

test('a short file is enough', () => {
  const parsed = parse(file());
  expect(parsed).toMatchObject({
    ok: true,
    config: {
      broker: { url: 'mqtt://127.0.0.1:1883' },
      heartbeat_s: 5,
      lamp: { failed_after_ms: 10_000 },
      devices: [{ heartbeat_s: 30 }],
    },
  });
});

test('a duplicate device id is named with its place', () => {
  const twice = file({
    devices: [
      { id: 'a', driver: 'fake', address: '/dev/ttyS0', zone: 1 },
      { id: 'a', driver: 'fake', address: '/dev/ttyS1', zone: 2 },
    ],
  });
  expect(problems(twice)).toEqual(['devices.1.id: duplicate device id a (first at devices.0)']);
});

test('two devices in one zone: 110 could not tell them apart', () => {
  const twice = file({
    devices: [
      { id: 'a', driver: 'fake', address: '/dev/ttyS0', zone: 1 },
      { id: 'b', driver: 'fake', address: '/dev/ttyS1', zone: 1 },
    ],
  });
  expect(problems(twice)).toEqual(['devices.1.zone: zone 1 is already that of a']);
});

test('an unknown key is named where it stands, at the top and in a device', () => {
  expect(problems(file({ colour: 'red' }))).toEqual(['colour: unknown key colour']);
  const device = { id: 'a', driver: 'fake', address: '/dev/ttyS0', zone: 1, colour: 'red' };
  expect(problems(file({ devices: [device] }))).toEqual(['devices.0.colour: unknown key colour']);
});

test.each([
  ['an unknown driver', { driver: 'fax' }, 'devices.0.driver: no such driver; there are: fake'],
  [
    'a button without a zone',
    { zone: undefined },
    'devices.0.zone: a device that raises alarms needs a zone',
  ],
  ['a zone out of range', { zone: 1000 }, 'devices.0.zone: '],
  ['an address that is none', { address: 'somewhere' }, 'devices.0.address: '],
  ['the gateway’s own id', { id: 'direct-path' }, 'devices.0.id: '],
])('%s is a mistake with a path', (_, change, expected) => {
  const device = { id: 'a', driver: 'fake', address: '/dev/ttyS0', zone: 1, ...change };
  const found = problems(file({ devices: [device] }));
  expect(found).toHaveLength(1);
  expect(found[0]).toContain(expected);
});

test('every mistake of the file is found at once', () => {
  const bad = file({
    devices: [
      { id: 'a', driver: 'fax', address: '/dev/ttyS0', zone: 1 },
      { id: 'b', driver: 'fake', address: 'nowhere', zone: 2, heartbeat_s: -1 },
    ],
  });
  expect(problems(bad)).toHaveLength(3);
});

test('the devices of one driver behind one address are one line', () => {
  const parsed = parse(
    file({
      devices: [
        { id: 'a', driver: 'fake', address: '/dev/ttyS0', zone: 1 },
        { id: 'b', driver: 'fake', address: '/dev/ttyS1', zone: 2 },
        { id: 'c', driver: 'fake', address: 'tty:/dev/ttyS0', zone: 3 },
      ],
    }),
  );
  if (!parsed.ok) throw new Error('it is in order');
  expect(parsed.config.lines.map((l) => l.line.devices.map((d) => d.id))).toEqual([['a', 'c'], ['b']]);
});
