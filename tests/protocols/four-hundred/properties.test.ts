import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { SchoolDays } from '#protocols/calendar/school-days.ts';
import { answers, countOf, levels, worst } from '#protocols/four-hundred/answer.ts';
import { CampusLedger } from '#protocols/four-hundred/campus-ledger.ts';
import { planCampus } from '#protocols/four-hundred/campus-plan.ts';
import { CityLedger } from '#protocols/four-hundred/city.ts';
import type { Evidence } from '#protocols/four-hundred/evidence.ts';
import { verdictAt, verdictOf } from '#protocols/four-hundred/verdict.ts';
import { type CampusEntry, campusInventory } from '#protocols/inventory/campus.ts';
import { hilltop, inventory } from '../inventory/hilltop.ts';
import { day, holidays, hour, inOrder, ledgerInOrder, ledgerOf, rules, told, wednesday } from './in-order.ts';

const minute = 60_000;

/** Hilltop with a classroom that is drawn and two cameras in it, one of them an extra. */
const drawn = {
  ...hilltop,
  gateways: [
    {
      id: 'gw-hill',
      devices: [
        ...hilltop.gateways[0]!.devices,
        ...[0, 20].map((x) => ({
          id: `cam-room-${x}`,
          kind: 'camera' as const,
          building: 'main',
          storey: 'f1',
          required: x === 0,
          sight: {
            at: [x, 5] as [number, number],
            height_m: 3,
            heading_deg: x === 0 ? 0 : 180,
            tilt_deg: 45,
            angle_deg: 120,
            vertical_angle_deg: 90,
            range_m: 30,
          },
        })),
      ],
    },
  ],
  zones: [
    ...hilltop.zones,
    {
      id: 'lab',
      kind: 'laboratory' as const,
      building: 'main',
      storey: 'f1',
      polygon: [
        [4, 2],
        [9, 2],
        [9, 8],
        [4, 8],
      ] as [number, number][],
    },
  ],
  posts: [
    ...hilltop.posts,
    {
      id: 'south-gate',
      kind: 'gate' as const,
      duty: { windows: ['arrival', 'dismissal'], around_min: 10 },
      terminal: 'gw-hill/terminal',
    },
  ],
} satisfies CampusEntry;
const campus = inventory(drawn);
const devices = campus.gateways[0]!.devices.map(({ id }) => `gw-hill/${id}`);
const cameras = devices.filter((ref) => ref.includes('cam'));

/** Times crowd around the edges that matter. */
const moment = fc
  .tuple(fc.constantFrom(-8 * day, -day, -2 * hour, 0, 6 * hour, day), fc.integer({ min: -200, max: 200 }))
  .map(([base, minutes]) => wednesday + base + minutes * minute);
const anyPiece = fc
  .tuple(
    moment,
    fc.constantFrom(0, 0, 30_000, 3 * hour),
    fc.oneof(
      {
        weight: 6,
        arbitrary: fc.record({
          kind: fc.constant('state' as const),
          device: fc.constantFrom(...devices),
          state: fc.constantFrom(
            'good' as const,
            'good' as const,
            'fault' as const,
            'offline' as const,
            'missing' as const,
          ),
          holds_ms: fc.constantFrom(3 * minute, hour, 9 * day),
        }),
      },
      fc.record({
        kind: fc.constant('contact' as const),
        device: fc.constantFrom('gw-hill/gate-contact', 'gw-hill/fence-beam'),
        open: fc.boolean(),
      }),
      fc.record({
        kind: fc.constant('picture' as const),
        device: fc.constantFrom(...cameras),
        good: fc.boolean(),
      }),
      fc.record({
        kind: fc.constant('proof' as const),
        device: fc.constant('gw-hill/press-gatehouse'),
        route: fc.constant('cloud' as const),
        proved: fc.constantFrom('cloud' as const, 'centre' as const),
        latency_ms: fc.constantFrom(null, 800, 11_000),
      }),
      fc.record({
        kind: fc.constant('check-in' as const),
        place: fc.constantFrom(
          { post: 'gatehouse' },
          { post: 'south-gate' },
          { patrol: 'yard' },
          { crossing: 'south' },
        ),
        person: fc.constantFrom('guard-1', 'p-1', 'p-2', 'p-3', 'p-4'),
        on: fc.boolean(),
      }),
      fc.record({
        kind: fc.constant('duty-poll' as const),
        post: fc.constant('gatehouse'),
        answered: fc.boolean(),
      }),
      fc.record({
        kind: fc.constant('explained' as const),
        opening: fc.integer({ min: 1, max: 60 }),
        by: fc.constant('head'),
        reason: fc.constant('a delivery'),
      }),
      fc
        .tuple(
          moment,
          fc.integer({ min: 1, max: 300 }),
          fc.constantFrom('campus' as const, { device: cameras[0]! }, { gate: 'south' }),
        )
        .map(([from, minutes, of]) => ({
          kind: 'maintenance' as const,
          of,
          from,
          to: from + minutes * minute,
          reason: 'repair',
          by: 'head',
        })),
      fc.integer({ min: 1, max: 90 }).map((minutes) => ({ kind: 'outage' as const, minutes })),
    ),
  )
  .map(([at, late, piece]) =>
    piece.kind === 'outage'
      ? {
          kind: 'outage' as const,
          at,
          known_at: at + piece.minutes * minute,
          to: at + piece.minutes * minute,
          reason: 'restart',
        }
      : { ...piece, at, known_at: at + late },
  );
