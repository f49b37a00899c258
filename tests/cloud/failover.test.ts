import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connectAsync, type MqttClient } from 'mqtt';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { type EmbeddedBroker, startEmbeddedBroker } from '#cloud/broker/embedded.ts';
import { cloudConfig } from '#cloud/config.ts';
import { type Cloud, startCloud } from '#cloud/start.ts';
import { realPorts } from '#platform/real/ports.ts';
import { realClock } from '#platform/real/clock.ts';
import { realListening } from '#platform/real/streams.ts';
import { parseCap } from '#protocols/cap/read.ts';
import { receiptLaneMessage, type ReceiptLaneMessage } from '#protocols/messages/receipt.ts';
import { nameText } from '#protocols/signal.ts';
import { type Centre, startCentre } from '#sim/centre/centre.ts';
import { memoryDocumentStore } from '#sim/centre/document-store.ts';
import { memoryFrameStore } from '#sim/centre/frame-store.ts';
import { type HttpCentre, startHttpCentre } from '#sim/centre/http-centre.ts';
import { CloudWorld, press } from './cloud-world.ts';
import { quiet } from './fake-ports.ts';

// One centre with two doors of different kinds, on real sockets.
const host = '127.0.0.1';
const secret = 'a secret of this test';
let folder: string;
let broker: EmbeddedBroker;
let edge: MqttClient;
let cloud: Cloud;
let dc09: Centre;
let cap: HttpCentre;
let heard: ReceiptLaneMessage[];
const within = { timeout: 15_000 };

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'belfry-failover-'));
  broker = await startEmbeddedBroker({ host, port: 0, log: quiet });
  edge = await connectAsync({ host, port: broker.port });
  heard = [];
  edge.on('message', (_, payload) => heard.push(receiptLaneMessage.parse(JSON.parse(payload.toString()))));
  await edge.subscribeAsync('belfry/v1/school/gate/receipt', { qos: 1 });
  const centre = { clock: realClock, log: quiet };
  dc09 = await startCentre(
    { ...centre, listen: realListening, store: memoryFrameStore() },
    { host, port: 0 },
  );
  cap = await startHttpCentre({ ...centre, store: memoryDocumentStore() }, { host, port: 0, secret });
});
afterEach(async () => {
  await cloud.close();
  edge.end(true);
  await Promise.all([broker.close(), dc09.close(), cap.close()]);
  rmSync(folder, { recursive: true });
});

async function start(order: readonly ('cap' | 'dc09')[]): Promise<void> {
  const doors = {
    cap: { id: 'cap', kind: 'http-cap', url: cap.url, secret, timeout_ms: 5000 },
    dc09: { id: 'dc09', kind: 'dc09', host, port: dc09.port },
  };
  const config = cloudConfig.parse({
    centres: [{ id: 'police', primary: true, doors: order.map((kind) => doors[kind]) }],
  });
  cloud = await startCloud(
    realPorts({
      dataDir: folder,
      mqttUrl: `mqtt://${host}:${broker.port}`,
      log: { level: 'silent', format: 'line' },
    }),
    config,
  );
  await vi.waitFor(() => expect(cloud.links().alarm).toBe(true), within);
}

async function pressed(n: number) {
  const alarm = press(new CloudWorld(), n, {
    facts: { occurred_at: Date.now() - 100 },
    message: { sent_at: Date.now() },
  });
  await edge.publishAsync('belfry/v1/school/gate/alarm', JSON.stringify(alarm), { qos: 1 });
  await vi.waitFor(() => expect(heard.at(-1)).toMatchObject({ state: 'delivered' }), within);
  return alarm;
}

/** Written beside the delivery, so it may come a moment later. */
async function expectAttempts(rows: { door: string; outcome: string }[]): Promise<void> {
  await vi.waitFor(
    async () =>
      expect(await cloud.store.read('SELECT door, outcome FROM attempts ORDER BY id')).toEqual(rows),
    within,
  );
}

test('where the HTTP door is down the DC-09 door delivers, and the log shows both', async () => {
  await start(['cap', 'dc09']);
  await cap.close();
  await pressed(1);
  await expectAttempts([
    { door: 'cap', outcome: 'unreachable' },
    { door: 'dc09', outcome: 'receipt' },
  ]);
  expect(dc09.frames()).toMatchObject([{ account: '1234', sequence: 1, data: '#1234|1120 00 001' }]);
});

test('where the DC-09 door is down the HTTP door delivers, and the log shows both', async () => {
  await start(['dc09', 'cap']);
  await dc09.close();
  const alarm = await pressed(1);
  await expectAttempts([
    { door: 'dc09', outcome: 'unreachable' },
    { door: 'cap', outcome: 'receipt' },
  ]);
  const [document] = cap.documents();
  expect(document!.idempotency_key).toBe(`${nameText(alarm.name)}.${alarm.digest}`);
  expect(parseCap(document!.body)).toMatchObject({
    ok: true,
    alert: { identifier: nameText(alarm.name), status: 'Actual' },
  });
  expect(heard.at(-1)).toMatchObject({ centres: [{ door: 'cap', reference: 'JJ00000001' }] });
});

test('however often the doors take turns, each sends the same alarm', async () => {
  await start(['dc09', 'cap']);
  // Both write, and neither says so in time.
  dc09.behave({ mode: 'delay', delayMs: 60_000, count: 2 });
  cap.behave({ mode: 'cut', count: 2 });
  await pressed(1);
  await expectAttempts([
    { door: 'dc09', outcome: 'silent' },
    { door: 'cap', outcome: 'unreachable' },
    { door: 'dc09', outcome: 'receipt' },
  ]);
  const told = dc09.frames().map(({ account, sequence, data, h }) => ({ account, sequence, data, h }));
  expect(told).toHaveLength(3);
  expect(told).toEqual([told[0], told[0], told[0]]);
  expect(new Set(cap.documents().map(({ body }) => body)).size).toBe(1);
  expect(cap.documents()).toHaveLength(2);
});
