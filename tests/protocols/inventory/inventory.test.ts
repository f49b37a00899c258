import { describe, expect, it } from 'vitest';
import { type CampusEntry, campusInventory, cityInventory } from '#protocols/inventory/campus.ts';
import { complainOfCampus, complainOfCity } from '#protocols/inventory/complaints.ts';
import type { Path } from '#protocols/inventory/reference.ts';
import type { Bilingual } from '#protocols/messages/bilingual.ts';
import { stricter } from '#protocols/inventory/zones.ts';
import { hilltop, inventory } from './hilltop.ts';

function complaints(entry: CampusEntry): string[] {
  const said: string[] = [];
  complainOfCampus(inventory(entry), [], (path, text) => said.push(inBoth(path, text)));
  return said;
}

/** In English, where the Chinese is there as well. */
function inBoth(path: Path, { zh, en }: Bilingual): string {
  expect(zh).toMatch(/\p{Script=Han}/u);
  return `${path.join('.')}: ${en}`;
}

const zoneWith = (polygon: [number, number][], more = {}) => ({
  id: `zone-${polygon.flat().join('-')}`,
  kind: 'playground' as const,
  polygon,
  ...more,
});
const square = (x: number, y: number, side: number): [number, number][] => [
  [x, y],
  [x + side, y],
  [x + side, y + side],
  [x, y + side],
];

