import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  type Plan,
  plan,
  type Polygon,
  type Position,
  type Sight,
  sight,
} from '#protocols/inventory/plan.ts';
import { isWithin } from '#protocols/inventory/polygon.ts';
import { lensOf } from '#protocols/sight/lens.ts';
import { areaOfRegion, ringsOf } from '#protocols/sight/region.ts';
import { floorOf, viewOf } from '#protocols/sight/view.ts';

const rectangle = (x: number, y: number, to: number, up: number): Polygon => [
  [x, y],
  [to, y],
  [to, up],
  [x, up],
];
const hall = rectangle(0, 0, 20, 10);
/** In the middle of the left wall; its picture reaches from straight below to level. */
const camera: Sight = sight.parse({
  at: [0, 5],
  height_m: 3,
  heading_deg: 0,
  tilt_deg: 45,
  angle_deg: 90,
  vertical_angle_deg: 90,
  range_m: 100,
});
const seen = (more: Partial<Sight>, on: Partial<Plan> = {}) =>
  areaOfRegion(viewOf({ ...camera, ...more }, floorOf(plan.parse({ outline: hall, ...on }))));

describe('what a camera sees, against areas worked out by hand', () => {
  const open = { outline: rectangle(-50, -50, 50, 50) };
  it.each([
    ['a hall of 20 m × 10 m from the middle of its short wall: all but two corners of 12.5 m²', {}, {}, 175],
    [
      'a wall right across, 10 m away',
      {},
      {
        walls: [
          [
            [10, 0],
            [10, 10],
          ],
        ],
      },
      75,
    ],
    [
      'a wall across the left half alone',
      {},
      {
        walls: [
          [
            [10, 5],
            [10, 10],
          ],
        ],
      },
      125,
    ],
    [
      'two walls that cross where neither ends',
      {},
      {
        walls: [
          [
            [10, 0],
            [10, 10],
          ],
          [
            [8, 5],
            [12, 5],
          ],
        ],
      },
      75,
    ],
    [
      'a lower edge 60° down: the triangle of 3/tan 60° before it is lost, 3 m²',
      { tilt_deg: 30, vertical_angle_deg: 60 },
      {},
      172,
    ],
    ['a quarter of a circle of 10 m', { range_m: 10, at: [0, 0] as Position }, open, 25 * Math.PI],
    [
      'an upper edge 30° down ends the view at 3/tan 30°',
      { at: [0, 0] as Position, tilt_deg: 60, vertical_angle_deg: 60 },
      open,
      (Math.PI * 27) / 4,
    ],
    ['all round, 10 m', { at: [0, 0] as Position, angle_deg: 360, range_m: 10 }, open, 100 * Math.PI],
    [
      'all round, but not below',
      { at: [0, 0] as Position, angle_deg: 360, tilt_deg: 0, vertical_angle_deg: 120, range_m: 10 },
      open,
      (100 - 3) * Math.PI,
    ],
    ['all round in a corner of the hall', { at: [0, 0] as Position, angle_deg: 360 }, {}, 200],
    ['a picture that shows the ceiling alone', { tilt_deg: 0, vertical_angle_deg: 0.001 }, {}, 0],
  ] as [string, Partial<Sight>, Partial<Plan>, number][])('%s', (_what, more, on, expected) => {
    expect(Math.abs(seen(more, on) - expected)).toBeLessThan(0.05);
  });

  it('a view ends at the outline also for a camera that is mounted on it and looks away', () => {
    expect(seen({ heading_deg: 180 })).toBeLessThan(0.05);
  });

  it('a wall between camera and room, however near, blocks the view', () => {
    expect(
      seen(
        { at: [0.05, 5] },
        {
          walls: [
            [
              [0.1, 0],
              [0.1, 10],
            ],
          ],
        },
      ),
    ).toBeLessThan(0.02);
  });
});

