import { afterEach, beforeEach, expect, it } from 'vitest';
import { readHolidays } from '#platform/public-holidays.ts';
import { readRules } from '#platform/rule-set.ts';
import { SchoolDays } from '#protocols/calendar/school-days.ts';
import { verdictAt } from '#protocols/four-hundred/verdict.ts';
import { campusEntry, type CampusEntryFull } from '#protocols/inventory/entry.ts';
import { CloudWorld, type config, epoch } from './cloud-world.ts';
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
