import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readDensities } from '#platform/pixel-densities.ts';
import { plan, type Polygon, type Position, type Sight, sight } from '#protocols/inventory/plan.ts';
import { distanceToEdge, edgesOf, isWithin } from '#protocols/inventory/polygon.ts';
import { Coverage } from '#protocols/sight/coverage.ts';
import { classOf, densityAt, reachOf } from '#protocols/sight/pixel-density.ts';
import { areaOfRegion, common, regionOf, ringsOf, together, without } from '#protocols/sight/region.ts';
import { floorOf, viewOf } from '#protocols/sight/view.ts';

const rectangle = (x: number, y: number, to: number, up: number): Polygon => [
  [x, y],
  [to, y],
  [to, up],
  [x, up],
];
const floor = floorOf(plan.parse({ outline: rectangle(0, 0, 20, 10) }));
const at = (x: number, y: number, heading_deg: number, more: Partial<Sight> = {}): Sight =>
  sight.parse({
    at: [x, y],
    height_m: 3,
    heading_deg,
    tilt_deg: 45,
    angle_deg: 90,
    vertical_angle_deg: 90,
    range_m: 100,
    ...more,
  });
/** From the two short walls: each misses the two corners at its own wall, 12.5 m² each, which the other sees. */
const west = at(0, 5, 0);
const east = at(20, 5, 180);

describe('the blind spots of a zone', () => {
  it('one camera leaves two corners, the other one closes them', () => {
    const coverage = new Coverage(floor, [rectangle(0, 0, 20, 10)], [west, east]);
    expect(coverage.zone(0).blind_m2).toBeLessThan(0.001);
    const alone = coverage.zone(0, (camera) => camera === 0);
    expect(alone.blind_m2).toBeCloseTo(25, 1);
    // Two triangles that touch where the camera hangs.
    expect(alone.blind).toEqual([
      expect.arrayContaining([
        [0, 0],
        [5, 0],
        [0, 5],
        [5, 10],
        [0, 10],
      ]),
    ]);
    expect(coverage.zone(0, () => false)).toMatchObject({ area_m2: 200, blind_m2: 200 });
  });

  it('a camera that goes dark opens its blind spot, and closes it when it returns', () => {
    const coverage = new Coverage(floor, [rectangle(0, 0, 5, 10)], [west, east]);
    const dark = new Set<number>();
    const blind = () => coverage.zone(0, (camera) => !dark.has(camera)).blind_m2;
    expect(blind()).toBe(0);
    dark.add(1);
    expect(blind()).toBeCloseTo(25, 1);
    dark.clear();
    expect(blind()).toBe(0);
  });

  it('names the camera whose failure opens the largest hole, and none where each is doubled', () => {
    const zone = rectangle(0, 0, 5, 10);
    expect(new Coverage(floor, [zone], [west, east]).largestHole()).toMatchObject({ camera: 1 });
    expect(new Coverage(floor, [zone], [west, east]).largestHole()?.opens_m2).toBeCloseTo(25, 1);
    expect(new Coverage(floor, [zone], [west, east, east]).largestHole()).toBe(null);
  });

  it('names the place from which one more camera closes most', () => {
    const coverage = new Coverage(floor, [rectangle(0, 0, 20, 10)], [west]);
    const short = at(20, 5, 180, { range_m: 8 });
    expect(coverage.bestPlace(floor, [west, short, east])).toMatchObject({ candidate: 2 });
    expect(coverage.bestPlace(floor, [west, short, east])?.closes_m2).toBeCloseTo(25, 1);
    expect(coverage.bestPlace(floor, [west, short])).toBe(null);
  });

  it('every point of a grid in the zone is blind exactly where no camera’s view has it', () => {
    const metres = fc.integer({ min: 1, max: 199 }).map((dm) => dm / 10);
    const camera = fc
      .tuple(metres, metres, fc.integer({ min: 0, max: 359 }), fc.constantFrom(40, 90, 360))
      .map(([x, y, heading, angle_deg]) => at(x, y / 2, heading, { angle_deg, range_m: 9 }));
    const zone = rectangle(2, 1, 17, 9);
    let looked = 0;
    fc.assert(
      fc.property(fc.array(camera, { maxLength: 6 }), fc.nat({ max: 63 }), (cameras, dark) => {
        const works = (i: number) => (dark & (1 << i)) === 0;
        const { blind } = new Coverage(floor, [zone], cameras).zone(0, works);
        const views = cameras.filter((_, i) => works(i)).map((sight) => ringsOf(viewOf(sight, floor)));
        const within = (p: Position, rings: Polygon[]) =>
          rings.filter((ring) => isWithin(p, ring)).length % 2 === 1;
        const edges = [blind, ...views].flat().flatMap((ring) => edgesOf(ring));
        for (let x = 2.13; x < 17; x += 0.71) {
          for (let y = 1.17; y < 9; y += 0.71) {
            if (edges.some((edge) => distanceToEdge([x, y], edge) < 0.005)) continue;
            looked += 1;
            expect(within([x, y], blind)).toBe(!views.some((view) => within([x, y], view)));
          }
        }
      }),
      { numRuns: 60 },
    );
    expect(looked).toBeGreaterThan(5_000);
  });

  it('blind and seen make up the zone to 1e-6, and agree with an intersection to the millimetre of its edges', () => {
    const aMillimetreOfEdges = 0.05;
    const metres = fc.integer({ min: 0, max: 200 }).map((dm) => dm / 10);
    const camera = fc
      .tuple(metres, metres, fc.integer({ min: 0, max: 359 }), fc.constantFrom(40, 90, 360))
      .map(([x, y, heading, angle_deg]) => at(x, y / 2, heading, { angle_deg, range_m: 9 }));
    fc.assert(
      fc.property(fc.array(camera, { maxLength: 6 }), metres, metres, (cameras, x, y) => {
        const zone = rectangle(Math.min(x, 19), Math.min(y / 2, 9), 20, 10);
        const coverage = new Coverage(floor, [zone], cameras);
        const { area_m2, seen_m2, blind_m2, blind } = coverage.zone(0);
        expect(Math.abs(seen_m2 + blind_m2 - area_m2)).toBeLessThan(1e-6);
        // A ring read back may lose the few square millimetres in which it touches itself.
        const left = blind.map((ring) => regionOf(ring)).reduce((sum, ring) => sum + areaOfRegion(ring), 0);
        expect(left).toBeGreaterThanOrEqual(blind_m2 - aMillimetreOfEdges);
        const each = cameras.map((_, i) => coverage.zone(0, (camera) => camera === i));
        const whole = regionOf(zone);
        const seen = together(each.map(({ blind: hidden }) => without(whole, ringsAsRegion(hidden))));
        expect(Math.abs(areaOfRegion(common(whole, seen)) - seen_m2)).toBeLessThan(aMillimetreOfEdges);
      }),
      { numRuns: 100, examples: [[[at(13.2, 4.1, 0, { angle_deg: 360, range_m: 9 })], 0, 0]] },
    );
  });
});

