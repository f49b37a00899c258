import { array, assert, integer, property } from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createFeed } from '#cloud/feed.ts';
import { latencyOf } from '#cloud/latency/latency.ts';
import { watchLatency } from '#cloud/latency/watch.ts';
import { namesOf } from '#cloud/names.ts';
import type { Store } from '#cloud/store/store.ts';
import { countedAs, percentile, stagesOf, totalOf } from '#cloud/latency/stages.ts';
import type { Passage } from '#cloud/latency/stages.ts';
import type { SqlValue } from '#platform/ports.ts';
import type { Bilingual } from '#protocols/messages/bilingual.ts';
import { ApiWorld } from './api-world.ts';
import { quiet } from './fake-ports.ts';

const passage = (more: Partial<Passage> = {}): Passage => ({
  age_at_first_byte_ms: 100,
  first_byte_at: 1_000,
  ingested_at: 1_010,
  committed_at: 1_012,
  dispatched_at: 1_013,
  delivered_at: 1_030,
  edge: { first_byte: 0, decoded: 1, stored_edge: 4, published: 5, delivered: 42, lamp: 60 },
  ...more,
});

describe('the figure of record', () => {
  it('is the age of the press and the edge’s own loop, whatever the cloud’s clock says', () => {
    expect(totalOf(passage())).toBe(142);
    expect(countedAs(passage({ delivered_at: 9_999_999, first_byte_at: -5 }), 0)).toBe(142);
  });

  it('of an alarm without a receipt is its age so far', () => {
    const open = passage({ delivered_at: null, edge: { first_byte: 0 } });
    expect(totalOf(open)).toBeNull();
    expect(countedAs(open, 61_000)).toBe(60_100);
  });

  it('of an alarm whose edge has not told yet is the cloud’s receipt', () => {
    expect(countedAs(passage({ edge: { first_byte: 0 } }), 999_999)).toBe(130);
  });
});

describe('the waterfall', () => {
  it('holds every stage reached, in order, in ms since the first byte', () => {
    expect(stagesOf(passage()).map(({ name, ms }) => `${name} ${ms}`)).toEqual([
      'first_byte 0',
      'decoded 1',
      'stored_edge 4',
      'published 5',
      'ingested 10',
      'committed 12',
      'dispatched 13',
      'delivered 42',
      'lamp 60',
    ]);
  });

  it('leaves out what was not reached', () => {
    const stages = stagesOf(passage({ dispatched_at: null, edge: { first_byte: 0 } }));
    expect(stages.map(({ name }) => name)).toEqual(['first_byte', 'ingested', 'committed']);
  });
});

describe('a percentile', () => {
  it('is the nearest rank', () => {
    const values = [15, 20, 35, 40, 50];
    expect([5, 30, 40, 50, 100].map((p) => percentile(values, p))).toEqual([15, 20, 20, 35, 50]);
    expect(percentile([], 50)).toBeNull();
  });

  it('is a value that occurred, which at least p percent do not exceed, and no smaller one does that', () => {
    const values = array(integer({ min: 0, max: 50 }), { minLength: 1, maxLength: 60 });
    assert(
      property(values, integer({ min: 1, max: 100 }), (unsorted, p) => {
        const sorted = unsorted.toSorted((a, b) => a - b);
        const found = percentile(sorted, p)!;
        const within = (limit: number) => sorted.filter((v) => v <= limit).length * 100 >= p * sorted.length;
        const smaller = sorted.filter((v) => v < found);
        return sorted.includes(found) && within(found) && !smaller.some(within);
      }),
    );
  });
});

