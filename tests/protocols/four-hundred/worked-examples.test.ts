import { describe, expect, it } from 'vitest';
import { joinFiles } from '#protocols/inventory/inventory-files.ts';
import { blindSpotsOf } from '#protocols/four-hundred/blind-spots.ts';
import { percentOf } from '#protocols/four-hundred/answer.ts';
import { CampusLedger } from '#protocols/four-hundred/campus-ledger.ts';
import { planCampus } from '#protocols/four-hundred/campus-plan.ts';
import { rollUp } from '#protocols/four-hundred/city.ts';
import { judgePart } from '#protocols/four-hundred/judge/judge-part.ts';
import type { Part } from '#protocols/four-hundred/parts.ts';
import { plan, type Polygon, sight } from '#protocols/inventory/plan.ts';
import { Coverage } from '#protocols/sight/coverage.ts';
import { floorOf } from '#protocols/sight/view.ts';
import { SchoolDays } from '#protocols/calendar/school-days.ts';
import type { CampusEntry } from '#protocols/inventory/campus.ts';
import { hilltop, inventory } from '../inventory/hilltop.ts';
import { at, day, holidays, inOrder, ledgerOf, rules, told, wednesday } from './in-order.ts';
import { sampleFile, says, tableOf } from './page.ts';

const today = '2026-09-16';
const minute = 60_000;

function judged(ledger: CampusLedger, part: Partial<Part> & Pick<Part, 'kind'>) {
  return judgePart(ledger.case, { entity: 0, nth: 0, ...part });
}
function tell(ledger: CampusLedger, pieces: Parameters<typeof told>[0]) {
  for (const piece of told(pieces)) ledger.apply(piece);
}
/** Minutes in a row outside of 07:20 to 08:00 and 16:00 to 16:40, counted one by one. */
function longestOutside(opened: string, closed: string): number {
  const minutes = (time: string) => Number(time.slice(0, 2)) * 60 + Number(time.slice(3));
  let [longest, run] = [0, 0];
  for (let m = minutes(opened); m < minutes(closed); m += 1) {
    run = (m >= 440 && m < 480) || (m >= 960 && m < 1000) ? 0 : run + 1;
    longest = Math.max(longest, run);
  }
  return longest;
}
const buttonOf = (ledger: CampusLedger) => ledger.plan.cameras;

