import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import * as fc from 'fast-check';
import mqtt from 'mqtt';
import { mqttDevicesDriver } from '#edge/drivers/mqtt-devices.ts';
import { parseAddress } from '#edge/drivers/address.ts';
import { findMapping } from '#platform/mqtt-mappings.ts';
import { find, readMessage } from '#protocols/mqtt-mappings/message.ts';
import { type MqttMapping, readingsOf } from '#protocols/mqtt-mappings/mapping.ts';
import { mosquitto } from '../../platform/brokers.ts';
import { have, until } from '../../platform/pty.ts';
import { recorder } from './recorder.ts';
import { enough } from '../../protocols/enough.ts';

const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const clean of cleanups.splice(0).toReversed()) await clean();
});

function mapping(name: string): MqttMapping {
  const found = findMapping(name, '.');
  if ('names' in found) throw new Error(`no mapping ${name}`);
  return found;
}

const device = (id: string, system: string, kind: string, name: string, more: Record<string, unknown> = {}) =>
  mqttDevicesDriver.device.parse({
    id,
    driver: 'mqtt-devices',
    address: 'mqtt://127.0.0.1:1883',
    mapping: mapping(system),
    kind,
    name,
    ...more,
  });

describe.skipIf(!have('mosquitto'))('devices on a broker of the campus', () => {
  let broker: Awaited<ReturnType<typeof mosquitto>>;
  let hand: mqtt.MqttClient;
  beforeEach(async () => {
    broker = await mosquitto();
    cleanups.push(() => broker.remove());
    hand = await mqtt.connectAsync(broker.url);
    hand.on('error', () => {});
    cleanups.push(() => hand.end(true));
  });
  const say = (topic: string, body: unknown, retain = false) =>
    hand.publishAsync(topic, typeof body === 'string' ? body : JSON.stringify(body), { qos: 1, retain });

  async function drive(...devices: ReturnType<typeof device>[]) {
    const parsed = parseAddress(broker.url);
    if (!parsed.ok) throw new Error(parsed.problem);
    const line = { address: parsed.address, devices };
    expect(mqttDevicesDriver.configure(line)).toEqual([]);
    const told = recorder();
    const run = mqttDevicesDriver.start(told.context, line);
    cleanups.push(() => run.close());
    await until('the broker is there', () => told.lines.at(-1)?.open === true);
    return told;
  }

  it('zigbee2mqtt: smoke up and down, battery, link quality', async () => {
    const told = await drive(device('hall', 'zigbee2mqtt', 'smoke', 'Hall/Smoke 1'));
    await say('zigbee2mqtt/Hall/Smoke 1', { smoke: true, battery: 80, linkquality: 120 });
    await say('zigbee2mqtt/Hall/Smoke 1', { smoke: false, battery: 9 });
    await until('both are told', () => told.levels.length === 2);
    expect(told.levelsOf('hall')).toEqual([true, false]);
    await until('the battery is', () => told.healthOf('hall') !== 'good');
    expect(told.healthOf('hall')).toMatch(/battery is down to 9 %/);
    expect([told.measured('battery'), told.measured('link_quality')]).toEqual([[80, 9], [120]]);
    expect(told.heardCount('hall')).toBe(2);
  });

  it('zigbee2mqtt: a press that its radio repeats is one alarm, and one that the broker kept is none', async () => {
    await say('zigbee2mqtt/sos', { action: 'single' }, true);
    const told = await drive(device('sos', 'zigbee2mqtt', 'button', 'sos'));
    await until('the kept one has come', () => told.health.length === 1);
    expect(told.events).toEqual([]);
    expect(told.heardCount('sos')).toBe(0);
    for (const action of ['single', 'single', '', 'release', 'hold'])
      await say('zigbee2mqtt/sos', { action });
    await until('both gestures are in', () => told.events.length === 2);
    expect(told.events).toMatchObject([
      { device: 'sos', type: 'press', mode: 'real', origin: null },
      { type: 'long-press', origin: null },
    ]);
  });

  it('zigbee2mqtt: a gate that opens is a record; availability and the bridge tell who is gone', async () => {
    const told = await drive(device('gate', 'zigbee2mqtt', 'gate', 'gate'));
    for (const contact of [true, false, false, true]) await say('zigbee2mqtt/gate', { contact });
    await until('it has opened and closed', () => told.records.length === 2);
    expect(told.records.map((r) => r.kind)).toEqual(['opened', 'closed']);
    await say('zigbee2mqtt/gate/availability', { state: 'offline' });
    await until('gone', () => told.healthOf('gate').startsWith('offline: Zigbee2MQTT says'));
    await say('zigbee2mqtt/gate/availability', { state: 'online' });
    await until('back', () => told.healthOf('gate') === 'good');
    await say('zigbee2mqtt/bridge/state', { state: 'offline' });
    await until('the bridge is down', () =>
      told.healthOf('gate').startsWith('offline: Zigbee2MQTT does not run'),
    );
  });

  it('tasmota: LWT, SENSOR and a detached switch', async () => {
    const told = await drive(device('tank', 'tasmota', 'water', 'tank-1'));
    await say('tele/tank-1/LWT', 'Online');
    await say('tele/tank-1/SENSOR', { Time: '2026-11-23T08:00:00', Switch1: 'OFF' });
    await say('stat/tank-1/RESULT', { Switch1: { Action: 'ON' } });
    await until('the switch is told', () => told.levels.length === 2);
    expect(told.levelsOf('tank')).toEqual([false, true]);
    await say('tele/tank-1/LWT', 'Offline');
    await until('gone', () => told.healthOf('tank').startsWith('offline: Tasmota'));
  });

  it('chirpstack: an uplink with what its codec decoded', async () => {
    const told = await drive(device('sos', 'chirpstack', 'button', '24e124535b311111'));
    await say('application/2b/device/24e124535b311111/event/up', {
      deviceInfo: { devEui: '24e124535b311111' },
      object: { press: 'short', battery: 97 },
      rxInfo: [{ rssi: -71, snr: 9.5 }],
    });
    await until('the press is in', () => told.events.length === 1);
    expect([told.measured('lora_rssi'), told.measured('battery')]).toEqual([[-71], [97]]);
  });

  it('what cannot be read is a fault with its reason, and the neighbour does not notice', async () => {
    const told = await drive(
      device('bad', 'zigbee2mqtt', 'smoke', 'bad'),
      device('well', 'zigbee2mqtt', 'smoke', 'well'),
    );
    const bad: [unknown, RegExp][] = [
      ['{"smoke":', /no JSON/],
      [{ smoke: 'perhaps' }, /says "perhaps" in smoke/],
      [{ battery: 'full' }, /says "full" in battery/],
      [{ smoke: 'x'.repeat(70_000) }, /longer than 64 KiB/],
    ];
    for (const [body, words] of bad) {
      await say('zigbee2mqtt/bad', body);
      await until(`${words}`, () => words.test(told.healthOf('bad')));
    }
    await say('zigbee2mqtt/well', { smoke: true });
    await until('the neighbour is read', () => told.levels.length === 1);
    expect(told.healthOf('well')).toBe('good');
    expect(told.levels).toMatchObject([{ device: 'well', up: true }]);
    await say('zigbee2mqtt/bad', { smoke: false });
    await until('a good message ends it', () => told.healthOf('bad') === 'good');
    expect(told.crashes).toEqual([]);
  });

  it('a broker that is killed is told, and found again by itself', async () => {
    const told = await drive(device('hall', 'zigbee2mqtt', 'smoke', 'hall'));
    broker.signal('SIGKILL');
    await until('it is gone', () => told.lines.at(-1)?.open === false);
    await broker.start();
    await until('it is back', () => told.lines.at(-1)?.open === true, 30_000);
    const again = await mqtt.connectAsync(broker.url);
    cleanups.push(() => again.end(true));
    await again.publishAsync('zigbee2mqtt/hall', '{"smoke":true}', { qos: 1 });
    await until('it is read', () => told.levels.length === 1);
  }, 60_000);
});

