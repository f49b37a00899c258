import { expect, it } from 'vitest';
import { SchoolDays } from '#protocols/calendar/school-days.ts';
import { planCampus } from '#protocols/four-hundred/campus-plan.ts';
import { CityLedger } from '#protocols/four-hundred/city.ts';
import { judgePart } from '#protocols/four-hundred/judge/judge-part.ts';
import { type RuleSet, ruleSet } from '#protocols/four-hundred/rules.ts';
import { verdictAt, verdictOf } from '#protocols/four-hundred/verdict.ts';
import type { CampusEntry } from '#protocols/inventory/campus.ts';
import { hilltop, inventory } from '../inventory/hilltop.ts';
import { at, day, holidays, hour, inOrder, ledgerOf, rules, told, wednesday } from './in-order.ts';

const days = new SchoolDays(inventory().calendar, holidays);
const plan = (entry: CampusEntry, by: RuleSet = rules) => planCampus(inventory(entry), by, days);

it('a device that moves to another campus in the middle of a day counts where it stands, and starts unknown there', () => {
  const button = { id: 'spare', kind: 'button' as const };
  const spare = { id: 'gw-spare', devices: [button] };
  const bare = {
    ...hilltop,
    id: 'valley',
    gateways: [],
    gates: [],
    fence: [],
    posts: [],
    patrol: [],
    zones: [],
  };
  const withSpare = (entry: CampusEntry): CampusEntry => ({
    ...entry,
    gateways: [...(entry.gateways ?? []), spare],
  });
  const city = new CityLedger([plan(withSpare(hilltop)), plan(bare)], wednesday);
  const evidence = inOrder(inventory(withSpare(hilltop)), wednesday);
  for (const piece of evidence) city.apply('hilltop', piece);
  const devices = (campus: string) =>
    city
      .campus(campus)!
      .cells()
      .find(({ item, level }) => item === 'one-key-video' && level === 'working')!.devices;
  const before = devices('hilltop');
  expect(devices('valley').of).toBe(0);

  const noon = wednesday + 2 * hour;
  city.advance(noon);
  city.replace(plan(hilltop), noon, evidence);
  city.replace(plan(withSpare(bare)), noon, []);
  expect(devices('hilltop')).toMatchObject({ of: before.of - 1, yes: before.yes - 1 });
  expect(devices('valley')).toMatchObject({ of: 1, yes: 0, unknown: 1 });
  const heard = {
    kind: 'state' as const,
    device: 'gw-spare/spare',
    at: noon,
    state: 'good' as const,
    holds_ms: hour,
  };
  // Its old campus knows it no more; at its new one it is heard.
  expect(city.apply('hilltop', told([heard])[0]!)).toBe(false);
  expect(city.apply('valley', told([heard])[0]!)).toBe(true);
  expect(devices('valley').yes).toBe(1);
});

it('a city tightens the rules without code, and the verdict names the set that made it', () => {
  const strict = ruleSet.parse({
    ...rules,
    id: 'lakeside',
    version: '2027',
    one_key_video: { ...rules.one_key_video, video_days: 100 },
  });
  const question = {
    campus: inventory(),
    days,
    evidence: inOrder(inventory(), wednesday),
    moment: wednesday,
    asOf: wednesday,
  };
  const [national, city] = [rules, strict].map((by) => verdictAt({ ...question, rules: by }).verdict);
  expect(national).toMatchObject({ rules: { id: 'cn-national' }, levels: { 'one-key-video': 'usable' } });
  expect(city).toMatchObject({
    rules: { id: 'lakeside', version: '2027' },
    levels: { 'one-key-video': 'working' },
  });
});

it('evidence that comes late makes a new revision of the moment, and the old one stays what it was', () => {
  const cut = 'gw-hill/fence-beam';
  const evidence = inOrder(inventory(), wednesday).filter(
    (piece) => !('device' in piece && piece.device === cut),
  );
  const late = told([
    {
      kind: 'state',
      device: cut,
      at: wednesday - 9 * day,
      known_at: wednesday + hour,
      state: 'good',
      holds_ms: 30 * day,
    },
    { kind: 'contact', device: cut, at: wednesday - 9 * day, known_at: wednesday + hour, open: false },
  ]);
  const ask = (asOf: number) =>
    verdictAt({ campus: inventory(), rules, days, evidence: [...evidence, ...late], moment: wednesday, asOf })
      .verdict;
  const reported = ask(wednesday);
  expect(reported).toMatchObject({ revision: 1, levels: { 'closed-campus': 'present' } });
  expect(ask(wednesday + 2 * hour)).toMatchObject({ revision: 2, levels: { 'closed-campus': 'usable' } });
  expect(ask(wednesday)).toEqual(reported);
});

it('every yes of a live part can be opened to the evidence that it rests on', () => {
  const evidence = inOrder(inventory(), wednesday);
  const ledger = ledgerOf();
  for (const piece of evidence) ledger.apply(piece);
  const known = new Set(evidence.map(({ kind, id, at }) => `${kind} ${id} ${at}`));
  for (const { part, refs } of ledger.open()) {
    for (const { kind, id, at } of refs) expect(known).toContain(`${kind} ${id} ${at}`);
    const rests = ledger.plan.parts.levelOf(part) !== 'present' && part.kind !== 'quiet';
    if (rests) expect(refs.length, part.kind).toBeGreaterThan(0);
  }
  expect(verdictOf(ledger)).toMatchObject({ moment: wednesday, as_of: wednesday });
});

it('whether nobody stood at the gate on a day of a year without a list of holidays is not known', () => {
  const ledger = ledgerOf(hilltop, at('2027-01-05T12:00'));
  expect(judgePart(ledger.case, { kind: 'crossing-now', entity: 0, nth: 0 })).toMatchObject({
    answer: 'unknown',
    code: 'holidays-unknown',
  });
});
