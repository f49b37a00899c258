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
