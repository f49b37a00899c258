import { beforeEach, describe, expect, test } from 'vitest';
import type { ApiDrill } from '#protocols/api.ts';
import { drillReports } from '#cloud/drills/report.ts';
import { namesOf } from '#cloud/names.ts';
import { CloudWorld, directReport, press } from './cloud-world.ts';
import { settle } from './fake-ports.ts';

let world: CloudWorld;
beforeEach(async () => {
  world = new CloudWorld();
  await world.start();
});

async function report(): Promise<ApiDrill> {
  const parts = { store: world.cloud.store, names: namesOf([]) };
  return (await drillReports(parts, { where: 'true', params: [], limit: 1, now: world.clock.wall() }))[0]!;
}

async function gatewaySays(kind: 'drill' | 'drill-end', ok: boolean, detail = ''): Promise<void> {
  const command = world.sent
    .map(({ message }) => message as { kind: string; id?: string })
    .findLast((m) => m.kind === kind)!.id;
  const reply = { kind: 'reply', session: 's', command, ok, detail, facts: {} };
  world.publish('belfry/v1/school/gate/reply', JSON.stringify(reply));
  await settle();
}

const drilled = { facts: { mode: 'drill', code: '607' } } as const;

test('a drill is confirmed by its gateway alone, and tells what came of it when it is over', async () => {
  await world.drill(['button-1', 'button-2']);
  expect((await report()).state).toBe('declared');
  await gatewaySays('drill', true);
  expect((await report()).state).toBe('confirmed');
  await world.says(press(world, 1, drilled));
  await world.says(press(world, 2, { facts: { type: 'long-press' } }));
  await world.clock.pass(1_800_000);
  expect(await report()).toMatchObject({
    state: 'over',
    devices: [
      { device: 'button-1', presses: 1, delivered: 1, real: 1 },
      { device: 'button-2', presses: 0 },
    ],
  });
});

test('a drill that its gateway refuses is none, and says why', async () => {
  await world.drill(['button-1']);
  await gatewaySays('drill', false, 'the clock is not known');
  expect(await report()).toMatchObject({ state: 'refused', refused: 'the clock is not known' });
});

test('a drill is over early only by the word of its gateway', async () => {
  const id = await world.drill(['button-1']);
  await gatewaySays('drill', true);
  expect(await world.cloud.drills.end(id, 'wang')).toBe(true);
  expect((await report()).state).toBe('confirmed');
  await gatewaySays('drill-end', true);
  expect(await report()).toMatchObject({ state: 'over', ended_by: 'wang' });
  expect(await world.cloud.drills.end(id, 'wang')).toBe(false);
  await world.clock.pass(60_000);
  await world.says(press(world, 1, drilled));
  expect(world.first.taken).toMatchObject([{ mode: 'real', code: '120' }]);
});

test('what a gateway takes for a drill that nobody has declared is real: dispatched, an incident, and an alert', async () => {
  const alarm = press(world, 1, drilled);
  await world.says(alarm);
  expect(world.first.taken).toMatchObject([{ mode: 'real', code: '120' }]);
  expect(world.rows('SELECT COUNT(*) AS n FROM incidents')).toEqual([{ n: 1 }]);
  expect(world.openAlerts()).toEqual(['drill-unknown gate']);
  // The gateway knows it by its own digest.
  expect(world.receipts().at(-1)).toMatchObject({ state: 'delivered', digest: alarm.digest });
});

test.each([
  ['another button', { device: 'button-9' }],
  ['a gateway whose clock was never compared', { clock_known: false }],
])('a drill does not cover %s', async (_, facts) => {
  await world.drill(['button-1']);
  await world.says(press(world, 1, { facts: { ...drilled.facts, ...facts } }));
  expect(world.first.taken).toMatchObject([{ mode: 'real' }]);
});

test('a drill outlives a restart of the cloud', async () => {
  await world.drill(['button-1']);
  world.crash();
  await world.start();
  await gatewaySays('drill', true);
  expect((await report()).state).toBe('confirmed');
  await world.says(press(world, 1, drilled));
  expect(world.first.taken).toMatchObject([{ mode: 'drill', code: '607' }]);
});

test('what 110 acknowledged directly as a drill is no receipt of what is real here', async () => {
  world.first.does = world.second.does = 'unreachable';
  const alarm = press(world, 1, drilled);
  await world.says(alarm);
  await world.says(directReport(alarm));
  expect(world.receipts().at(-1)).toMatchObject({ state: 'stored', reported: 1 });
  world.first.does = 'receipt';
  await world.clock.pass(60_000);
  expect(world.first.taken.at(-1)).toMatchObject({ mode: 'real', code: '120' });
  expect(world.receipts().at(-1)).toMatchObject({ state: 'delivered' });
});

test('nor where its report comes before it', async () => {
  const alarm = press(world, 1, drilled);
  await world.says(directReport(alarm));
  await world.says(alarm);
  expect(world.first.taken).toMatchObject([{ mode: 'real' }]);
});

test('a direct receipt of a declared drill is one', async () => {
  await world.drill(['button-1']);
  world.first.does = world.second.does = 'unreachable';
  const alarm = press(world, 1, drilled);
  await world.says(alarm);
  await world.says(directReport(alarm));
  expect(world.receipts().at(-1)).toMatchObject({ state: 'delivered' });
});

test('once its end is asked for a press is real here, whether or not the gateway has heard of it', async () => {
  const id = await world.drill(['button-1']);
  await gatewaySays('drill', true);
  await world.cloud.drills.end(id, 'wang');
  await world.clock.pass(60_000);
  world.crash();
  await world.start();
  await world.says(press(world, 1, drilled));
  expect(world.first.taken).toMatchObject([{ mode: 'real', code: '120' }]);
  expect(world.openAlerts()).toContain('drill-unknown gate');
});

describe('an early end that its gateway does not answer', () => {
  let id: string;
  beforeEach(async () => {
    id = await world.drill(['button-1']);
    await gatewaySays('drill', true);
    await world.cloud.drills.end(id, 'wang');
  });
  const alerts = () => world.openAlerts();

  test('is an alert: at the campus a press may still be a drill; the answer ends it', async () => {
    await world.clock.pass(9_999);
    expect(alerts()).toEqual([]);
    await world.clock.pass(1);
    expect(alerts()).toEqual([`drill-end-unanswered ${id}`]);
    await gatewaySays('drill-end', true);
    expect(alerts()).toEqual([]);
    expect(await report()).toMatchObject({ state: 'over', ended_by: 'wang' });
  });

  test('is none once it is answered', async () => {
    await gatewaySays('drill-end', true);
    await world.clock.pass(60_000);
    expect(alerts()).toEqual([]);
  });

  test('is over when the drill is over by itself', async () => {
    await world.clock.pass(60_000);
    expect(alerts()).toEqual([`drill-end-unanswered ${id}`]);
    await world.clock.pass(1_800_000);
    expect(alerts()).toEqual([]);
  });

  test('is still waited for after a restart of the cloud', async () => {
    world.crash();
    await world.start();
    await world.clock.pass(10_000);
    expect(alerts()).toEqual([`drill-end-unanswered ${id}`]);
    await gatewaySays('drill-end', true);
    expect(alerts()).toEqual([]);
    expect(await report()).toMatchObject({ state: 'over', ended_by: 'wang' });
  });

  test('and was over while the cloud was down, is an alert no more', async () => {
    await world.clock.pass(60_000);
    world.crash();
    await world.clock.freeze(3_600_000);
    await world.start();
    expect(alerts()).toEqual([]);
  });
});