const ringsAsRegion = (rings: Polygon[]) =>
  rings.map((ring) => ring.map(([x, y]) => ({ x: Math.round(x * 1000), y: Math.round(y * 1000) })));

it('a region’s rings keep their holes', () => {
  const ring = without(regionOf(rectangle(0, 0, 10, 10)), regionOf(rectangle(4, 4, 6, 6)));
  expect(areaOfRegion(ring)).toBe(96);
  expect(ringsOf(ring)).toHaveLength(2);
});

describe('pixel density', () => {
  const editions = readDensities();
  const [of2015, of2025] = editions as [(typeof editions)[0], (typeof editions)[0]];
  // 90° wide: a view is twice as wide as it is far. The lens is taken as low as what it looks at.
  const camera = { resolution: [2000, 1000] as [number, number], angle_deg: 90, height_m: 1e-9 };

  it.each([
    [1, 1000, 'inspect', 'validate'],
    [4, 250, 'identify', 'characterise'],
    [8, 125, 'recognise', 'perceive'],
    [10, 100, 'observe', 'discern'],
    [50, 20, 'monitor', 'overview'],
    [80, 12.5, 'monitor', undefined],
    [100, 10, undefined, undefined],
  ])('2,000 pixels over 90°, %d m away: %d px/m', (distance, px, old, current) => {
    const density = densityAt(camera, distance)!;
    expect(density).toBeCloseTo(px, 6);
    expect([classOf(density + 1e-6, of2015)?.id, classOf(density + 1e-6, of2025)?.id]).toEqual([
      old,
      current,
    ]);
  });

  it('how far a class is reached: never beyond the range, nowhere for a lens that hangs too high', () => {
    const sight = { ...at(0, 0, 0), resolution: [2000, 1000] as [number, number], range_m: 30 };
    const named = (id: string) => of2015.classes.find((one) => one.id === id)!;
    expect(reachOf(sight, named('identify'))).toBeCloseTo(Math.sqrt(4 ** 2 - 3 ** 2), 6);
    expect(reachOf(sight, named('inspect'))).toBe(0);
    expect(reachOf(sight, named('monitor'))).toBe(30);
    expect(reachOf({ ...sight, resolution: undefined }, named('monitor'))).toBe(null);
  });
});