const pieces = fc.array(anyPiece, { maxLength: 60 }).map((all) => told(all));

const days = new SchoolDays(campus.calendar, holidays);
/** The cells, without why. */
const cellsFromNothing = (evidence: readonly Evidence[], now: number) => {
  const ledger = new CampusLedger(planCampus(campus, rules, days), now);
  for (const piece of evidence)
    ledger.apply({ ...piece, at: Math.min(piece.at, piece.known_at), known_at: now });
  return ledger.cells();
};

describe('verdicts that move with the evidence', () => {
  it('after any sequence of evidence and time the answer is that of computing everything', () => {
    const orderly = [
      ...inOrder(campus, wednesday - 8 * day),
      ...inOrder(campus, wednesday).map((piece) => ({ ...piece, id: piece.id + 1000 })),
    ].map((piece, i) =>
      // Some of the devices are heard for an hour at a time.
      piece.kind === 'state' && i % 3 > 0
        ? { ...piece, at: wednesday - hour, known_at: wednesday - hour, holds_ms: hour * 2 }
        : piece,
    );
    fc.assert(
      fc.property(pieces, fc.subarray(orderly), fc.array(moment, { maxLength: 10 }), (some, fine, looks) => {
        const all = [...fine, ...some];
        const steps = [
          ...all.map((piece) => ({ at: piece.known_at, piece })),
          ...looks.map((at) => ({ at, piece: null })),
        ].sort((a, b) => a.at - b.at);
        const ledger = new CampusLedger(planCampus(campus, rules, days), steps[0]?.at ?? wednesday);
        const seen: Evidence[] = [];
        for (const { at, piece } of steps) {
          if (piece !== null) {
            const [cells, changes] = [ledger.cells(), ledger.changes];
            ledger.apply(piece);
            if (ledger.changes === changes) expect(ledger.cells()).toEqual(cells);
            seen.push(piece);
            continue;
          }
          ledger.advance(at);
          const moved = ledger.cells();
          // In the opposite order, and twice.
          expect(cellsFromNothing([...seen.toReversed(), ...seen], ledger.now)).toEqual(moved);
          ledger.recompute();
          expect(ledger.cells()).toEqual(moved);
        }
      }),
      { numRuns: 100 },
    );
  }, 120_000);

  it('of every cell the counts are those of its opened parts, and it is the worst of them and of what is below', () => {
    fc.assert(
      fc.property(pieces, (some) => {
        const ledger = ledgerInOrder(drawn);
        for (const piece of some) ledger.apply(piece);
        let below = worst([]);
        for (const { item, level, answer, parts } of ledger.cells()) {
          const opened = ledger.open(item, level).map((one) => one.answer);
          expect(countOf(opened)).toEqual(parts);
          below = worst(level === 'present' ? opened : [below, ...opened]);
          expect(answer).toBe(below);
        }
      }),
      { numRuns: 50 },
    );
  });

  it('a moment and an as-of give the same verdict to the last digit, and late evidence a new revision', () => {
    fc.assert(
      fc.property(pieces, moment, fc.integer({ min: 0, max: 600 }), (some, at, after) => {
        const question = { campus, rules, days, moment: at, asOf: at + after * minute };
        const one = verdictAt({ ...question, evidence: some });
        const other = verdictAt({ ...question, evidence: some.toReversed() });
        expect(JSON.stringify(other)).toBe(JSON.stringify(one));
        const live = verdictAt({ ...question, evidence: some, asOf: at }).verdict;
        const late = some.some((p) => p.known_at > at && p.known_at <= question.asOf && p.at <= at);
        expect(live.revision).toBe(1);
        expect(one.verdict.revision > 1).toBe(late);
        if (!late) expect(one.verdict.cells).toEqual(live.cells);
      }),
      { numRuns: 100 },
    );
  });
});