describe('the examples of docs/four-hundred.md', () => {
  it.each(tableOf('Guards on the roll'))('guards: $day pupils / $guards on the roll', (row) => {
    const guards = Array.from({ length: Number(row['guards on the roll']) }, (_, i) => ({
      id: `guard-${i}`,
    }));
    const ledger = ledgerOf({ ...hilltop, pupils: { day: Number(row['day pupils']) }, guards });
    const { answer, params } = judged(ledger, { kind: 'roll' });
    expect([String(params.need), answer]).toEqual([row.needed, row.answer]);
  });

  it.each(tableOf('Rounds of a day'))('rounds: $rounds', (row) => {
    const entry: CampusEntry = { ...hilltop, patrol: [{ id: 'yard' }, { id: 'boiler-house' }] };
    const ledger = ledgerOf(entry, at('2026-09-17T09:00'));
    const checks = (patrol: string, times = '') =>
      times.split(' ').map((time) => ({
        kind: 'check-in' as const,
        at: at(`${today}T${time}`),
        place: { patrol },
        on: true,
      }));
    tell(ledger, [
      ...checks('yard', row['checks at the yard']),
      ...checks('boiler-house', row['checks at the boiler house']),
    ]);
    const { answer, params } = judged(ledger, { kind: 'rounds' });
    expect([String(params.done), answer]).toEqual([row.rounds, row.answer]);
  });

  it.each(tableOf('A gate'))('a gate: $opened to $closed', (row) => {
    const ledger = ledgerOf(hilltop, at(`${today}T00:00`));
    const device = 'gw-hill/gate-contact';
    tell(ledger, [
      { kind: 'state', device, at: at(`${today}T00:00`) - 9 * day, state: 'good', holds_ms: 30 * day },
      { kind: 'contact', device, at: at(`${today}T00:00`) - 9 * day, open: false },
      { kind: 'contact', device, at: at(`${today}T${row.opened}`), open: true },
      ...(row.closed === 'still open'
        ? []
        : [{ kind: 'contact' as const, device, at: at(`${today}T${row.closed}`), open: false }]),
    ]);
    ledger.advance(at(`${today}T18:00`));
    expect(`${longestOutside(row.opened!, row.closed === 'still open' ? '18:00' : row.closed!)} min`).toBe(
      row['longest outside of the windows'],
    );
    expect([judged(ledger, { kind: 'closed' }).answer, judged(ledger, { kind: 'quiet' }).answer]).toEqual([
      row['closed now'],
      row.quiet,
    ]);
  });

  it.each(tableOf('What a camera sees'))('a hall: $wall / $seen', (row) => {
    const hall: Polygon = [
      [0, 0],
      [20, 0],
      [20, 10],
      [0, 10],
    ];
    const walls = row.wall === 'x = 10' ? [[[10, 0], [10, 10]]] : []; // prettier-ignore
    const camera = (x: number) =>
      sight.parse({
        at: [x, 5],
        height_m: 3,
        heading_deg: x === 0 ? 0 : 180,
        tilt_deg: 45,
        angle_deg: 90,
        vertical_angle_deg: 90,
        range_m: 25,
      });
    const coverage = new Coverage(
      floorOf(plan.parse({ outline: hall, walls })),
      [hall],
      [camera(0), camera(20)],
    );
    const working = row['cameras that work']!.split(', ');
    const { seen_m2, blind_m2 } = coverage.zone(0, (i) => working.includes(['west', 'east'][i]!));
    expect(seen_m2).toBeCloseTo(Number(row['seen m²']), 1);
    expect(blind_m2).toBeCloseTo(Number(row['blind m²']), 1);
  });

  it.each(tableOf("A button's proof"))('a proof: $took', (row) => {
    const ledger = ledgerOf(hilltop, at('2026-10-02T10:00'));
    const device = 'gw-hill/press-gatehouse';
    if (row['proved on'] !== 'never') {
      const proved = row['proved up to'] as 'centre' | 'cloud';
      const latency_ms = row.took === '–' ? null : Number(row.took!.replace(' ms', ''));
      tell(ledger, [
        { kind: 'proof', device, at: at(row['proved on']!), route: 'cloud', proved, latency_ms },
      ]);
    }
    expect(judged(ledger, { kind: 'proved', entity: buttonOf(ledger) }).answer).toBe(row.answer);
  });

  it.each(tableOf("Silence, and Belfry's own absence"))('silence: $answer', (row) => {
    const heard = at(`${today}T10:00`);
    const ledger = ledgerOf(hilltop, heard);
    tell(ledger, [
      { kind: 'state', device: 'gw-hill/press-gatehouse', at: heard, state: 'good', holds_ms: 3 * minute },
    ]);
    const looked = at(`${today}T${row['looked at']}`);
    const from = heard + minute;
    if (looked >= from) {
      // Of a moment within it the outage has no end yet.
      const to = looked >= heard + 31 * minute ? heard + 31 * minute : null;
      tell(ledger, [{ kind: 'outage', at: from, known_at: looked, to, reason: 'an update' }]);
    }
    ledger.advance(looked);
    expect(judged(ledger, { kind: 'alive', entity: buttonOf(ledger) }).answer).toBe(row.answer);
  });

  it.each(tableOf('The crossing post'))(
    'the crossing post: $leader $teacher $guard $parent $police',
    (row) => {
      const ledger = ledgerOf(hilltop, at(`${today}T06:00`));
      const [roster] = inventory().rosters;
      const pieces = rules.crossing_post.roles
        .filter((role) => row[role] !== '–')
        .map((role) => ({
          kind: 'check-in' as const,
          at: at(`${today}T${row[role]}`),
          place: { crossing: 'south' },
          person: roster![role][0]!,
          on: true,
        }));
      tell(ledger, pieces);
      ledger.advance(at(`${today}T07:32`));
      const { answer, params } = judged(ledger, { kind: 'crossing-now' });
      expect([String(params.have), answer]).toEqual([row['in time'], row.answer]);
    },
  );

  it('the sample of a campus’s file is taken, and can reach a hundred per cent', () => {
    const { city, complaints } = joinFiles([{ file: 'lakeside.yaml', value: sampleFile() }]);
    expect(complaints).toBe(null);
    const [campus] = city!.campuses;
    const ledger = new CampusLedger(
      planCampus(campus!, rules, new SchoolDays(campus!.calendar, holidays)),
      wednesday,
    );
    for (const piece of inOrder(campus!, wednesday)) ledger.apply(piece);
    expect(ledger.cells().filter(({ answer }) => answer !== 'yes')).toEqual([]);
    const [floor] = blindSpotsOf(ledger.case);
    expect(floor!.zones[0]!.coverage).toMatchObject({ area_m2: 16, blind_m2: 0 });
  });

  it('a county of five schools', () => {
    const now = at(`${today}T10:00`);
    const rows = tableOf('A county of five schools');
    const ledgers = rows.map((row) => {
      const [all, working] = [Number(row['buttons and cameras']), Number(row['of these working'])];
      const buttons = Array.from({ length: all }, (_, i) => ({ id: `button-${i}`, kind: 'button' as const }));
      const campus = inventory({
        ...hilltop,
        id: row.campus!.toLowerCase(),
        gateways: [{ id: 'gw-hill', devices: buttons }],
        gates: [],
        fence: [],
        patrol: [],
        posts: [],
        rosters: [],
        zones: [
          { id: 'gatehouse', kind: 'gatehouse', needs: {}, buttons: ['gw-hill/button-0'], seen_by: [] },
        ],
      });
      // Without video: buttons alone are counted here.
      const own = {
        ...rules,
        one_key_video: { ...rules.one_key_video, zones: { gatehouse: { button: true } } },
      };
      const ledger = new CampusLedger(
        planCampus(campus, own, new SchoolDays(campus.calendar, holidays)),
        now,
      );
      tell(
        ledger,
        buttons.slice(0, working).map(({ id }) => ({
          kind: 'state' as const,
          device: `gw-hill/${id}`,
          at: now,
          state: 'good' as const,
          holds_ms: minute,
        })),
      );
      return ledger;
    });
    const cells = ledgers.map((ledger) => ledger.cells());
    const working = rollUp(cells).find(({ item, level }) => item === 'one-key-video' && level === 'working')!;
    const each = cells.map(
      (all) => all.find(({ item, level }) => item === 'one-key-video' && level === 'working')!.answer,
    );
    expect(each.map((answer) => (answer === 'yes' ? 'yes' : 'no'))).toEqual(
      rows.map((row) => row['the campus']),
    );
    const { campuses, devices } = working;
    expect(says(`${campuses.yes} of ${campuses.of} campuses are yes: **${percentOf(campuses)} %**`)).toBe(
      true,
    );
    expect(says(`${devices.yes} of ${devices.of} devices are: ${percentOf(devices)} %`)).toBe(true);
  });
});