describe('latency', () => {
  let world: ApiWorld;
  let stop: (() => Promise<void>) | null;
  /** Questions that the watch has asked about signals. */
  let reads: number;
  beforeEach(async () => {
    world = await new ApiWorld().start();
    stop = null;
    reads = 0;
  });
  afterEach(async () => {
    await stop?.();
    await world.close();
  });

  const delivered = (loop: number, more: Record<string, SqlValue> = {}) =>
    world.alarm({
      delivered_at: world.clock.wall(),
      edge_stages: JSON.stringify({ first_byte: 0, delivered: loop }),
      ...more,
    });
  const ask = (more: object = {}) =>
    latencyOf(
      { store: world.store, clock: world.clock, boundMs: 2_000 },
      { campus: null, windowMs: 3_600_000, mode: 'real', ...more },
    );
  const open = async () =>
    (
      await world.store.read(`SELECT subject FROM alerts WHERE code = 'latency-breach' AND closed_at IS NULL`)
    ).map((row) => row.subject);
  const watch = async () => {
    const { store, alerts, clock } = world;
    const counting: Store = {
      ...store,
      read: (sql, params) => {
        if (sql.includes('FROM signals')) reads += 1;
        return store.read(sql, params);
      },
    };
    stop = await watchLatency({
      store: counting,
      feed: createFeed(store),
      alerts,
      clock,
      log: quiet,
      names: namesOf(world.campuses),
      boundMs: 2_000,
    });
  };

  it('counts an alarm without a receipt with its age so far, so that it cannot hide', async () => {
    for (let i = 0; i < 98; i += 1) await delivered(100);
    await world.alarm();
    await world.alarm();
    await world.clock.pass(600_000);
    expect(await ask()).toMatchObject({ count: 100, undelivered: 2, breaches: 2, p50_ms: 200, p95_ms: 200 });
    expect((await ask()).p99_ms).toBeGreaterThan(600_000);
  });

  it('is of one mode, one campus and one window, each press once', async () => {
    await delivered(10);
    await delivered(10, { same_as: 1 });
    await delivered(20, { mode: 'probe' });
    await delivered(30, { campus: 'other', crossed_restart: 1 });
    expect(await ask()).toMatchObject({ count: 2, crossed_restart: 1 });
    expect(await ask({ mode: 'probe' })).toMatchObject({ count: 1, p50_ms: 120 });
    expect(await ask({ campus: 'other' })).toMatchObject({ count: 1, p50_ms: 130, campus: 'other' });
    await world.clock.pass(3_700_000);
    expect(await ask()).toMatchObject({ count: 0, p50_ms: null, p95_ms: null, p99_ms: null });
  });

  it('past the bound is one alert of the campus, ended by a later alarm in time', async () => {
    await watch();
    await delivered(50);
    await world.clock.pass(2_000);
    expect(await open()).toEqual([]);
    await delivered(1_950);
    await delivered(9_000);
    await world.clock.pass(2_000);
    expect(await open()).toEqual(['school']);
    await delivered(50);
    await world.clock.pass(2_000);
    expect(await open()).toEqual([]);
    // A late word on the slow one (its lamp) is no new breach.
    await world.store.commit([], [{ type: 'alarm', subject: 'gate.00112233aabbccdd.alarm.3' }]);
    await world.clock.pass(2_000);
    expect(await open()).toEqual([]);
  });

  it('past the bound is an alert while the alarm is still on its way, also when it came before a restart', async () => {
    await world.alarm();
    await watch();
    await world.clock.pass(1_000);
    expect(await open()).toEqual([]);
    await world.clock.pass(3_000);
    expect(await open()).toEqual(['school']);
  });

  it('of many alarms on their way is followed by one question a turn, not by one for each', async () => {
    for (let i = 0; i < 50; i += 1) await world.alarm();
    await watch();
    reads = 0;
    await world.clock.pass(1_000);
    expect(reads).toBe(1);
    await world.clock.pass(2_000);
    expect(await open()).toEqual(['school']);
    reads = 0;
    await world.clock.pass(5_000);
    expect(reads, 'nothing is left to follow').toBe(0);
  });

  it('past the bound is told with the place’s name, the mode in words and seconds that can be read', async () => {
    const texts = async () =>
      (await world.store.read<{ text: string }>('SELECT text FROM alerts ORDER BY id')).map(
        ({ text }) => JSON.parse(text) as Bilingual,
      );
    await watch();
    await delivered(12_240, { mode: 'drill' });
    await world.alarm({ campus: 'elsewhere', device: 'b7' });
    await world.clock.pass(3_000);
    expect(await texts()).toEqual([
      {
        zh: '一小 · 门卫 的演练报警用了 12.3 秒才送达 110，上限 2.0 秒。',
        en: 'First School · Gate house: the drill alarm took 12.3 s to 110, the bound is 2.0 s.',
      },
      {
        zh: 'elsewhere · gate/b7 的真实报警已过 2.1 秒还没有送达 110，上限 2.0 秒。',
        en: 'elsewhere · gate/b7: the real alarm has not reached 110 after 2.1 s, the bound is 2.0 s.',
      },
    ]);
  });
});