describe('the inventory of a campus', () => {
  it('is sound where nothing is wrong', () => {
    expect(complaints(hilltop)).toEqual([]);
  });

  it('is read from the entry that the cloud’s file has, with what only people read left aside', () => {
    const entry = { ...hilltop, name: { zh: '山顶小学', en: 'Hilltop' }, address: '1 Hill Road' };
    expect(campusInventory.parse(entry)).toEqual(inventory());
  });

  it('a camera without an angle', () => {
    const sight = { at: [1, 1], height_m: 3, heading_deg: 0, tilt_deg: 20, range_m: 15 };
    const found = campusInventory.safeParse({
      ...hilltop,
      gateways: [{ id: 'gw', devices: [{ id: 'cam', kind: 'camera', sight }] }],
    });
    expect(found.error?.issues.map(({ path, message }) => `${path.join('.')}: ${message}`)).toEqual([
      'gateways.0.devices.0.sight.angle_deg: a camera needs its horizontal angle, degrees',
    ]);
  });

  it.each([
    [
      'crosses itself',
      [
        [0, 0],
        [10, 10],
        [10, 0],
        [0, 10],
      ],
      'zones.0.polygon: it crosses itself: side 1 meets side 3',
    ],
    [
      'folds back on itself',
      [
        [0, 0],
        [10, 0],
        [4, 0],
        [4, 5],
      ],
      'zones.0.polygon: it crosses itself: side 1 meets side 2',
    ],
    [
      'touches itself in a corner',
      [
        [0, 0],
        [10, 0],
        [5, 5],
        [10, 10],
        [0, 10],
        [5, 5],
      ],
      'zones.0.polygon: it crosses itself: side 2 meets side 5',
    ],
    [
      'has no area',
      [
        [0, 0],
        [10, 0],
        [5, 0],
      ],
      'zones.0.polygon: its corners lie on one line',
    ],
    [
      'has a corner twice',
      [
        [0, 0],
        [10, 0],
        [10, 0],
        [5, 5],
      ],
      'zones.0.polygon: its corner 2 is given twice',
    ],
    ['reaches outside of the plan', square(55, 30, 10), 'zones.0.polygon: it reaches outside of its plan'],
    ['surrounds the plan', square(-5, -5, 90), 'zones.0.polygon: it reaches outside of its plan'],
  ] as [string, [number, number][], string][])('a zone whose polygon %s', (_what, polygon, expected) => {
    expect(complaints({ ...hilltop, zones: [zoneWith(polygon)] })).toEqual([expected]);
  });

  it('zones that overlap where neither may; a shared wall is no overlap', () => {
    const [one, beside, over] = [square(0, 0, 10), square(10, 0, 10), square(5, 5, 10)];
    expect(complaints({ ...hilltop, zones: [zoneWith(one), zoneWith(beside)] })).toEqual([]);
    expect(complaints({ ...hilltop, zones: [zoneWith(one), zoneWith(over)] })).toEqual([
      'zones.1.polygon: it overlaps the zone zone-0-0-10-0-10-10-0-10, and neither says may_overlap',
    ]);
    expect(complaints({ ...hilltop, zones: [zoneWith(one), zoneWith(one, { id: 'same' })] })).toHaveLength(1);
    expect(complaints({ ...hilltop, zones: [zoneWith(one), zoneWith(over, { may_overlap: true })] })).toEqual(
      [],
    );
    expect(
      complaints({ ...hilltop, zones: [zoneWith(one), zoneWith(square(2, 2, 3))] }),
      'one inside the other',
    ).toHaveLength(1);
  });

  it('a zone that bridges the notch of a plan reaches outside of it', () => {
    const grounds = {
      outline: [
        [0, 0],
        [30, 0],
        [30, 20],
        [20, 20],
        [20, 5],
        [10, 5],
        [10, 20],
        [0, 20],
      ] as [number, number][],
    };
    const said = (polygon: [number, number][]) =>
      complaints({ ...hilltop, grounds, zones: [zoneWith(polygon)] });
    expect(
      said([
        [0, 0],
        [30, 0],
        [30, 5],
        [0, 5],
      ]),
    ).toEqual([]);
    expect(
      said([
        [0, 0],
        [30, 0],
        [30, 6],
        [0, 6],
      ]),
    ).toEqual(['zones.0.polygon: it reaches outside of its plan']);
  });

  it('a zone on a storey that nobody drew, and on one that is not there', () => {
    expect(
      complaints({
        ...hilltop,
        grounds: undefined,
        zones: [
          zoneWith(square(0, 0, 5)),
          { id: 'lab', kind: 'laboratory', building: 'main', storey: 'f9' },
          { id: 'hut', kind: 'other', building: 'hut' },
        ],
      }),
    ).toEqual([
      'zones.0.polygon: it lies on no plan: draw its storey, or the grounds',
      'zones.1.storey: main has no storey f9',
      'zones.2.building: hilltop has no building hut',
    ]);
  });

  it('ids that are there twice, and devices, gates and windows that are not there', () => {
    expect(
      complaints({
        ...hilltop,
        guards: [{ id: 'guard-1' }, { id: 'guard-1' }],
        gates: [{ id: 'south', watched_by: ['gw-hill/none'], open_in: ['arrival', 'lunch'] }],
        zones: [{ id: 'gatehouse', kind: 'gatehouse', buttons: ['gw-hill/cam-gate'] }],
        rosters: [
          { gate: 'south', window: 'arrival' },
          { gate: 'south', window: 'arrival' },
          { gate: 'east', window: 'arrival' },
        ],
      }),
    ).toEqual([
      'guards.1.id: there is already a guard of this campus guard-1',
      'gates.0.watched_by.0: there is no device gw-hill/none on this campus',
      'gates.0.open_in.1: the calendar has no window lunch',
      'zones.0.buttons.0: gw-hill/cam-gate is of kind camera, and here belongs button',
      'rosters.1: there is already a roster of south in arrival',
      'rosters.2.gate: there is no gate east on this campus',
    ]);
  });

  it('a gate that a button watches, and rounds that a camera counts', () => {
    expect(
      complaints({
        ...hilltop,
        gates: [{ id: 'south', watched_by: ['gw-hill/press-gatehouse'] }],
        patrol: [{ id: 'yard', reader: 'gw-hill/cam-gate' }],
      }),
    ).toEqual([
      expect.stringMatching(
        /^gates.0.watched_by.0: gw-hill\/press-gatehouse is of kind button, and here belongs input/,
      ),
      expect.stringMatching(
        /^patrol.0.reader: gw-hill\/cam-gate is of kind camera, and here belongs card-reader/,
      ),
    ]);
  });

  it('one person in two roles of a window, and a roster for a window in which the gate does not open', () => {
    const [arrival] = hilltop.rosters;
    expect(
      complaints({
        ...hilltop,
        gates: [{ id: 'south', watched_by: [], open_in: ['dismissal'] }],
        rosters: [{ ...arrival!, parent: ['p-3', 'p-1'] }],
      }),
    ).toEqual([
      'rosters.0.window: the gate south does not open in arrival',
      'rosters.0.parent.1: p-1 is already leader in the same window',
    ]);
  });

  it('a camera outside of its plan, one on no plan, and one that looks along the wall that it stands on', () => {
    const camera = (id: string, at: [number, number], storey = 'f1') => ({
      id,
      kind: 'camera' as const,
      building: 'main',
      storey,
      sight: { at, height_m: 3, heading_deg: 90, tilt_deg: 30, angle_deg: 90, range_m: 20 },
    });
    const devices = [
      camera('a', [-1, 5]),
      camera('b', [1, 1], 'f2'),
      camera('c', [10, 5]),
      camera('d', [20, 5]),
    ];
    const button = { ...camera('e', [5, 5]), kind: 'button' as const };
    expect(
      complaints({
        ...hilltop,
        gateways: [...hilltop.gateways, { id: 'gw-2', devices: [...devices, button] }],
      }),
    ).toEqual([
      'gateways.1.devices.0.sight.at: it stands outside of its plan',
      'gateways.1.devices.1.sight: it stands on no plan: draw its storey, or the grounds',
      'gateways.1.devices.2.sight.at: it stands on a wall and looks along it: move it to the side that it sees',
      'gateways.1.devices.4.sight: only a camera has a sight, and this is a button',
    ]);
  });

  it.each([
    [
      { from: '22:00', to: '06:00' },
      'Asia/Shanghai',
      'calendar.windows.0.to: 22:00 to 06:00 crosses midnight: give two windows, one for each day',
    ],
    [
      { from: '01:30', to: '03:30' },
      'America/New_York',
      'calendar.windows.0: on 2026-03-08 the clocks of America/New_York change within it',
    ],
    [
      { from: '02:10', to: '02:40' },
      'America/New_York',
      'calendar.windows.0: on 2026-03-08 the clocks of America/New_York change within it',
    ],
    [{ from: '07:20', to: '08:00' }, 'America/New_York', null],
  ])('a window %o in %s', (times, time_zone, expected) => {
    const said = complaints({
      ...hilltop,
      gates: [],
      rosters: [],
      calendar: {
        ...hilltop.calendar,
        time_zone,
        windows: [{ id: 'arrival', kind: 'arrival', ...times }],
      },
    });
    expect(said).toEqual(expected === null ? [] : [expected]);
  });

  it('terms and windows that overlap', () => {
    const { calendar } = hilltop;
    expect(
      complaints({
        ...hilltop,
        calendar: {
          ...calendar,
          terms: [
            ...calendar.terms,
            { id: 'early', from: '2026-08-20', to: '2026-08-10' },
            { id: 'summer', from: '2026-07-03', to: '2026-08-01' },
          ],
          windows: [...calendar.windows, { id: 'late', kind: 'dismissal', from: '16:30', to: '17:00' }],
        },
      }),
    ).toEqual([
      'calendar.terms.2.to: ends on 2026-08-10, before it begins on 2026-08-20',
      'calendar.terms.3: overlaps the term spring-2026',
      'calendar.windows.2: overlaps the window dismissal',
    ]);
  });

  it('a time zone that there is not', () => {
    const calendar = { ...hilltop.calendar, time_zone: 'Asia/Nowhere' };
    expect(campusInventory.safeParse({ ...hilltop, calendar }).error?.issues[0]?.path).toEqual([
      'calendar',
      'time_zone',
    ]);
  });

  it('a city: a gateway on two campuses, a county that is not there', () => {
    const city = cityInventory.parse({
      id: 'lakeside',
      counties: [{ id: 'east' }],
      campuses: [hilltop, { ...hilltop, id: 'valley', county: 'west' }],
    });
    const said: string[] = [];
    complainOfCity(city, (path, text) => said.push(inBoth(path, text)));
    expect(said).toEqual([
      'campuses.1.county: lakeside has no county west',
      'campuses.1.gateways.0.id: there is already a gateway gw-hill, on hilltop',
    ]);
  });

  it('what a campus asks of a zone may be more than the rules, never less', () => {
    expect(stricter({ video: true, video_days: 30 }, { video: false, video_days: 90 })).toEqual({
      video: true,
      video_days: 90,
      button: false,
    });
    expect(stricter({ video: true, video_days: 30, button: true }, { button: false, video_days: 7 })).toEqual(
      {
        video: true,
        video_days: 30,
        button: true,
      },
    );
  });
});
