import { afterEach, beforeEach, expect, it } from 'vitest';
import { FourHundred } from '#cloud/four-hundred/four-hundred.ts';
import { Inventory } from '#cloud/inventory/inventory.ts';
import { openStore } from '#cloud/store/store.ts';
import { readHolidays } from '#platform/public-holidays.ts';
import { readRules } from '#platform/rule-set.ts';
import { SchoolDays } from '#protocols/calendar/school-days.ts';
import { verdictAt } from '#protocols/four-hundred/verdict.ts';
import { campusEntry, type CampusEntryFull } from '#protocols/inventory/entry.ts';
import { CloudWorld, type config, epoch } from './cloud-world.ts';
import { MemoryDatabases, quiet, seeded } from './fake-ports.ts';
import { city } from './four-hundred-school.ts';

let world: CloudWorld;
const school = campusEntry.parse(city.campuses[0]);
const annexe = campusEntry.parse({
  ...school,
  id: 'annexe',
  gateways: [],
  gates: [],
  zones: [],
});
const campuses = [
  { id: 'school', name: { zh: '一小', en: 'First School' }, gateways: [] },
  { id: 'annexe', name: { zh: '分校', en: 'Annexe' }, gateways: [] },
] as unknown as (typeof config)['campuses'];

beforeEach(async () => {
  world = new CloudWorld(campuses);
  world.inventory = { ...city, campuses: [school, annexe] };
  world.clock.wallAt = Date.UTC(2026, 8, 1, 4);
  await world.start();
});
afterEach(() => world.cloud.close());

const now = () => Math.round(world.clock.wall());
async function change(...entries: CampusEntryFull[]) {
  const campuses = new Map(entries.map((entry) => [entry.id, entry]));
  expect(await world.cloud.inventory.change({ campuses, by: 'li', source: 'api' })).toMatchObject({
    ok: true,
  });
  await world.clock.pass(2_000);
}
async function born(campus: string, gateway = 'gate') {
  const common = { driver: 'any', heartbeat_s: 60, acts: [], heard_ago_ms: 0, line_open: true };
  const devices = [
    { id: 'b1', kind: 'button', facts: {} },
    { id: 'contact', kind: 'input', facts: { state: 'closed' } },
    { id: 'cam', kind: 'camera', facts: {} },
  ].map((device) => ({ ...common, ...device, health: { state: 'good' } }));
  const birth = {
    kind: 'birth',
    session: `s-${campus}`,
    sent_at: 1,
    epoch,
    highest_n: 0,
    version: '1',
    account: '1',
    devices,
  };
  world.publish(`belfry/v1/${campus}/${gateway}/state`, JSON.stringify(birth));
  await world.clock.pass(2_000);
}
function alive(campus: string, device: string): string | undefined {
  const ledger = world.cloud.fourHundred.campus(campus)!;
  return ledger
    .open()
    .find(({ part }) => part.kind === 'alive' && ledger.plan.devices[part.entity]?.ref === device)?.answer;
}
/** The verdict of now, computed anew from the store alone. */
async function anew(campus: string) {
  const moment = world.cloud.fourHundred.now;
  const evidence = await world.cloud.fourHundred.evidence.read(campus, moment, moment);
  const entry = world.cloud.inventory.current()!.campuses.find(({ id }) => id === campus)!;
  const days = new SchoolDays(entry.calendar, readHolidays());
  const version = world.cloud.inventory.version(campus);
  return verdictAt({ campus: entry, rules: readRules(), days, version, evidence, moment, asOf: moment })
    .verdict;
}

it('a gateway that moves to another campus in the middle of a day counts there, from what is heard there', async () => {
  await born('school');
  expect(alive('school', 'gate/b1')).toBe('yes');
  const moment = now();
  const before = world.cloud.fourHundred.verdict('school')!;
  await change(
    { ...school, gateways: [], gates: [], zones: [] },
    { ...annexe, gateways: school.gateways, gates: school.gates, zones: school.zones },
  );
  expect(alive('school', 'gate/b1')).toBeUndefined();
  // What it said at the old place is nothing here, and it still reports from there.
  expect(alive('annexe', 'gate/b1')).toBe('unknown');
  // It is taken off the wall there, and plugged in here.
  world.publish(
    'belfry/v1/school/gate/state',
    JSON.stringify({ kind: 'will', session: 's-school', sent_at: 1 }),
  );
  await born('annexe');
  expect(alive('annexe', 'gate/b1')).toBe('yes');
  const codes = world.cloud.fourHundred.campus('annexe')!.open();
  expect(codes.find(({ part }) => part.kind === 'closed')?.answer).toBe('yes');
  const then = await world.cloud.fourHundred.at('school', before.moment, before.as_of);
  expect(then!.verdict).toEqual(before);
  expect(before.moment).toBeLessThanOrEqual(moment);
});

