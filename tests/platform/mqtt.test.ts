import net from 'node:net';
import { afterEach, describe, expect, test } from 'vitest';
import type { MqttLinkOptions } from '#platform/ports.ts';
import { realClock } from '#platform/real/clock.ts';
import { realLog } from '#platform/real/log.ts';
import { realMqtt } from '#platform/real/mqtt.ts';
import { aedesBroker, mosquitto } from './brokers.ts';
import { have, until } from './pty.ts';

const cleanup: (() => unknown)[] = [];
afterEach(async () => {
  for (const undo of cleanup.splice(0).toReversed()) await undo();
});

async function aedes(...options: Parameters<typeof aedesBroker>) {
  const broker = await aedesBroker(...options);
  cleanup.push(broker.stop);
  return broker;
}

function connect(
  url: string,
  clientId: string,
  options: Partial<MqttLinkOptions> = {},
  connectTimeoutMs = 4000,
) {
  const seen = { ups: 0, downs: [] as string[], messages: [] as string[], log: [] as string[] };
  const log = realLog({ level: 'info', format: 'json', write: (line) => seen.log.push(line) });
  // The shortest delays of the back-off: 25 ms and growing.
  const random = { fraction: () => 0, bytes: (count: number) => new Uint8Array(count) };
  const link = realMqtt({ url, clock: realClock, random, log, connectTimeoutMs }).connect({
    clientId,
    subscribe: ['belfry/#'],
    onUp: () => seen.ups++,
    onDown: (reason) => seen.downs.push(reason),
    onMessage: (topic, payload) => seen.messages.push(`${topic} ${Buffer.from(payload)}`),
    ...options,
  });
  cleanup.push(() => link.close());
  return { link, seen };
}

const warnings = (lines: string[]) => lines.filter((line) => line.includes('"warn"'));

test('what is published when up reaches who subscribes', async () => {
  const { url } = await aedes();
  const a = connect(url, 'a');
  expect(a.link.up).toBe(false);
  await expect(a.link.publish('belfry/x', '1')).rejects.toThrow('not connected');
  await until('up', () => a.seen.ups === 1);
  const b = connect(url, 'b', { subscribe: [] });
  await until('up', () => b.link.up);
  await b.link.publish('belfry/x', '你好');
  await until('the message', () => a.seen.messages.length === 1);
  expect(a.seen.messages).toEqual(['belfry/x 你好']);
});

test('a link that leaves in order says DISCONNECT: its will is not published, and nothing is called back', async () => {
  const { url } = await aedes();
  const listener = connect(url, 'listener');
  await until('up', () => listener.link.up);
  const will = (name: string) => ({
    will: () => ({ topic: 'belfry/will', payload: Buffer.from(name) }),
  });
  const a = connect(url, 'a', will('a'));
  const b = connect(url, 'b', will('b'));
  await until('up', () => a.link.up && b.link.up);
  await a.link.close('withheld');
  await b.link.close();
  await until('the will of the other', () => listener.seen.messages.includes('belfry/will b'));
  expect(listener.seen.messages).toEqual(['belfry/will b']);
  expect(a.seen.downs).toEqual([]);
});

test('each connection carries a will of its own, and close sends it as a crash would', async () => {
  const { url, broker } = await aedes();
  const listener = connect(url, 'listener');
  await until('up', () => listener.link.up);
  let session = 0;
  const a = connect(url, 'a', {
    will: () => ({ topic: 'belfry/will', payload: Buffer.from(`session ${++session}`) }),
  });
  await until('up', () => a.seen.ups === 1);
  (broker as unknown as { clients: Record<string, { conn: net.Socket }> }).clients.a!.conn.destroy();
  await until('up again', () => a.seen.ups === 2);
  expect(a.seen.downs).toHaveLength(1);
  await a.link.close();
  await until('both wills', () => listener.seen.messages.length === 2);
  expect(listener.seen.messages).toEqual(['belfry/will session 1', 'belfry/will session 2']);
  expect(a.seen.downs).toHaveLength(1);
  await expect(a.link.publish('belfry/x', '1')).rejects.toThrow('not connected');
});

