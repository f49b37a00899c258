import { expect, test } from 'vitest';
import { cloudConfig } from '#cloud/config.ts';

const door = { id: 'tcp', kind: 'dc09', host: '127.0.0.1', port: 9000 };
const centre = { id: 'police', primary: true, doors: [door] };
const name = { zh: '一', en: 'one' };

function faults(config: unknown): string[] {
  const parsed = cloudConfig.safeParse(config);
  return parsed.success
    ? []
    : parsed.error.issues.map(({ path, message }) => `${path.join('.')}: ${message}`);
}

test('one centre is all that a file must say', () => {
  expect(cloudConfig.parse({ centres: [centre] })).toMatchObject({
    broker: { kind: 'embedded', host: '127.0.0.1', port: 1883 },
    http: { host: '127.0.0.1', port: 8080 },
    latency: { bound_ms: 2000 },
    webhooks: [],
    campuses: [],
    telemetry: {},
  });
});

test('an external broker is an address and nothing else', () => {
  expect(cloudConfig.parse({ centres: [centre], broker: { url: 'mqtt://10.0.0.1:1883' } }).broker).toEqual({
    kind: 'external',
    url: 'mqtt://10.0.0.1:1883',
  });
  expect(faults({ centres: [centre], broker: { url: 'mqtt://a:1', embedded: {} } })).toEqual([
    'broker.url: give either embedded or url, not both',
  ]);
});

test.each(['0.0.0.0', '192.168.1.5', '::', 'example.org', '127.0.0.1.evil.org'])(
  'listening on %s is refused until sign-in exists',
  (host) => {
    const [http] = faults({ centres: [centre], http: { host } });
    expect(http).toMatch(/^http\.host: only loopback/);
    const [mqtt] = faults({ centres: [centre], broker: { embedded: { host } } });
    expect(mqtt).toMatch(/^broker\.embedded\.host: only loopback/);
  },
);

test('each mistake names its place', () => {
  const gateway = { id: 'gate', devices: [{ id: 'b', name, kind: 'button' }] };
  const cases: [unknown, string][] = [
    [{ centres: [] }, 'centres: '],
    [{ centres: [{ ...centre, primary: false }] }, 'centres: one centre must be marked primary'],
    [{ centres: [centre, { ...centre, id: 'two' }] }, 'centres.1.primary: only one'],
    [{ centres: [centre, { ...centre, primary: false }] }, 'centres.1.id: there is already a centre police'],
    [{ centres: [{ ...centre, doors: [door, door] }] }, 'centres.0.doors.1.id: '],
    [{ centres: [{ ...centre, dors: [] }] }, 'centres.0: '],
    [{ centres: [{ ...centre, name: { zh: '市局', eng: 'Police' } }] }, 'centres.0.name.en: '],
    [{ centres: [centre], typo: 1 }, ': '],
    [{ centres: [centre], latency: { bound_ms: '2 s' } }, 'latency.bound_ms: '],
    [
      { centres: [centre], webhooks: [{ id: 'w', url: 'ftp://x', secret: 'long enough' }] },
      'webhooks.0.url: ',
    ],
    [
      {
        centres: [centre],
        campuses: [
          { id: 'a', name, gateways: [{ ...gateway, devices: [gateway.devices[0], gateway.devices[0]] }] },
        ],
      },
      'campuses.0.gateways.0.devices.1.id: there is already a device of this gateway b',
    ],
    [
      {
        centres: [centre],
        campuses: [
          { id: 'a', name, gateways: [gateway] },
          { id: 'b', name, gateways: [gateway] },
        ],
      },
      'campuses.1.gateways.0.id: there is already a gateway gate',
    ],
    [
      { centres: [centre], telemetry: { influx: { version: 2, url: 'http://x' } } },
      'telemetry.influx.token: ',
    ],
  ];
  for (const [config, expected] of cases) expect(faults(config)[0]).toContain(expected);
});

test('places and people of a campus: what is named must be there', () => {
  const camera = { id: 'cam', name, kind: 'camera', picture_url: 'https://nvr.example.org/cam.jpg' };
  const button = {
    id: 'b',
    name,
    kind: 'button',
    building: 'main',
    storey: 'f3',
    room: '301',
    cameras: ['cam'],
  };
  const campus = {
    id: 'school',
    name,
    address: '幸福路 8 号',
    contacts: [{ name: '张敏', role: { zh: '保安', en: 'guard' }, phone: '+86 138-0000-0001' }],
    buildings: [{ id: 'main', name: { zh: '主楼', en: 'Main' }, storeys: [{ id: 'f3', name: '3' }] }],
    gateways: [
      { id: 'gate', devices: [button, camera] },
      { id: 'gate-2', devices: [{ ...button, cameras: ['gate/cam'] }] },
    ],
  };
  const of = (change: object) => faults({ centres: [centre], campuses: [{ ...campus, ...change }] });
  const device = (change: object) =>
    of({ gateways: [{ id: 'gate', devices: [{ ...button, ...change }, camera] }] });
  expect(of({})).toEqual([]);
  const at = 'campuses.0.gateways.0.devices.0';
  expect(device({ building: 'other' })).toEqual([`${at}.building: school has no building other`]);
  expect(device({ storey: 'f9' })).toEqual([`${at}.storey: main has no storey f9`]);
  expect(device({ building: undefined })).toEqual([`${at}.storey: a storey needs its building`]);
  expect(device({ cameras: ['x'] })).toEqual([`${at}.cameras.0: there is no device x on this campus`]);
  expect(device({ cameras: ['b'] })).toEqual([`${at}.cameras.0: b is not a camera but a button`]);
  expect(device({ picture_url: camera.picture_url })).toEqual([
    `${at}.picture_url: only a camera has a picture`,
  ]);
  expect(
    of({
      gateways: [
        {
          id: 'gate',
          devices: [
            { ...button, zone: 5 },
            { ...camera, zone: 5 },
          ],
        },
      ],
    }),
  ).toEqual(['campuses.0.gateways.0.devices.1.zone: zone 5 is already that of b']);
  expect(of({ contacts: [{ name: 'x', phone: 'call me' }] })[0]).toContain('expected a telephone number');
  expect(of({ buildings: [...campus.buildings, ...campus.buildings] })[0]).toContain(
    'there is already a building of this campus main',
  );
  // Said once where it is the same in both languages.
  const parsed = cloudConfig.parse({ centres: [centre], campuses: [campus] });
  expect(parsed.campuses[0]!.address).toEqual({ zh: '幸福路 8 号', en: '幸福路 8 号' });
});

test('a centre takes tests unless its file says that it does not', () => {
  const takes = (more: object) =>
    cloudConfig.parse({ centres: [{ ...centre, ...more }] }).centres[0]!.takes_tests;
  expect([takes({}), takes({ takes_tests: false })]).toEqual([true, false]);
});

test('a door may be any kind, and a mistake in one names its place', () => {
  const cap = { id: 'cap', kind: 'http-cap', url: 'https://110.example.org/cap', secret: '0123456789abcdef' };
  const parsed = cloudConfig.parse({ centres: [{ ...centre, doors: [cap, door] }] });
  expect(parsed.centres[0]!.doors.map(({ kind }) => kind)).toEqual(['http-cap', 'dc09']);
  expect(faults({ centres: [{ ...centre, doors: [{ ...cap, secret: 'short' }] }] })[0]).toMatch(
    /^centres\.0\.doors\.0\.secret: /,
  );
  expect(faults({ centres: [{ ...centre, doors: [{ ...cap, kind: 'fax' }] }] })[0]).toMatch(
    /^centres\.0\.doors\.0\.kind: /,
  );
});
