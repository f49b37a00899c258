import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import mqtt from 'mqtt';
import { parseEdgeConfig } from '#edge/config.ts';
import { drivers } from '#edge/drivers/index.ts';
import { mqttDevicesDriver } from '#edge/drivers/mqtt-devices.ts';
import { fits, hashOf } from '#platform/credential.ts';
import { findMapping } from '#platform/mqtt-mappings.ts';
import type { BrokerPlace, Listener } from '#platform/ports.ts';
import { realBrokers } from '#platform/real/broker.ts';
import { realClock } from '#platform/real/clock.ts';
import { messagePace } from '#platform/real/message-pace.ts';
import { realRandomness } from '#platform/real/randomness.ts';
import { covers } from '#protocols/mqtt-mappings/filter.ts';
import { have, until } from '../../platform/pty.ts';
import { recorder } from './recorder.ts';

const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const clean of cleanups.splice(0).toReversed()) await clean();
});

const passwords = { zigbee: 'radio-and-its-buttons', tank: 'the-tank-in-the-cellar' };
const hashes: Record<string, string> = {};
beforeAll(async () => {
  for (const [username, password] of Object.entries(passwords)) {
    hashes[username] = await hashOf(password, realRandomness.bytes(16));
  }
});

const plain = (id: string, username: string, system: string, kind: string, name: string) => ({
  id,
  driver: 'mqtt-devices',
  address: 'local:',
  mapping: findMapping(system, '.'),
  kind,
  name,
  username,
  password_hash: hashes[username],
});
const campus = () => [
  plain('sos', 'zigbee', 'zigbee2mqtt', 'button', 'sos'),
  plain('hall', 'zigbee', 'zigbee2mqtt', 'smoke', 'hall'),
  plain('tank', 'tank', 'tasmota', 'water', 'tank-1'),
];

async function drive(more: Partial<BrokerPlace> = {}) {
  const told = recorder();
  let listener: Listener | undefined;
  const brokers = realBrokers({ clock: realClock, random: realRandomness, log: told.context.log });
  const place = {
    host: '127.0.0.1',
    port: 0,
    connections: 50,
    messagesPerSecond: 20,
    maxPacketBytes: 131_072,
  };
  const line = {
    address: { kind: 'local' as const },
    devices: campus().map((device) => mqttDevicesDriver.device.parse(device)),
  };
  expect(mqttDevicesDriver.configure(line)).toEqual([]);
  const run = mqttDevicesDriver.start(
    {
      ...told.context,
      serveBroker: async (serving) => (listener = await brokers.serve({ ...place, ...more }, serving)),
    },
    line,
  );
  cleanups.push(() => run.close());
  await until('the broker listens', () => listener !== undefined);
  const url = `mqtt://127.0.0.1:${listener!.port}`;
  const connect = async (username: string, password: string, options: mqtt.IClientOptions = {}) => {
    const client = await mqtt.connectAsync(url, {
      username,
      password,
      protocolVersion: 4,
      reconnectPeriod: 0,
      ...options,
    });
    client.on('error', () => {});
    cleanups.push(() => client.end(true));
    return client;
  };
  return { told, url, connect, zigbee: () => connect('zigbee', passwords.zigbee) };
}