it('one campus that changes leaves the others as they are, and every verdict is that of computing everything', async () => {
  await born('school');
  const untouched = world.cloud.fourHundred.campus('school');
  await change({ ...annexe, guards: [{ id: 'guard-7' }] });
  expect(world.cloud.fourHundred.campus('school')).toBe(untouched);
  await change({
    ...school,
    guards: [{ id: 'guard-1' }, { id: 'guard-2' }],
    pupils: { day: 640, boarders: 0 },
  });
  expect(world.cloud.fourHundred.campus('school')).not.toBe(untouched);
  for (const campus of ['school', 'annexe'])
    expect(await anew(campus)).toEqual(world.cloud.fourHundred.verdict(campus));
  expect(world.cloud.fourHundred.verdict('school')).toMatchObject({ inventory_version: 2 });
});

it('of what only the last word counts of the last is told again to a campus that has changed', async () => {
  await born('school');
  const cam = async (n: number, values: [field: string, value: number][]) => {
    const at = now();
    const points = values.map(([field, value]) => ({ device: 'cam', field, value, unit: '', at }));
    const batch = { kind: 'telemetry', session: 's-school', epoch, n, points, records: [] };
    world.publish('belfry/v1/school/gate/telemetry', JSON.stringify(batch));
    await world.clock.pass(700_000);
  };
  const good: [string, number][] = [
    ['clock_offset_s', 0.4],
    ['recorded_days', 92],
    ['picture_entropy', 7],
  ];
  const bad: [string, number][] = [
    ['clock_offset_s', 90],
    ['recorded_days', 2],
  ];
  await cam(1, bad);
  await cam(2, good);
  await cam(3, good);
  await world.cloud.fourHundred.declare('school', 'p-1', proof(now() - 1_000, 'nothing'));
  await world.cloud.fourHundred.declare('school', 'p-2', proof(now(), 'centre'));
  await change({ ...school, pupils: { day: 640, boarders: 0 } });
  const live = world.cloud.fourHundred.campus('school')!.open();
  const codes = (kind: string) => live.filter(({ part }) => part.kind === kind).map(({ code }) => code);
  expect(codes('proved')).not.toContain('never-proved');
  expect(codes('recording')).not.toContain('recording-short');
  expect(await anew('school')).toEqual(world.cloud.fourHundred.verdict('school'));
  expect(world.rows(`SELECT id FROM evidence WHERE kind IN ('clock', 'recording', 'proof')`).length).toBe(8);
  await change({ ...school, pupils: { day: 641, boarders: 0 } });
  // A clock that was ahead must not put an old piece before a new one.
  await world.cloud.fourHundred.declare('school', 'p-3', proof(now() + 3_600_000, 'nothing'));
  await world.clock.pass(10_000);
  await world.cloud.fourHundred.declare('school', 'p-4', proof(now(), 'centre'));
  await change({ ...school, pupils: { day: 642, boarders: 0 } });
  expect(await anew('school')).toEqual(world.cloud.fourHundred.verdict('school'));
});

const proof = (at: number, proved: 'nothing' | 'centre') =>
  ({ kind: 'proof', at, device: 'gate/b1', route: 'cloud', proved, latency_ms: 700 }) as const;

it('killed in the middle of changes, it comes back with the inventory that was committed', async () => {
  await change({ ...school, pupils: { day: 640, boarders: 0 } });
  const verdict = world.cloud.fourHundred.verdict('school')!;
  void world.cloud.inventory.change({
    campuses: new Map([['school', { ...school, pupils: { day: 3_000, boarders: 0 } }]]),
    by: 'li',
    source: 'api',
  });
  world.crash();
  await world.start();
  const entry = await world.cloud.inventory.campus('school');
  const version = world.cloud.inventory.version('school')!;
  expect([
    [640, 2],
    [3_000, 3],
  ]).toContainEqual([entry!.pupils.day, version]);
  expect(
    (await world.cloud.fourHundred.at('school', verdict.moment, verdict.as_of))!.verdict.inventory_version,
  ).toBe(2);
});

it('a city that takes long to judge keeps the cloud from nothing: it starts without the verdicts', async () => {
  const { clock } = world;
  const store = await openStore({ clock, random: seeded(), databases: new MemoryDatabases() });
  let answer = () => {};
  const slow = new Promise<void>((done) => (answer = done));
  const slowly: typeof store = {
    ...store,
    async read(sql, params) {
      if (sql.includes('device_words')) await slow;
      return store.read(sql, params);
    },
  };
  const inventory = await Inventory.open({ clock, log: quiet, store, files: city });
  const fourHundred = await FourHundred.start({
    clock,
    log: quiet,
    store: slowly,
    liveness: { gateways: () => [], gateway: () => null },
    inventory,
    rules: readRules(),
    holidays: readHolidays(),
    personOf: () => null,
  });
  expect(fourHundred.inventory).toBeNull();
  answer();
  await fourHundred.settled();
  expect(fourHundred.verdict('school')?.cells).toHaveLength(12);
  await fourHundred.close();
});
