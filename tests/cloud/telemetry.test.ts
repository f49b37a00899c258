import { createServer } from 'node:http';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import * as fc from 'fast-check';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { embeddedSchema, embeddedTelemetry, retentionMs } from '#cloud/telemetry/embedded.ts';
import { influxTelemetry } from '#cloud/telemetry/influx.ts';
import type { InfluxConfig } from '#cloud/telemetry/influx.ts';
import { openLineQueue, queueSchema } from '#cloud/telemetry/line-queue.ts';
import type { Sent } from '#cloud/telemetry/line-queue.ts';
import { gapGivenUpAfterMs, Progress } from '#cloud/telemetry/progress.ts';
import type { ClosedGap } from '#cloud/telemetry/receiving.ts';
import { openTelemetry } from '#cloud/telemetry/telemetry.ts';
import type { TelemetryStore } from '#cloud/telemetry/telemetry-store.ts';
import type { HttpPort } from '#platform/http.ts';
import { realHttp } from '#platform/real/http.ts';
import type { Point } from '#protocols/messages/telemetry.ts';
import { HandClock, MemoryDatabases, quiet, seeded, settle } from './fake-ports.ts';
import { missingInflux, startInfluxd } from './telemetry-influxd.ts';
import type { Influxd } from './telemetry-influxd.ts';

const start = Date.UTC(2026, 8, 1, 8, 0, 0);
const source = { campus: 'school', gateway: 'gate' };
const point = (at: number, value: number, more: Partial<Point> = {}): Point => ({
  device: 's1',
  field: 'temperature',
  value,
  unit: '°C',
  at,
  ...more,
});
const ask = (more: object = {}) => ({
  device: 'gate/s1',
  field: 'temperature',
  from: start,
  to: start + 600_000,
  everyMs: 60_000,
  ...more,
});

let clock: HandClock;
let databases: MemoryDatabases;
let servers: Server[];
beforeEach(() => {
  clock = new HandClock();
  clock.wallAt = start - clock.monotonic();
  databases = new MemoryDatabases();
  servers = [];
});
afterEach(() => {
  for (const server of servers) server.close();
});

const missing = missingInflux();
let influxd: Influxd | undefined;
beforeAll(async () => {
  if (missing === null) influxd = await startInfluxd();
}, 60_000);
afterAll(() => influxd?.stop());

let used = 0;
const parts = async () => ({
  database: await databases.open('telemetry', 'relaxed', embeddedSchema + queueSchema),
  clock,
  random: seeded(),
  log: quiet,
  http: realHttp,
});
const openEmbedded = async () => embeddedTelemetry(await parts());
const openInflux1 = async () =>
  influxTelemetry(await parts(), { version: 1, url: influxd!.url, database: `belfry${(used += 1)}` });

/** Passes time until `check` holds: what is sent over a real socket comes when it comes. */
async function eventually(check: () => Promise<void> | void): Promise<void> {
  await vi.waitFor(
    async () => {
      await clock.pass(1_000);
      await check();
    },
    { timeout: 20_000, interval: 10 },
  );
}