test('a refused login is tried again until it is let in, and warned of once', async () => {
  let refusals = 0;
  const { url } = await aedes({
    authenticate: (_client, _user, _password, done) => done(null, ++refusals > 3),
  });
  const { seen } = connect(url, 'a');
  await until('up', () => seen.ups === 1);
  expect(refusals).toBe(4);
  // Told once, so that whoever needs the link knows that there is none.
  expect(seen.downs).toEqual(['Connection refused: Not authorized']);
  expect(warnings(seen.log)).toHaveLength(1);
});

test('a refused subscription is no connection, and is tried again', async () => {
  let asked = 0;
  const { url } = await aedes({
    authorizeSubscribe: (_client, subscription, done) => done(null, ++asked > 2 ? subscription : null),
  });
  const { seen } = connect(url, 'a');
  await until('up', () => seen.ups === 1);
  expect(asked).toBe(3);
  expect(warnings(seen.log)[0]).toContain('a subscription was refused');
});

test('a publish without PUBACK rejects, and its connection is given up for a new one', async () => {
  const { url } = await aedes({ authorizePublish() {} });
  const { link, seen } = connect(url, 'a', { publishTimeoutMs: 100 });
  await until('up', () => seen.ups === 1);
  const waiting = [link.publish('belfry/x', '1'), link.publish('belfry/x', '2')];
  for (const each of waiting) await expect(each).rejects.toThrow('no PUBACK within 100 ms');
  expect(seen.downs).toEqual(['no PUBACK within 100 ms']);
  await until('up again', () => seen.ups === 2);
});

test('publishes in flight reject at close', async () => {
  const { url } = await aedes({ authorizePublish() {} });
  const { link } = connect(url, 'a');
  await until('up', () => link.up);
  const waiting = link.publish('belfry/x', '1');
  void link.close();
  await expect(waiting).rejects.toThrow('the link was closed');
});

test('a broker that accepts and says nothing is left and tried again', async () => {
  let connections = 0;
  const sockets: net.Socket[] = [];
  const mute = net.createServer((socket) => {
    connections++;
    sockets.push(socket.on('error', () => {}));
  });
  await new Promise<void>((done) => mute.listen(0, '127.0.0.1', done));
  cleanup.push(() => {
    for (const socket of sockets) socket.destroy();
    mute.close();
  });
  const { seen } = connect(`mqtt://127.0.0.1:${(mute.address() as net.AddressInfo).port}`, 'a', {}, 50);
  await until('three tries', () => connections >= 3);
  expect(warnings(seen.log)).toHaveLength(1);
});

test('a callback that throws is logged and ends nothing', async () => {
  const { url } = await aedes();
  const a = connect(url, 'a', {
    onMessage() {
      throw new Error('a mistake');
    },
  });
  await until('up', () => a.link.up);
  await a.link.publish('belfry/x', '1');
  await until('the log', () => a.seen.log.some((line) => line.includes('onMessage has thrown')));
  await a.link.publish('belfry/x', '2');
});

test('an address that is not of MQTT is refused at once', () => {
  expect(() => connect('http://127.0.0.1:1', 'a')).toThrow('must begin with mqtt://');
});

describe.skipIf(!have('mosquitto'))('mosquitto', () => {
  test(
    'killed and started again: the link comes back with its subscription',
    { timeout: 40_000 },
    async () => {
      const broker = await mosquitto();
      cleanup.push(broker.remove);
      const { link, seen } = connect(broker.url, 'a');
      await until('up', () => seen.ups === 1);
      broker.signal('SIGKILL');
      await until('down', () => seen.downs.length === 1);
      await expect(link.publish('belfry/x', '1')).rejects.toThrow('not connected');
      await broker.start();
      await until('up again', () => seen.ups === 2);
      await link.publish('belfry/x', '2');
      await until('the message', () => seen.messages.length === 1);
      expect(seen.messages).toEqual(['belfry/x 2']);
    },
  );

  test('frozen: the publish rejects in its time, and the link comes back', { timeout: 40_000 }, async () => {
    const broker = await mosquitto();
    cleanup.push(broker.remove);
    const { link, seen } = connect(broker.url, 'a', { publishTimeoutMs: 200 }, 500);
    await until('up', () => seen.ups === 1);
    broker.signal('SIGSTOP');
    await expect(link.publish('belfry/x', '1')).rejects.toThrow('no PUBACK');
    expect(link.up).toBe(false);
    broker.signal('SIGCONT');
    await until('up again', () => seen.ups === 2);
  });
});
