import net from 'node:net';
import * as fc from 'fast-check';
import { connectAsync, type IClientOptions, type MqttClient } from 'mqtt';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { type EmbeddedBroker, maxPacketBytes, startEmbeddedBroker } from '#cloud/broker/embedded.ts';
import { PacketMeter } from '#platform/packet-meter.ts';
import { quiet } from './fake-ports.ts';

let broker: EmbeddedBroker;
const clients: MqttClient[] = [];

beforeEach(async () => {
  broker = await startEmbeddedBroker({ host: '127.0.0.1', port: 0, log: quiet });
});
afterEach(async () => {
  for (const client of clients.splice(0)) client.end(true);
  await broker.close();
});

async function connect(options: IClientOptions = {}): Promise<MqttClient> {
  const client = await connectAsync({
    port: broker.port,
    host: '127.0.0.1',
    reconnectPeriod: 0,
    ...options,
  });
  client.on('error', () => {});
  clients.push(client);
  return client;
}

function heard(client: MqttClient): string[] {
  const all: string[] = [];
  client.on('message', (topic, payload) => all.push(`${topic} ${payload.toString().slice(0, 40)}`));
  return all;
}

test('a message reaches its subscriber, and a client id that names a gateway is not too long', async () => {
  const reader = await connect({ clientId: 'a-gateway-with-a-long-name-'.repeat(3) });
  const got = heard(reader);
  await reader.subscribeAsync('belfry/+/+/+/alarm', { qos: 1 });
  await (await connect()).publishAsync('belfry/v1/c/g/alarm', 'help', { qos: 1 });
  await vi.waitFor(() => expect(got).toEqual(['belfry/v1/c/g/alarm help']));
});

test('a packet of 20 MB cuts its sender and nobody else', async () => {
  const reader = await connect();
  const got = heard(reader);
  await reader.subscribeAsync('#', { qos: 1 });
  const hostile = await connect();
  const cut = new Promise<void>((resolve) => hostile.once('close', () => resolve()));
  hostile.publish('big', Buffer.alloc(20 << 20), { qos: 1 }, () => {});
  await cut;
  await (await connect()).publishAsync('after', 'still here', { qos: 1 });
  await vi.waitFor(() => expect(got).toEqual(['after still here']));
});

test('a packet at the limit passes', async () => {
  const reader = await connect();
  const got = heard(reader);
  await reader.subscribeAsync('#', { qos: 1 });
  await (await connect()).publishAsync('large', 'x'.repeat(maxPacketBytes - 100), { qos: 1 });
  await vi.waitFor(() => expect(got).toHaveLength(1));
});

test('a hundred connections that speak no MQTT leave the broker as it was', async () => {
  await Promise.all(
    Array.from(
      { length: 100 },
      (_, i) =>
        new Promise<void>((resolve) => {
          const socket = net.connect(broker.port, '127.0.0.1');
          socket.on('error', () => {});
          socket.once('close', () => resolve());
          socket.write(Buffer.from([i, 0xff, 0xff, 0xff, 0xff, 0xff]));
        }),
    ),
  );
  const reader = await connect();
  const got = heard(reader);
  await reader.subscribeAsync('#', { qos: 1 });
  await reader.publishAsync('alive', 'yes', { qos: 1 });
  await vi.waitFor(() => expect(got).toEqual(['alive yes']));
});

test('a shared subscription is refused in so many words, since it would deliver nothing', async () => {
  const client = await connect();
  await expect(client.subscribeAsync('$share/group/topic')).rejects.toThrow();
  await client.subscribeAsync('topic');
});

test('nothing is retained', async () => {
  await (await connect()).publishAsync('kept', 'old', { qos: 1, retain: true });
  const reader = await connect();
  const got = heard(reader);
  await reader.subscribeAsync('#', { qos: 1 });
  await reader.publishAsync('new', 'now', { qos: 1 });
  await vi.waitFor(() => expect(got).toEqual(['new now']));
});

test('a client that wants a session to outlive its connection is not queued for', async () => {
  const away = await connect({ clientId: 'away', clean: false });
  await away.subscribeAsync('#', { qos: 1 });
  await away.endAsync();
  const other = await connect();
  await other.publishAsync('while-away', 'x', { qos: 1 });
  const back = await connect({ clientId: 'away', clean: false });
  const got = heard(back);
  await back.subscribeAsync('#', { qos: 1 });
  await other.publishAsync('once-back', 'x', { qos: 1 });
  await vi.waitFor(() => expect(got).toEqual(['once-back x']));
});

test('a subscriber that stops reading does not hold up the others for long', async () => {
  const stalled = await connect();
  await stalled.subscribeAsync('#', { qos: 1 });
  stalled.stream.pause();
  const reader = await connect();
  const got = heard(reader);
  await reader.subscribeAsync('end', { qos: 1 });
  const writer = await connect();
  // More than the sockets buffer, in more packets than the broker has in hand at once (100).
  const payload = Buffer.alloc(20_000);
  for (let i = 0; i < 1000; i += 1) writer.publish('bulk', payload, { qos: 0 });
  writer.publish('end', 'through', { qos: 1 }, () => {});
  await vi.waitFor(() => expect(got).toEqual(['end through']), { timeout: 20_000 });
});

test('a port that is taken is an error that says so', async () => {
  await expect(
    startEmbeddedBroker({ host: '127.0.0.1', port: broker.port, log: quiet }),
  ).rejects.toMatchObject({
    code: 'EADDRINUSE',
  });
});

test('a meter finds the one packet that is too long, however the stream is split', () => {
  const packet = (body: number): Uint8Array => {
    const length: number[] = [];
    let rest = body;
    do {
      length.push((rest % 128) + (rest >= 128 ? 128 : 0));
      rest = Math.floor(rest / 128);
    } while (rest > 0);
    return Buffer.concat([Uint8Array.from([0x30, ...length]), Buffer.alloc(body, 0xff)]);
  };
  fc.assert(
    fc.property(
      fc.array(fc.nat(300), { maxLength: 20 }),
      fc.array(fc.integer({ min: 1, max: 50 }), { minLength: 1 }),
      (bodies, splits) => {
        const stream = Buffer.concat(bodies.map(packet));
        const meter = new PacketMeter(200);
        let accepted = true;
        for (let at = 0, turn = 0; at < stream.length && accepted; turn += 1) {
          const size = splits[turn % splits.length]!;
          accepted = meter.accepts(stream.subarray(at, at + size));
          at += size;
        }
        expect(accepted).toBe(bodies.every((body) => body <= 200));
      },
    ),
  );
});