describe.each([
  ['the embedded store', openEmbedded, null],
  [`InfluxDB 1.x${missing === null ? '' : ` (${missing})`}`, openInflux1, missing],
])('%s', (_name, open, absent) => {
  let store: TelemetryStore;
  beforeEach(async (context) => {
    if (absent !== null) return context.skip();
    store = await open();
  });
  afterEach(() => store?.close());

  it('answers a question before the first point with nothing', async () => {
    expect(await store.query(ask())).toEqual([]);
  });

  it('gives mean, least, greatest and count of each bucket, empty ones left out', async () => {
    await store.write(source, [
      point(start, 20),
      point(start + 30_000, 23),
      point(start + 59_999, 20.5),
      point(start + 180_000, -5),
    ]);
    await eventually(async () =>
      expect(await store.query(ask())).toEqual([
        { at: start, mean: expect.closeTo(21.1666667, 5), min: 20, max: 23, count: 3 },
        { at: start + 180_000, mean: -5, min: -5, max: -5, count: 1 },
      ]),
    );
  });

  it('has its buckets on whole multiples, includes `from` and excludes `to`', async () => {
    await store.write(source, [
      point(start + 29_999, 1),
      point(start + 30_000, 2),
      point(start + 119_999, 3),
      point(start + 120_000, 4),
    ]);
    await eventually(async () =>
      expect(await store.query(ask({ from: start + 30_000, to: start + 120_000 }))).toMatchObject([
        { at: start, mean: 2, count: 1 },
        { at: start + 60_000, mean: 3, count: 1 },
      ]),
    );
  });

  it('keeps gateways, devices and fields apart', async () => {
    await store.write(source, [
      point(start, 1),
      point(start, 2, { device: 's2' }),
      point(start, 3, { field: 'smoke', unit: '' }),
      point(start, 5, { field: 'odd', unit: 'a b=,\\' }),
    ]);
    await store.write({ campus: 'school', gateway: 'other' }, [point(start, 4)]);
    const means = (more: object) => store.query(ask(more)).then((buckets) => buckets.map((b) => b.mean));
    await eventually(async () => expect(await means({ device: 'other/s1' })).toEqual([4]));
    expect(await means({})).toEqual([1]);
    expect(await means({ device: 'gate/s2' })).toEqual([2]);
    expect(await means({ field: 'smoke' })).toEqual([3]);
    expect(await means({ field: 'odd' })).toEqual([5]);
    expect(await means({ device: "gate/s1' OR '1'='1" })).toEqual([]);
  });

  it('holds a point that comes twice once', async () => {
    await store.write(source, [point(start, 7)]);
    await store.write(source, [point(start, 7), point(start + 1_000, 9)]);
    await eventually(async () =>
      expect(await store.query(ask())).toMatchObject([{ mean: 8, count: 2, min: 7, max: 9 }]),
    );
  });
});

describe('the embedded store', () => {
  it('forgets after 30 days', async () => {
    const store = await openEmbedded();
    await store.write(source, [point(start - retentionMs + 3_000_000, 1), point(start, 2)]);
    await clock.pass(3_700_000);
    expect(await store.query(ask({ from: 0, everyMs: 86_400_000 }))).toMatchObject([{ mean: 2 }]);
    await store.close();
  });
});

