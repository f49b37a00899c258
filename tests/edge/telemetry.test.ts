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

async function start(link: { up: boolean; alarm?: boolean }) {
  const ports = {
    clock,
    log,
    random: { fraction: () => 0.5, bytes: (count: number) => new Uint8Array(count).fill(seed++) },
    databases: disk.port(),
    disk: disk.diskPort(),
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
  const telemetry = new Telemetry(
    ports,
    {
      gateway: 'gate',
      link: bulk,
      cloudClock: new CloudClock(clock),
      notices: told,
      alarmOnItsWay: () => link.alarm ?? false,
    },
    limits,
  );
  await telemetry.start();
  return telemetry;
}

const receipt = (n: number, more: Partial<Parameters<Telemetry['receipt']>[0]> = {}) => ({
  epoch: sent[0]!.epoch,
  n,
  missing: [],
  pace: { kind: 'free' as const },
  ...more,
});

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
  telemetry.receipt(receipt(2));
  await clock.pass(60_000);
  expect(sent).toHaveLength(4);
});

test('each start has an epoch of its own, and what the last one held is sent first', async () => {
  const link = { up: false };
  const first = await start(link);
  await measureFor(first, 2);
  await first.close();
  await settle();
  clock.kill();
  link.up = true;
  const second = await start(link);
  await measureFor(second, 1);
  const [old, , fresh] = sent.map((m) => m.epoch);
  expect(sent).toMatchObject([
    { epoch: old, n: 1 },
    { epoch: old, n: 2 },
    { epoch: fresh, n: 1 },
  ]);
  expect(fresh).not.toBe(old);
});

const batches = () => sent.filter((m) => m.kind === 'telemetry');
const gone = () => sent.filter((m) => (m.kind as string) === 'gone');

test('what the cloud misses is sent again at once while it is held, and said to be gone when it is not', async () => {
  const link = { up: true };
  const telemetry = await start(link);
  await measureFor(telemetry, 1);
  link.up = false;
  await measureFor(telemetry, 14);
  link.up = true;
  await clock.pass(1000);
  sent.splice(1);
  telemetry.receipt(receipt(1, { missing: [[2, 7]] }));
  await clock.pass(1000);
  expect(gone()).toMatchObject([{ from: 2, to: 5, values: 4, why: 'too-many' }]);
  expect(batches().map((m) => m.n)).toEqual(expect.arrayContaining([6, 7]));
  telemetry.receipt(receipt(15));
  await clock.pass(1000);
  expect(disk.rows('SELECT * FROM gone', 'telemetry')).toEqual([]);
  telemetry.receipt(receipt(0, { missing: [[3, 3]] }));
  await clock.pass(1000);
  expect(gone().at(-1)).toMatchObject({ from: 3, to: 3, values: 0, why: 'unreadable' });
});

test('what is gone at the end of an epoch that is over is said unasked, until the cloud has answered', async () => {
  const link = { up: false };
  const first = await start(link);
  await measureFor(first, 5);
  link.up = true;
  first.receipt({ epoch: 'e', n: 0, missing: [], pace: { kind: 'refused', for_ms: 60_000 } });
  await clock.pass(1000);
  expect(sent).toEqual([]);
  clock.kill();
  const second = await start(link);
  await clock.pass(1000);
  expect(gone()).toMatchObject([{ from: 1, to: 5, values: 5, why: 'refused' }]);
  await clock.pass(10_000);
  expect(gone()).toHaveLength(2);
  second.receipt(receipt(5));
  await clock.pass(30_000);
  expect(gone()).toHaveLength(2);
});

