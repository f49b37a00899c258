import { mkdtempSync, rmSync, readdirSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connectAsync, type MqttClient } from 'mqtt';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { type EmbeddedBroker, startEmbeddedBroker } from '#cloud/broker/embedded.ts';
import type { CloudConfig } from '#cloud/config.ts';
import { type Cloud, startCloud } from '#cloud/start.ts';
import { realClock } from '#platform/real/clock.ts';
import { realDatabases } from '#platform/real/database.ts';
import { realDisk } from '#platform/real/disk.ts';
import { realMqtt } from '#platform/real/mqtt.ts';
import { realRandomness } from '#platform/real/randomness.ts';
import { realListening, realStreams } from '#platform/real/streams.ts';
import type { Ports } from '#platform/ports.ts';
import type { AlarmMessage } from '#protocols/messages/alarm.ts';
import { receiptLaneMessage, type ReceiptLaneMessage } from '#protocols/messages/receipt.ts';
import { CloudWorld, config as oneCentre, FakeDoor, press } from './cloud-world.ts';
import { quiet } from './fake-ports.ts';

// Real disk, real broker, real MQTT; only 110 is played.
let folder: string;
let broker: EmbeddedBroker;
let edge: MqttClient;
let clouds: Cloud[] = [];
let heard: ReceiptLaneMessage[] = [];

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'belfry-cloud-'));
  broker = await startEmbeddedBroker({ host: '127.0.0.1', port: 0, log: quiet });
  edge = await connectAsync({ host: '127.0.0.1', port: broker.port });
  heard = [];
  edge.on('message', (_, payload) => heard.push(receiptLaneMessage.parse(JSON.parse(payload.toString()))));
  await edge.subscribeAsync('belfry/v1/school/gate/receipt', { qos: 1 });
});
afterEach(async () => {
  await Promise.all(clouds.splice(0).map((cloud) => cloud.close()));
  edge.end(true);
  await broker.close();
  rmSync(folder, { recursive: true });
});

async function start(name: string, door: FakeDoor, config: CloudConfig = oneCentre): Promise<Cloud> {
  const { port } = broker;
  const ports: Ports = {
    clock: realClock,
    random: realRandomness,
    log: quiet,
    streams: realStreams,
    listening: realListening,
    databases: realDatabases(join(folder, name)),
    disk: realDisk(join(folder, name)),
    mqtt: realMqtt({
      url: `mqtt://127.0.0.1:${port}`,
      clock: realClock,
      random: realRandomness,
      log: quiet,
    }),
  };
  const cloud = await startCloud(ports, config, {
    centres: [{ id: 'police', name: null, primary: true, takesTests: true, doors: [{ kind: 'fake', door }] }],
  });
  clouds.push(cloud);
  await vi.waitFor(() => expect(cloud.links()).toEqual({ alarm: true, bulk: true }), { timeout: 10_000 });
  return cloud;
}

function alarmNow(n: number): AlarmMessage {
  const facts = { occurred_at: Date.now() - 100 };
  return press(new CloudWorld(), n, { facts, message: { sent_at: Date.now() } });
}

async function says(alarm: AlarmMessage): Promise<void> {
  await edge.publishAsync('belfry/v1/school/gate/alarm', JSON.stringify(alarm), { qos: 1 });
}

const within = { timeout: 10_000 };

test('over a real broker and disk a press is answered stored and delivered', async () => {
  const door = new FakeDoor('first');
  const cloud = await start('a', door);
  const alarm = alarmNow(1);
  await says(alarm);
  await vi.waitFor(
    () => expect(heard.at(-1)).toMatchObject({ state: 'delivered', name: alarm.name, digest: alarm.digest }),
    within,
  );
  expect(door.taken).toHaveLength(1);
  await vi.waitFor(
    async () => expect((await cloud.incidents.log(1)).map(({ step }) => step)).toContain('delivered'),
    within,
  );
});

test('stopped and started on the same data it knows what it promised, and its epoch is the same', async () => {
  const door = new FakeDoor('first');
  door.does = 'nothing';
  const first = await start('a', door);
  const alarm = alarmNow(1);
  await says(alarm);
  await vi.waitFor(() => expect(door.taken).toHaveLength(1), within);
  // A door that never answers does not hold up the end.
  await first.close();
  door.does = 'receipt';
  const second = await start('a', door);
  expect(second.store.epoch).toBe(first.store.epoch);
  await vi.waitFor(() => expect(heard).toContainEqual(expect.objectContaining({ kind: 'word' })), within);
  await vi.waitFor(() => expect(heard.at(-1)).toMatchObject({ state: 'delivered' }), within);
  expect(door.taken.map(({ name }) => name)).toEqual([door.taken[0]!.name, door.taken[0]!.name]);
});

test('two clouds in one process, on one broker, are two', async () => {
  const doors = [new FakeDoor('first'), new FakeDoor('first')] as const;
  const [a, b] = [await start('a', doors[0]), await start('b', doors[1])];
  expect(a.store.epoch).not.toBe(b.store.epoch);
  await says(alarmNow(1));
  await vi.waitFor(() => expect(doors.map((door) => door.taken.length)).toEqual([1, 1]), within);
  expect(a.links()).toEqual({ alarm: true, bulk: true });
});

test('the first cloud on a folder keeps a second one out', async () => {
  await start('a', new FakeDoor('first'));
  await expect(start('a', new FakeDoor('first'))).rejects.toMatchObject({ code: 'in-use' });
});

test('a telemetry file that is broken does not keep an alarm from 110, and is set aside for a new one', async () => {
  const door = new FakeDoor('first');
  await (await start('a', door)).close();
  writeFileSync(join(folder, 'a', 'telemetry.sqlite'), 'no database at all '.repeat(1000));
  const cloud = await start('a', door);
  await says(alarmNow(1));
  await vi.waitFor(() => expect(door.taken).toHaveLength(1), within);
  const question = { device: 'gate/b', field: 'x', from: 0, to: 1, everyMs: 1 };
  await expect(cloud.telemetry.query(question)).rejects.toThrow('is not open');
  expect(cloud.alerts.isOpen('telemetry-unavailable', 'telemetry')).toBe(true);
  await vi.waitFor(async () => expect(await cloud.telemetry.query(question)).toEqual([]), {
    timeout: 20_000,
    interval: 100,
  });
  await vi.waitFor(
    () => expect(cloud.alerts.isOpen('telemetry-unavailable', 'telemetry')).toBe(false),
    within,
  );
  expect(readdirSync(join(folder, 'a')).filter((name) => name.startsWith('telemetry'))).toContainEqual(
    expect.stringMatching(/^telemetry\.\D*\d/),
  );
});

test('closing twice is closing once', async () => {
  const cloud = await start('a', new FakeDoor('first'));
  await Promise.all([cloud.close(), cloud.close()]);
  await expect(cloud.store.read('SELECT 1')).rejects.toThrow();
});