/** What an InfluxDB 2 answers, from our knowledge of its API: there is no real one to be had here. */
async function fakeInflux2(answer: (path: string, body: string) => { status: number; body?: string }) {
  const seen: { path: string; token: string | undefined; body: string }[] = [];
  const server = createServer((request, response) => {
    let body = '';
    request.on('data', (chunk) => (body += String(chunk)));
    request.on('end', () => {
      seen.push({ path: request.url!, token: request.headers.authorization, body });
      const told = answer(request.url!, body);
      response.writeHead(told.status).end(told.body);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  servers.push(server);
  const config: InfluxConfig = {
    version: 2,
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    token: 'secret',
    org: 'o',
    bucket: 'b',
  };
  return { seen, config };
}

describe('InfluxDB 2 (against a small fake)', () => {
  it('is written to in line protocol with milliseconds, and read from by Flux', async () => {
    const csv = [
      ',result,table,_time,_value',
      ',mean,0,2026-09-01T08:00:30Z,21.5',
      ',mean,0,2026-09-01T08:01:00Z,3',
      '',
      ',result,table,_time,_value',
      ',min,0,2026-09-01T08:00:30Z,20',
      ',min,0,2026-09-01T08:01:00Z,3',
      '',
      ',result,table,_time,_value',
      ',max,0,2026-09-01T08:00:30Z,23',
      ',max,0,2026-09-01T08:01:00Z,3',
      '',
      ',result,table,_time,_value',
      ',count,0,2026-09-01T08:00:30Z,2',
      ',count,0,2026-09-01T08:01:00Z,1',
      '',
    ].join('\r\n');
    const { seen, config } = await fakeInflux2((path) =>
      path.startsWith('/api/v2/write') ? { status: 204 } : { status: 200, body: csv },
    );
    const store = await influxTelemetry(await parts(), config);
    await store.write(source, [point(start, 21.5)]);
    await eventually(() => expect(seen).toHaveLength(1));
    expect(seen[0]).toEqual({
      path: '/api/v2/write?org=o&bucket=b&precision=ms',
      token: 'Token secret',
      body: `telemetry,campus=school,device=s1,gateway=gate,unit=°C temperature=21.5 ${start}`,
    });
    expect(await store.query(ask({ from: start + 30_000 }))).toEqual([
      { at: start, mean: 21.5, min: 20, max: 23, count: 2 },
      { at: start + 60_000, mean: 3, min: 3, max: 3, count: 1 },
    ]);
    const { query } = JSON.parse(seen[1]!.body) as { query: string };
    expect(query).toContain('range(start: 2026-09-01T08:00:30.000Z, stop: 2026-09-01T08:10:00.000Z)');
    expect(query).toContain('r.gateway == "gate" and r.device == "s1" and r._field == "temperature"');
    await store.close();
  });
});

describe('points on their way to InfluxDB', () => {
  it('wait while it is away, also over a restart of the cloud, and lose none', async () => {
    let away = true;
    const { seen, config } = await fakeInflux2(() => ({ status: away ? 503 : 204 }));
    const first = await influxTelemetry(await parts(), config);
    await first.write(source, [point(start, 1)]);
    await first.write(source, [point(start + 1, 2)]);
    await eventually(() => expect(seen.length).toBeGreaterThan(1));
    await first.close();
    seen.length = 0;
    away = false;
    const second = await influxTelemetry(await parts(), config);
    await eventually(() => expect(seen).toHaveLength(1));
    expect(seen[0]!.body.split('\n')).toHaveLength(2);
    await second.close();
  });

  it('that it refuses cost only themselves, and are kept for people to see', async () => {
    const stored = new Set<string>();
    const { config } = await fakeInflux2((_path, body) => {
      if (body.includes('bad=')) return { status: 400, body: 'partial write: field type conflict dropped=1' };
      for (const line of body.split('\n')) stored.add(line);
      return { status: 204 };
    });
    const store = await influxTelemetry(await parts(), config);
    const points = Array.from({ length: 50 }, (_, i) =>
      point(start + i, i, i === 17 ? { field: 'bad' } : {}),
    );
    await store.write(source, points);
    await eventually(() => expect(stored.size).toBe(49));
    await eventually(() => expect(store.counts()).toEqual({ dropped: 0, dead: 1 }));
    const database = await databases.open('telemetry', 'relaxed', '');
    expect(await database.read('SELECT line, reason FROM dead_lines')).toMatchObject([
      { line: expect.stringContaining('bad=17'), reason: expect.stringContaining('400') },
    ]);
    expect(await database.read('SELECT * FROM line_queue')).toEqual([]);
    await store.close();
  });

  it.skipIf(missing !== null)(
    'that the real one refuses (a type conflict) cost only themselves',
    async () => {
      const database = `belfry${(used += 1)}`;
      const store = await influxTelemetry(await parts(), { version: 1, url: influxd!.url, database });
      await realHttp.request({
        method: 'POST',
        url: `${influxd!.url}/query?${new URLSearchParams({ q: `CREATE DATABASE ${database}` })}`,
        timeoutMs: 10_000,
        maxBytes: 1000,
      });
      await realHttp.request({
        method: 'POST',
        url: `${influxd!.url}/write?db=${database}&precision=ms`,
        body: `telemetry,campus=school,device=s1,gateway=gate wrong="text" ${start}`,
        timeoutMs: 10_000,
        maxBytes: 1000,
      });
      await store.write(source, [point(start, 1), point(start, 2, { field: 'wrong' }), point(start + 1, 3)]);
      await eventually(() => expect(store.counts().dead).toBe(1));
      expect(await store.query(ask())).toMatchObject([{ mean: 2, count: 2 }]);
      await store.close();
    },
  );

  it('are dropped oldest first when the queue is full, and counted', async () => {
    const sent: string[] = [];
    let answer: Sent = { kind: 'away', reason: 'away' };
    const queue = await openLineQueue(
      await parts(),
      async (lines) => {
        if (answer.kind === 'stored') sent.push(...lines);
        return answer;
      },
      30,
    );
    for (const line of ['first.....', 'second....', 'third.....', 'fourth....']) await queue.add([line]);
    expect(queue.counts().dropped).toBe(1);
    answer = { kind: 'stored' };
    await clock.pass(120_000);
    expect(sent).toEqual(['second....', 'third.....', 'fourth....']);
    await queue.close();
  });

  it('are asked for less and less often while it stays away', async () => {
    let tries = 0;
    const queue = await openLineQueue(await parts(), async () => {
      tries += 1;
      return { kind: 'away', reason: 'away' };
    });
    await queue.add(['x']);
    await clock.pass(0);
    await clock.pass(600_000);
    expect(tries).toBeGreaterThan(8);
    expect(tries).toBeLessThan(30);
    await queue.close();
  });
});

describe('telemetry of a gateway', () => {
  const http: HttpPort | null = null;
  let gaps: ClosedGap[] = [];
  let written: object[] = [];
  beforeEach(() => {
    gaps = [];
    written = [];
  });
  const open = () => {
    const receipts: { epoch: string; n: number; missing: unknown }[] = [];
    return openTelemetry(
      {
        clock,
        random: seeded(),
        log: quiet,
        databases,
        http,
        epoch: 'cloud-epoch',
        records: {
          write: async (from, records) => void written.push({ ...from, records }),
        },
        pace: () => ({ kind: 'free' }),
        onGap: (gap) => gaps.push(gap),
        send: (_campus, _gateway, _lane, message) => void receipts.push(message as never),
      },
      {},
    ).then((telemetry) => ({ telemetry, receipts }));
  };
  const message = (n: number, epoch = 'e1', points = [point(start + n, n)]) => ({
    kind: 'telemetry' as const,
    session: 's1',
    epoch,
    n,
    points,
    records: [],
  });

  it('is answered with the number up to which all is stored', async () => {
    const { telemetry, receipts } = await open();
    for (const n of [1, 2, 4, 3, 3]) await telemetry.receive('school', 'gate', message(n));
    expect(receipts.map((r) => r.n)).toEqual([1, 2, 2, 4, 4]);
    expect(await telemetry.query(ask())).toMatchObject([{ count: 4 }]);
    await telemetry.close();
    const again = await open();
    await again.telemetry.receive('school', 'gate', message(5));
    await again.telemetry.receive('school', 'gate', message(1, 'e2'));
    expect(again.receipts).toMatchObject([
      { kind: 'telemetry-receipt', cloud_epoch: 'cloud-epoch', epoch: 'e1', n: 5 },
      { epoch: 'e2', n: 1 },
    ]);
    await again.telemetry.close();
  });

  it('has no receipt when the disk was full', async () => {
    const { telemetry, receipts } = await open();
    databases.fail = new Error('disk full');
    await expect(telemetry.receive('school', 'gate', message(1))).rejects.toThrow('disk full');
    databases.fail = null;
    await settle();
    expect(receipts).toEqual([]);
    await telemetry.close();
  });

  it('of an epoch that ended in a power cut drains beside the new one', async () => {
    const { telemetry, receipts } = await open();
    for (let round = 0; round < 2; round += 1) {
      for (const [n, epoch] of [
        [41, 'old'],
        [42, 'old'],
        [1, 'new'],
        [2, 'new'],
      ] as const) {
        await telemetry.receive('school', 'gate', message(n, epoch));
      }
    }
    const gone = {
      kind: 'gone',
      session: 's1',
      epoch: 'old',
      from: 1,
      to: 40,
      values: 0,
      why: 'unreadable',
    } as const;
    await telemetry.receive('school', 'gate', gone);
    expect(receipts.filter((r) => r.epoch === 'old').at(-1)?.n).toBe(42);
    expect(receipts.filter((r) => r.epoch === 'new').at(-1)?.n).toBe(2);
    await telemetry.close();
  });

  it('that is missing is asked for, once it can be no mere overtaking, and taken when it comes', async () => {
    const { telemetry, receipts } = await open();
    await telemetry.receive('school', 'gate', message(1));
    await telemetry.receive('school', 'gate', message(4));
    expect(receipts.at(-1)).toMatchObject({ n: 1, missing: [] });
    await clock.pass(2_000);
    await telemetry.receive('school', 'gate', message(7));
    expect(receipts.at(-1)).toMatchObject({
      n: 1,
      missing: [
        [2, 3],
        [5, 6],
      ],
    });
    for (const n of [2, 3, 5, 6]) await telemetry.receive('school', 'gate', message(n));
    expect(receipts.at(-1)).toMatchObject({ n: 7, missing: [] });
    expect(gaps).toEqual([]);
    await telemetry.close();
  });

  it('that its gateway has no more is told once, and no longer waited for', async () => {
    const { telemetry, receipts } = await open();
    await telemetry.receive('school', 'gate', message(9));
    const gone = {
      kind: 'gone',
      session: 's1',
      epoch: 'e1',
      from: 1,
      to: 8,
      values: 40,
      why: 'too-old',
    } as const;
    await telemetry.receive('school', 'gate', gone);
    await telemetry.receive('school', 'gate', gone);
    expect(receipts.at(-1)).toMatchObject({ n: 9, missing: [] });
    expect(gaps).toMatchObject([{ gateway: 'gate', from: 1, to: 8, why: 'too-old' }]);
    await telemetry.close();
  });

  it('of which more has gone meanwhile is noted as long as it was told last', async () => {
    const { telemetry, receipts } = await open();
    await telemetry.receive('school', 'gate', message(9));
    const gone = { kind: 'gone', session: 's1', epoch: 'e1', from: 4, why: 'refused' } as const;
    await telemetry.receive('school', 'gate', { ...gone, to: 4, values: 1 });
    await telemetry.receive('school', 'gate', { ...gone, to: 8, values: 5 });
    await telemetry.receive('school', 'gate', { ...gone, to: 6, values: 3 });
    const database = await databases.open('telemetry', 'relaxed', '');
    const notes = await database.read('SELECT first, last, held FROM gaps', []);
    expect(notes).toEqual([{ first: 4, last: 8, held: 5 }]);
    await telemetry.receive('school', 'gate', { ...gone, from: 1, to: 3, values: 3 });
    expect(receipts.at(-1)).toMatchObject({ n: 9, missing: [] });
    await telemetry.close();
  });

  it('that nobody answers for is given up, and told', async () => {
    const { telemetry, receipts } = await open();
    await telemetry.receive('school', 'gate', message(3));
    await clock.pass(gapGivenUpAfterMs);
    await telemetry.receive('school', 'gate', message(4));
    expect(receipts.at(-1)).toMatchObject({ n: 4, missing: [] });
    expect(gaps).toMatchObject([{ from: 1, to: 2, why: 'unanswered' }]);
    await telemetry.close();
  });

  it('brings records, which are written once however often they come', async () => {
    const { telemetry } = await open();
    const record = { device: 'd1', kind: 'check-in' as const, at: start, details: { card: '0006547886' } };
    const batch = { ...message(1), points: [], records: [record] };
    await telemetry.receive('school', 'gate', batch);
    await telemetry.receive('school', 'gate', batch);
    expect(written).toEqual([{ campus: 'school', gateway: 'gate', batch: 'e1 1', records: [record] }]);
    await telemetry.close();
  });
});

it('any order of batches and words of loss ends with everything settled, and nothing waited for twice', () => {
  fc.assert(
    fc.property(fc.uniqueArray(fc.integer({ min: 1, max: 60 }), { minLength: 1 }), (order) => {
      const progress = new Progress(0);
      for (const n of order) progress.settled(n, n, 0);
      const last = Math.max(...order);
      for (const [from, to] of progress.gaps()) {
        expect(order.some((n) => n >= from && n <= to)).toBe(false);
        progress.settled(from, to, 0);
      }
      expect(progress.n).toBe(last);
      expect(progress.gaps()).toEqual([]);
    }),
  );
});