test('slowed: no more batches a second than the cloud takes, and none is lost', async () => {
  const link = { up: false };
  const telemetry = await start(link);
  await measureFor(telemetry, 10);
  link.up = true;
  telemetry.receipt({ epoch: 'e', n: 0, missing: [], pace: { kind: 'slowed', batches_per_s: 0.5 } });
  await clock.pass(9900);
  expect(batches().length).toBeLessThanOrEqual(6);
  expect(batches().length).toBeGreaterThanOrEqual(4);
  expect(notices).toMatchObject([{ open: true, en: expect.stringContaining('slowed') }]);
  expect(disk.rows('SELECT * FROM batches', 'telemetry')).toHaveLength(10);
});

test('sampled: one in so many is kept, the others are counted, measured and said to be gone when asked', async () => {
  const link = { up: false };
  const telemetry = await start(link);
  await measureFor(telemetry, 9);
  link.up = true;
  telemetry.receipt({
    epoch: 'e',
    n: 0,
    missing: [],
    pace: { kind: 'sampled', batches_per_s: 100, keep_one_in: 3 },
  });
  await clock.pass(900);
  expect(batches().map((m) => m.n)).toEqual([1, 4, 7]);
  telemetry.receipt(receipt(1, { missing: [[2, 3]] }));
  await clock.pass(2000);
  expect(gone()).toMatchObject([{ from: 2, to: 3, values: 2, why: 'sampled' }]);
  expect(batches().at(-1)!.points).toMatchObject([{ device: 'gate', field: 'telemetry_shed', value: 6 }]);
});

test('refused: values are dropped and counted for as long as the cloud says, evidence waits, and then all flows again', async () => {
  const telemetry = await start({ up: true });
  telemetry.receipt({ epoch: 'e', n: 0, missing: [], pace: { kind: 'refused', for_ms: 10_000 } });
  telemetry.record('a', 'check-in', { card: '7' });
  await clock.pass(1000);
  await measureFor(telemetry, 5);
  expect(sent).toEqual([]);
  await clock.pass(6000);
  expect(batches()[0]!.records).toMatchObject([{ kind: 'check-in' }]);
  expect(batches().at(-1)!.points).toMatchObject([{ field: 'telemetry_shed', value: 5 }]);
  expect(notices.at(-1)).toMatchObject({ open: false });
});

test('an alarm on its way: the backlog waits', async () => {
  const link = { up: false, alarm: true };
  const telemetry = await start(link);
  await measureFor(telemetry, 5);
  link.up = true;
  await clock.pass(5000);
  expect(sent).toEqual([]);
  link.alarm = false;
  await clock.pass(1000);
  expect(sent).toHaveLength(5);
});

test('the disk is nearly full: telemetry stops writing first, and says so', async () => {
  const telemetry = await start({ up: true });
  disk.free = 10_000_000;
  await measureFor(telemetry, 3);
  expect(sent).toEqual([]);
  expect(notices).toMatchObject([{ open: true, en: expect.stringContaining('for alarms') }]);
  disk.free = 1e9;
  await clock.pass(10_000);
  await measureFor(telemetry, 2);
  expect(batches().map((m) => m.n)).toContain(1);
});

test('the telemetry file is lost or damaged: another is opened, in another epoch', async () => {
  const telemetry = await start({ up: true });
  await measureFor(telemetry, 1);
  disk.workersKilled++;
  await measureFor(telemetry, 1);
  await clock.pass(20_000);
  await measureFor(telemetry, 1);
  disk.ruin('telemetry');
  await measureFor(telemetry, 1);
  await clock.pass(20_000);
  await measureFor(telemetry, 1);
  expect(disk.aside).toHaveLength(1);
  expect(new Set(sent.map((m) => m.epoch)).size).toBe(3);
});

test('a wall clock that jumps makes no value old', async () => {
  const telemetry = await start({ up: false });
  await measureFor(telemetry, 3);
  clock.skew = 400 * 24 * 3_600_000;
  await measureFor(telemetry, 3);
  clock.skew = -clock.skew;
  await measureFor(telemetry, 3);
  expect(disk.rows('SELECT * FROM batches', 'telemetry')).toHaveLength(9);
});