it('a camera in a corner that looks out of the hall sees hundreds of corners within three millimetres, and it ends', () => {
  const walls = [
    [[3.3, 4.2], [5.4, 8]], [[13.5, 6.7], [0.5, 2.45]], [[11.9, 0.65], [17, 6.4]], [[7.1, 2.5], [15.3, 7.15]],
    [[16.2, 0.6], [7.9, 3.5]], [[4.4, 5.45], [4.2, 0.85]], [[16.2, 2.15], [8.7, 0.05]], [[15.6, 8.5], [11.8, 7.1]],
  ]; // prettier-ignore
  const away = { at: [0, 0] as Position, heading_deg: -109, tilt_deg: 74, angle_deg: 200, range_m: 30 };
  expect(
    areaOfRegion(viewOf({ ...away, height_m: 3 }, floorOf(plan.parse({ outline: hall, walls })))),
  ).toBeLessThan(0.01);
});

describe('what a camera sees, against sampling', () => {
  const metre = fc.integer({ min: 0, max: 200 }).map((dm) => dm / 10);
  const place = fc.tuple(
    metre,
    metre.map((m) => m / 2),
  );
  const sights = fc.record({
    at: place,
    height_m: fc.constant(3),
    heading_deg: fc.integer({ min: -180, max: 180 }),
    tilt_deg: fc.integer({ min: 0, max: 80 }),
    angle_deg: fc.constantFrom(30, 72, 110, 179, 200, 360),
    range_m: fc.integer({ min: 2, max: 30 }),
  });

  it('every point of a grid is seen or hidden as the line to it says', () => {
    let looked = 0;
    fc.assert(
      fc.property(sights, fc.array(fc.tuple(place, place), { maxLength: 8 }), (sight, walls) => {
        const drawn = walls.filter(([a, b]) => Math.hypot(a[0] - b[0], a[1] - b[1]) > 0.05);
        // A camera on a wall sees to both sides of it or to one: that is for another test.
        fc.pre(drawn.every((wall) => distance(sight.at, wall) > 0.02));
        const view = ringsOf(viewOf(sight, floorOf(plan.parse({ outline: hall, walls: drawn }))));
        for (let x = 0.137; x < 20; x += 0.61) {
          for (let y = 0.211; y < 10; y += 0.61) {
            const told = view.filter((ring) => isWithin([x, y], ring)).length % 2 === 1;
            const sampled = isSeen(sight, [x, y], drawn);
            if (sampled === null || view.some((ring) => nearRing([x, y], ring))) continue;
            looked += 1;
            if (told !== sampled) throw new Error(`${x}, ${y}: told ${told}, sampled ${sampled}`);
          }
        }
      }),
      { numRuns: 150 },
    );
    expect(looked).toBeGreaterThan(10_000);
  });
});

/** Null: too near to an edge of the view to be told by sampling. */
function isSeen(sight: Sight, p: Position, walls: [Position, Position][]): boolean | null {
  const lens = lensOf(sight);
  const [dx, dy] = [p[0] - sight.at[0], p[1] - sight.at[1]];
  const away = Math.hypot(dx, dy);
  let off = Math.abs(Math.atan2(dy, dx) - lens.heading) % (2 * Math.PI);
  if (off > Math.PI) off = 2 * Math.PI - off;
  const ahead = lens.allRound ? away : away * Math.cos(off);
  const edges = [away - lens.far, ahead - lens.near, (lens.half >= Math.PI ? -1 : off - lens.half) * away];
  if (edges.some((edge) => Math.abs(edge) < 0.02) || away < 0.05) return null;
  if (away > lens.far || ahead < lens.near || (off > lens.half && lens.half < Math.PI)) return false;
  if (walls.some((wall) => wall.some((end) => distance(end, [sight.at, p]) < 0.02))) return null;
  return !walls.some(([a, b]) => {
    const side = (u: Position, v: Position, w: Position) =>
      (v[0] - u[0]) * (w[1] - u[1]) - (v[1] - u[1]) * (w[0] - u[0]) > 0;
    return side(sight.at, p, a) !== side(sight.at, p, b) && side(a, b, sight.at) !== side(a, b, p);
  });
}

function distance(p: Position, [a, b]: [Position, Position]): number {
  const [dx, dy] = [b[0] - a[0], b[1] - a[1]];
  const t = Math.min(1, Math.max(0, ((p[0] - a[0]) * dx + (p[1] - a[1]) * dy) / (dx * dx + dy * dy)));
  return Math.hypot(p[0] - a[0] - t * dx, p[1] - a[1] - t * dy);
}

const nearRing = (p: Position, ring: Polygon) =>
  ring.some((a, i) => distance(p, [a, ring[(i + 1) % ring.length]!]) < 0.01);
