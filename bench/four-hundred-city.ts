import type { CampusEntry } from '#protocols/inventory/campus.ts';

/**
 * A city of 2,000 campuses with 200 devices each (120 cameras, 60 buttons, 20 contacts and readers), one floor in ten
 * campuses drawn with its walls and views.
 */
export const campuses = 2_000;
export const cameras = 120;
export const buttons = 60;
const watchers = 20;
export const devicesEach = cameras + buttons + watchers;
/** 2026-09-16 09:00 in Shanghai. */
export const start = Date.UTC(2026, 8, 16, 1);

/** Of the campus with this number. */
export function entry(i: number): CampusEntry {
  const gateway = `gw-${i}`;
  const id = (d: number) => `d-${d}`;
  const ref = (d: number) => `${gateway}/${id(d)}`;
  const drawn = i % 10 === 0;
  const readers = cameras + buttons + watchers / 2;
  return {
    id: `c-${i}`,
    county: `county-${i % 12}`,
    type: 'primary',
    pupils: { day: 900 },
    calendar: {
      terms: [{ id: 'autumn', from: '2026-09-01', to: '2027-01-22' }],
      windows: [
        { id: 'arrival', kind: 'arrival', from: '07:20', to: '08:00' },
        { id: 'dismissal', kind: 'dismissal', from: '16:00', to: '16:40' },
      ],
    },
    grounds: {
      outline: [
        [0, 0],
        [80, 0],
        [80, 20],
        [0, 20],
      ],
      walls: [20, 40, 60].map((x) => [
        [x, 0],
        [x, 18],
      ]),
    },
    gateways: [
      {
        id: gateway,
        devices: Array.from({ length: devicesEach }, (_, d) => ({
          id: id(d),
          kind:
            d < cameras ? 'camera' : d < cameras + buttons ? 'button' : d < readers ? 'input' : 'card-reader',
          ...(drawn && d < 8
            ? {
                sight: {
                  at: [(d >> 1) * 20 + (d % 2) * 20, 10] as [number, number],
                  height_m: 3,
                  heading_deg: d % 2 === 0 ? 0 : 180,
                  tilt_deg: 45,
                  angle_deg: 120,
                  vertical_angle_deg: 90,
                  range_m: 40,
                },
              }
            : {}),
        })),
      },
    ],
    gates: [0, 1].map((g) => ({ id: `gate-${g}`, watched_by: [ref(cameras + buttons + g)] })),
    fence: Array.from({ length: 8 }, (_, f) => ({
      id: `side-${f}`,
      watched_by: [ref(cameras + buttons + 2 + f)],
    })),
    posts: [{ id: 'gatehouse', kind: 'gatehouse', duty: 'always', terminal: ref(readers) }],
    guards: [{ id: 'guard-1' }, { id: 'guard-2' }],
    patrol: Array.from({ length: 9 }, (_, p) => ({ id: `point-${p}`, reader: ref(readers + 1 + p) })),
    zones: [
      { id: 'gatehouse', kind: 'gatehouse', key: true, buttons: [ref(cameras)], seen_by: [ref(8)] },
      ...Array.from({ length: 10 }, (_, z) => ({
        id: `corridor-${z}`,
        kind: 'corridor' as const,
        seen_by: Array.from({ length: 10 }, (_, c) => ref(10 + z * 10 + c)),
      })),
      ...(drawn
        ? [
            {
              id: 'yard',
              kind: 'playground' as const,
              polygon: [
                [4, 4],
                [76, 4],
                [76, 16],
                [4, 16],
              ] as [number, number][],
            },
          ]
        : []),
    ],
    rosters: [],
  };
}