describe("the edge's own broker", () => {
  it('a device signs in, its press is an alarm; when it leaves, that is told', async () => {
    const { told, zigbee } = await drive();
    const bridge = await zigbee();
    await bridge.publishAsync('zigbee2mqtt/bridge/state', '{"state":"online"}', { qos: 1, retain: true });
    await bridge.publishAsync('zigbee2mqtt/sos', '{"action":"single","battery":80}', { qos: 1 });
    await until('the press is in', () => told.events.length === 1);
    expect(told.events).toMatchObject([{ device: 'sos', type: 'press', mode: 'real' }]);
    expect([told.healthOf('sos'), told.heardCount('sos')]).toEqual(['good', 1]);
    bridge.stream.destroy();
    await until('gone', () => told.healthOf('sos').startsWith('offline: It is not connected'));
    await zigbee();
    await until('back', () => told.healthOf('sos') === 'good');
    expect(told.crashes).toEqual([]);
  });

  it('a wrong password is refused and is a fault of that device alone, until the right one comes', async () => {
    const { told, connect, zigbee } = await drive();
    await zigbee();
    await expect(connect('tank', 'guessed')).rejects.toThrow(/Bad username or password/i);
    await expect(connect('nobody', 'guessed')).rejects.toThrow(/Bad username or password/i);
    expect(told.healthOf('tank')).toMatch(
      /fault: At 127\.0\.0\.1 somebody signs in as tank with a wrong password/,
    );
    expect(told.healthOf('sos')).toBe('good');
    expect(JSON.stringify([told.health, told.warnings])).not.toContain('guessed');
    await connect('tank', passwords.tank);
    await until('it is over', () => told.healthOf('tank') === 'good');
  }, 30_000);

  it('nobody says or hears anything on the topics of another, and who tries is told', async () => {
    const { told, connect, zigbee } = await drive();
    const bridge = await zigbee();
    const heard: string[] = [];
    bridge.on('message', (topic) => heard.push(topic));
    await bridge.subscribeAsync('zigbee2mqtt/#');
    const tank = await connect('tank', passwords.tank);
    await tank.publishAsync('zigbee2mqtt/sos', '{"action":"single"}', { qos: 1 });
    await until('it is told', () => /publishes on zigbee2mqtt\/sos/.test(told.healthOf('tank')));
    for (const filter of ['#', 'zigbee2mqtt/#', '$share/a/cmnd/tank-1/#', '$SYS/#', 'cmnd/+/POWER']) {
      await expect(tank.subscribeAsync(filter)).rejects.toThrow();
    }
    await tank.subscribeAsync('cmnd/tank-1/#');
    await bridge.publishAsync('zigbee2mqtt/hall', '{"smoke":false}', { qos: 1 });
    await until('its own comes', () => heard.length === 1);
    expect([heard, told.events, told.levels.length]).toEqual([['zigbee2mqtt/hall'], [], 1]);
  });

  it("a will on another's topic is dropped, and another's client id throws nobody out", async () => {
    const { told, connect } = await drive();
    const bridge = await connect('zigbee', passwords.zigbee, { clientId: 'same' });
    const will = {
      topic: 'zigbee2mqtt/bridge/state',
      payload: Buffer.from('{"state":"offline"}'),
      qos: 1,
      retain: true,
    };
    const tank = await connect('tank', passwords.tank, { clientId: 'same', will: will as never });
    tank.stream.destroy();
    await until('the tank is gone', () => told.healthOf('tank').startsWith('offline'));
    await bridge.publishAsync('zigbee2mqtt/hall', '{"smoke":true}', { qos: 1 });
    await until('the bridge is still there', () => told.levels.length === 1);
    expect(told.healthOf('hall')).toBe('good');
  });

  it('who floods is slowed, then cut, and the others do not notice; a packet beyond the limit ends its connection', async () => {
    const { told, connect, zigbee } = await drive();
    const bridge = await zigbee();
    const tank = await connect('tank', passwords.tank);
    let cut = false;
    tank.on('close', () => (cut = true));
    // QoS 0 without a body, as quickly as the wire takes it.
    const topic = Buffer.from('tele/tank-1/X');
    const publish = Buffer.concat([Buffer.of(0x30, topic.length + 2, 0, topic.length), topic]);
    tank.stream.write(Buffer.concat(Array.from({ length: 3800 }, () => publish)));
    await until('the flood is told', () =>
      /more than 20 messages a second/.test(JSON.stringify(told.health)),
    );
    await bridge.publishAsync('zigbee2mqtt/sos', '{"action":"single"}', { qos: 1 });
    await until('the press of the other is in', () => told.events.length === 1);
    await until('the flood is cut', () => cut, 30_000);
    const big = await zigbee();
    const ended = new Promise((done) => big.once('close', () => done(null)));
    big.publish('zigbee2mqtt/hall', 'x'.repeat(200_000));
    await ended;
    expect(told.crashes).toEqual([]);
  }, 60_000);

  it.skipIf(!have('openssl'))('with a certificate, only TLS is spoken', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'belfry-broker-tls-'));
    cleanups.push(() => rmSync(folder, { recursive: true, force: true }));
    const [key, cert] = [join(folder, 'key.pem'), join(folder, 'cert.pem')];
    const options = 'req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 1 -subj /CN=gateway';
    execFileSync('openssl', [...options.split(' '), '-keyout', key, '-out', cert], { stdio: 'ignore' });
    const tls = { cert: readFileSync(cert, 'utf8'), key: readFileSync(key, 'utf8') };
    const { told, url } = await drive({ tls });
    const plain = mqtt.connect(url, { reconnectPeriod: 0, username: 'tank', password: passwords.tank });
    plain.on('error', () => {});
    cleanups.push(() => plain.end(true));
    let welcome = false;
    plain.on('connect', () => (welcome = true));
    await new Promise((done) => plain.once('close', () => done(null)));
    expect(welcome).toBe(false);
    const tank = await mqtt.connectAsync(url.replace('mqtt:', 'mqtts:'), {
      username: 'tank',
      password: passwords.tank,
      protocolVersion: 4,
      ca: tls.cert,
      servername: 'gateway',
      reconnectPeriod: 0,
    });
    cleanups.push(() => tank.end(true));
    await tank.publishAsync('stat/tank-1/RESULT', '{"Switch1":{"Action":"ON"}}', { qos: 1 });
    await until('the switch is told', () => told.levels.length === 1);
  });

  it('a port that is taken is told, and tried again until it is free', async () => {
    const told = recorder(1000);
    const line = {
      address: { kind: 'local' as const },
      devices: campus().map((device) => mqttDevicesDriver.device.parse(device)),
    };
    let tries = 0;
    const serveBroker = () =>
      ++tries < 3
        ? Promise.reject(new Error('EADDRINUSE'))
        : Promise.resolve({ port: 1, close: () => Promise.resolve() });
    const run = mqttDevicesDriver.start({ ...told.context, serveBroker }, line);
    cleanups.push(() => run.close());
    await until('it listens', () => told.lines.at(-1)?.open === true);
    expect(told.health[0]!.health).toMatchObject({ state: 'offline' });
    expect(JSON.stringify(told.health[0])).toContain('EADDRINUSE');
  });
});

