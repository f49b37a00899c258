import { beforeEach, expect, test } from 'vitest';
import { Notices } from '#edge/notices.ts';
import { Telemetry } from '#edge/telemetry/telemetry.ts';
import { CloudClock } from '#edge/uplink/offset.ts';
import type { Log, Ports } from '#platform/ports.ts';
import type { TelemetryMessage } from '#protocols/messages/telemetry.ts';
import { settle, TestClock, TestDisk, World } from './world.ts';

test('what a driver measures reaches the cloud in batches, and is kept until the cloud has stored it', async () => {
  const world = await new World().start();
  const { context } = world.driver;
  context.measure('south', 'temperature', 21.5, '°C');
  context.measure('south', 'humidity', 40, '%');
  await world.clock.pass(3000);
  expect(world.cloud.telemetry).toMatchObject([
    {
      n: 1,
      points: [{ device: 'south', field: 'temperature', value: 21.5, unit: '°C' }, { field: 'humidity' }],
    },
  ]);
  expect(world.disk.rows('SELECT * FROM batches', 'telemetry')).toEqual([]);
  world.cloud.cut();
  context.measure('south', 'temperature', 22, '°C');
  await world.clock.pass(60_000);
  expect(world.disk.rows('SELECT * FROM batches', 'telemetry')).toHaveLength(1);
  world.cloud.mend();
  await world.clock.pass(3000);
  expect(world.cloud.telemetry.at(-1)).toMatchObject({ n: 2, points: [{ value: 22 }] });
});

const limits = { batchEveryMs: 1000, pointsInBatch: 5, batchesKept: 10, keptMs: 3_600_000 };
const log: Log = { debug() {}, info() {}, warn() {}, error() {}, child: () => log };
let clock: TestClock;
let disk: TestDisk;
let sent: TelemetryMessage[];
let notices: { open: boolean; en: string }[];
let seed = 1;
beforeEach(() => {
  clock = new TestClock();
  disk = new TestDisk();
  sent = [];
  notices = [];
});

async function start(link: { up: boolean }) {
  const ports = {
    clock,
    log,
    random: { fraction: () => 0.5, bytes: (count: number) => new Uint8Array(count).fill(seed++) },
    databases: disk.port(),
  } as unknown as Ports;
  const told = new Notices();
  told.session(async ({ open, text }) => void notices.push({ open, en: text.en }));
  const bulk = {
    get up() {
      return link.up;
    },
    session: () => 's',
    publishTelemetry: async (payload: string) => void sent.push(JSON.parse(payload) as TelemetryMessage),
  };
  const telemetry = new Telemetry(ports, bulk, new CloudClock(clock), told, limits);
  await telemetry.start();
  return telemetry;
}

async function measureFor(telemetry: Telemetry, seconds: number) {
  for (let i = 0; i < seconds; i++) {
    telemetry.measure('a', 'v', i, '');
    await clock.pass(1000);
  }
}

test('the cloud is away for too long: the oldest go first, and the loss is counted and told', async () => {
  const telemetry = await start({ up: false });
  await measureFor(telemetry, 14);
  const rows = disk.rows('SELECT n FROM batches ORDER BY n', 'telemetry');
  expect(rows.map((r) => r.n)).toEqual([5, 6, 7, 8, 9, 10, 11, 12, 13, 14]);
  expect(notices).toMatchObject([{ open: true, en: expect.stringContaining('dropped') }]);
});

test('more values than a batch takes are refused, not queued without end', async () => {
  const telemetry = await start({ up: true });
  for (let i = 0; i < 50; i++) telemetry.measure('a', 'v', i, '');
  await clock.pass(1000);
  expect(sent[0]!.points).toHaveLength(5);
  expect(notices).toMatchObject([{ open: true }]);
  await clock.pass(61_000);
  await measureFor(telemetry, 2);
  expect(notices.at(-1)).toMatchObject({ open: false });
});

test('a value that is not a number is refused alone', async () => {
  const telemetry = await start({ up: true });
  telemetry.measure('a', 'v', Number.NaN, '');
  telemetry.measure('a', 'v', 1, '');
  await clock.pass(1000);
  expect(sent[0]!.points.map((p) => p.value)).toEqual([1]);
});

test('a batch that is not answered is sent again, oldest first; a receipt ends it', async () => {
  const telemetry = await start({ up: true });
  await measureFor(telemetry, 2);
  expect(sent.map((m) => m.n)).toEqual([1, 2]);
  await clock.pass(12_000);
  expect(sent.map((m) => m.n)).toEqual([1, 2, 1, 2]);
  telemetry.receipt(sent[0]!.epoch, 2);
  await clock.pass(60_000);
  expect(sent).toHaveLength(4);
});

test('after an unclean start a new epoch begins; after an orderly one the old goes on', async () => {
  const first = await start({ up: true });
  await measureFor(first, 1);
  clock.kill();
  const second = await start({ up: true });
  await measureFor(second, 1);
  expect(new Set(sent.map((m) => m.epoch)).size).toBe(2);
  await second.close();
  await settle();
  clock.kill();
  sent = [];
  const third = await start({ up: true });
  await measureFor(third, 1);
  const last = sent.at(-1)!;
  expect(last.n).toBe(2);
});