describe('a message of another system', () => {
  it('any bytes, and any JSON, neither throw nor reach into what every object has', () => {
    const readings = readingsOf(mapping('zigbee2mqtt').topics[0]!, 'smoke');
    const body = fc.oneof(
      fc.uint8Array({ maxLength: 60 }),
      fc.json().map((j) => new TextEncoder().encode(j)),
    );
    fc.assert(
      fc.property(body, (payload) => {
        const message = readMessage(payload, 'json');
        if (message.ok) for (const reading of readings) find(reading, message.body);
      }),
      enough,
    );
    const proto = { is: 'measure', field: 'constructor.length', name: 'x', unit: '' } as const;
    expect(find(proto, {})).toEqual({ kind: 'absent' });
  }, 120_000);

  it('a kind that its mapping does not have, two logins and one name twice are mistakes', () => {
    expect(() => device('a', 'tasmota', 'camera', 'x')).toThrow(/tasmota has no camera; it has: .*button/);
    const [a, b] = [
      device('a', 'tasmota', 'gate', 'x'),
      device('b', 'tasmota', 'gate', 'x', { username: 'u' }),
    ];
    const address = { kind: 'mqtt' as const, url: 'mqtt://127.0.0.1:1883', host: '127.0.0.1', port: 1883 };
    const line = { address, devices: [a, b] };
    expect(mqttDevicesDriver.configure(line).map((p) => p.problem)).toEqual([
      'all devices of one broker share one login: a has another',
      '"x" of tasmota is a already',
    ]);
    expect([
      mqttDevicesDriver.describe(a).alarms,
      mqttDevicesDriver.describe(device('c', 'tasmota', 'water', 'y')).alarms,
    ]).toEqual([false, true]);
  });
});