describe('what a level rests on', () => {
  const height = (ledger: CampusLedger) =>
    Object.values(verdictOf(ledger).levels).map((level) => (level === null ? 0 : 1 + levels.indexOf(level)));

  it('losing evidence that speaks for a campus never raises a level, and never makes more parts yes', () => {
    const all = inOrder(campus, wednesday);
    const whole = height(ledgerInOrder(drawn));
    const yes = (ledger: CampusLedger) => ledger.cells().map(({ parts }) => parts.yes);
    fc.assert(
      fc.property(fc.subarray(all), fc.subarray(all), (some, fewer) => {
        const [more, less] = [ledgerOf(drawn), ledgerOf(drawn)];
        for (const piece of some) more.apply(piece);
        const lost = new Set(fewer);
        for (const piece of some) if (!lost.has(piece)) less.apply(piece);
        for (const [i, level] of height(less).entries()) {
          expect(level).toBeLessThanOrEqual(height(more)[i]!);
          expect(level).toBeLessThanOrEqual(whole[i]!);
        }
        for (const [i, count] of yes(less).entries()) expect(count).toBeLessThanOrEqual(yes(more)[i]!);
      }),
      { numRuns: 100 },
    );
  });

  it('one more required device that is healthy and proved never lowers a level', () => {
    const base = inOrder(campus, wednesday);
    fc.assert(
      fc.property(fc.subarray(base), fc.constantFrom('camera' as const, 'button' as const), (some, kind) => {
        const entry = {
          ...drawn,
          gateways: [...drawn.gateways, { id: 'gw-new', devices: [{ id: 'new', kind }] }],
          zones: drawn.zones.map((zone, i) =>
            i > 0
              ? zone
              : kind === 'camera'
                ? { ...zone, seen_by: [...(zone as { seen_by: string[] }).seen_by, 'gw-new/new'] }
                : { ...zone, buttons: [...(zone as { buttons: string[] }).buttons, 'gw-new/new'] },
          ),
        } satisfies CampusEntry;
        const [before, after] = [ledgerOf(drawn), ledgerOf(entry)];
        const ofNew = inOrder(inventory(entry), wednesday).filter(
          (piece) => 'device' in piece && piece.device === 'gw-new/new',
        );
        for (const piece of some) before.apply(piece);
        for (const piece of [...some, ...ofNew]) after.apply(piece);
        for (const [i, level] of height(before).entries())
          expect(height(after)[i]).toBeGreaterThanOrEqual(level);
      }),
      { numRuns: 100 },
    );
  });
});

describe('a county and a city', () => {
  it('are exactly the count of their campuses', () => {
    const plans = (counts: readonly string[]) =>
      counts.map((county, i) => {
        const one = campusInventory.parse({ ...drawn, id: `c-${i}`, county });
        return planCampus(one, rules, days);
      });
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.constantFrom('east', 'west'), fc.nat({ max: 100 })), {
          minLength: 1,
          maxLength: 6,
        }),
        (schools) => {
          const city = new CityLedger(plans(schools.map(([county]) => county)), wednesday);
          for (const [i, [, percent]] of schools.entries()) {
            const all = inOrder(campus, wednesday);
            for (const piece of all.slice(0, Math.ceil((all.length * percent) / 100)))
              city.apply(`c-${i}`, piece);
          }
          const [east, west, whole] = [city.rollUp('east'), city.rollUp('west'), city.rollUp()];
          for (const [i, cell] of whole.entries()) {
            const each = schools.map((_, c) => city.campus(`c-${c}`)!.cells()[i]!);
            expect(cell.campuses).toEqual(countOf(each.map(({ answer }) => answer)));
            expect(cell.campuses_percent).toBe(
              (100 * each.filter(({ answer }) => answer === 'yes').length) / schools.length,
            );
            for (const answer of [...answers, 'of' as const]) {
              expect(east[i]!.campuses[answer] + west[i]!.campuses[answer]).toBe(cell.campuses[answer]);
              expect(east[i]!.devices[answer] + west[i]!.devices[answer]).toBe(cell.devices[answer]);
            }
            const worstOnes = city.worstFirst(cell.item, cell.level);
            expect(worstOnes).toHaveLength(cell.campuses.of - cell.campuses.yes);
            // A cell is yes exactly where nothing up to it is to be repaired.
            const repairs = city.repairs(cell.item, cell.level).map(({ campus: id }) => id);
            expect(repairs.toSorted()).toEqual(worstOnes.map(({ campus: id }) => id).toSorted());
          }
        },
      ),
      { numRuns: 20 },
    );
  });
});