describe('logins in the file', () => {
  const file = (devices: Record<string, unknown>[], more: object = { local_broker: {} }) => {
    const zoned = devices.map((device, i) => ({ ...device, zone: i + 1 }));
    const parsed = parseEdgeConfig(
      { campus: 'school', gateway: 'gate', account: '1100', ...more, devices: zoned },
      drivers,
    );
    return parsed.ok ? [] : parsed.problems.map((p) => `${p.path.join('.')} ${p.message}`);
  };
  it('what does not fit together is told where it stands', () => {
    const [sos, hall, tank] = campus() as Record<string, unknown>[];
    expect(file([sos!, hall!, tank!])).toEqual([]);
    expect(file([sos!], {})).toEqual([
      expect.stringMatching(/^devices\.0\.address local: is the gateway's own/),
    ]);
    expect(file([])).toEqual([expect.stringMatching(/^local_broker no device is at local:/)]);
    expect(file([{ ...tank, password_hash: 'secret' }])).toEqual([
      expect.stringMatching(/^devices\.0\.password_hash write what `belfry credential` printed/),
    ]);
    expect(file([{ ...tank, password: 'x', password_hash: undefined }])).toEqual([
      expect.stringMatching(/^devices\.0 at local: write password_hash/),
      expect.stringMatching(/^devices\.0 at local: it needs username and password_hash/),
    ]);
    expect(file([tank!, { ...tank, id: 'other', name: 'tank-2' }])).toEqual([
      expect.stringMatching(/^devices\.1 tank is the login of tank already/),
    ]);
    expect(file([sos!, { ...hall, username: 'z2' }])).toEqual([
      expect.stringMatching(/^devices\.1 zigbee2mqtt signs in once/),
    ]);
    expect(file([sos!, { ...hall, password_hash: hashes['tank'] }])).toEqual([
      expect.stringMatching(/^devices\.1 zigbee has another password_hash at sos/),
    ]);
  });

  it('a password fits its hash only', async () => {
    expect(await fits(passwords.tank, hashes['tank']!)).toBe(true);
    expect(await fits(passwords.zigbee, hashes['tank']!)).toBe(false);
  });

  it('a filter covers what is inside of it, and nothing of the broker', () => {
    const yes: [string, string][] = [
      ['a/#', 'a/b/c'],
      ['a/#', 'a'],
      ['a/+', 'a/b'],
      ['a/+', 'a/+'],
      ['a/#', 'a/+/#'],
      ['#', 'a'],
    ];
    const no: [string, string][] = [
      ['a/+', 'a/b/c'],
      ['a/+', 'a/#'],
      ['a/b', 'a/+'],
      ['a', 'a/b'],
      ['#', '$SYS/x'],
      ['+/x', '$SYS/x'],
    ];
    expect(yes.filter(([granted, wanted]) => !covers(granted, wanted))).toEqual([]);
    expect(no.filter(([granted, wanted]) => covers(granted, wanted))).toEqual([]);
  });

  it('what comes too quickly keeps its order, and too much of it is refused', () => {
    let now = 0;
    const timers: { at: number; fire: () => void }[] = [];
    const pace = messagePace(
      {
        wall: () => now,
        monotonic: () => now,
        after: (ms, then) => (timers.push({ at: now + ms, fire: then }), () => {}),
      },
      1,
    );
    const done: number[] = [];
    const said = Array.from({ length: 1011 }, (_, i) => pace(() => done.push(i)));
    expect([said.indexOf('late'), said.indexOf('too-many')]).toEqual([10, 1010]);
    for (const { at, fire } of timers) {
      now = at;
      fire();
    }
    expect(done).toEqual(Array.from({ length: 1010 }, (_, i) => i));
    expect(now).toBe(1_000_000);
  });
});
