import { Clipper, FillRule, type Paths64 } from 'clipper2-ts';
import type { Polygon } from '../inventory/plan.ts';

/**
 * Part of a plan, on a grid of whole millimetres: outer rings turn left, holes turn right. Boolean operations on
 * floating metres go wrong where walls are shared, which on a plan is everywhere.
 */
export type Region = Paths64;

const perMetre = 1000;

export const nothing: Region = [];

/** Less than a square centimetre is a slip of the pen, square grid units. */
const leastArea = 100;

/**
 * Corners that fall on one grid point and slivers go first: with a few hundred corners within three millimetres the
 * library's union (2.0.1) never ends.
 */
export function regionOf(polygon: Polygon): Region {
  const path = polygon.map(([x, y]) => ({ x: Math.round(x * perMetre), y: Math.round(y * perMetre) }));
  const clean = Clipper.trimCollinear(Clipper.stripDuplicates(path, true));
  if (clean.length < 3 || Math.abs(Clipper.area(clean)) < leastArea) return nothing;
  // The rule by which rings are filled wants them all the same way round.
  return Clipper.union([Clipper.isPositive(clean) ? clean : clean.toReversed()], FillRule.NonZero);
}

/** Collinear corners go first: unions of views along shared walls are 20 times quicker for it. */
export function together(regions: readonly Region[]): Region {
  return Clipper.union(
    regions.flat().map((path) => Clipper.trimCollinear(path)),
    FillRule.NonZero,
  );
}

export function common(one: Region, other: Region): Region {
  return Clipper.intersect(one, other, FillRule.NonZero);
}

/** What is in `one` and not in `other`. */
export function without(one: Region, other: Region): Region {
  return Clipper.difference(one, other, FillRule.NonZero);
}

/** Square metres; holes do not count. */
export function areaOfRegion(region: Region): number {
  return Math.abs(Clipper.areaPaths(region)) / (perMetre * perMetre);
}

/** Its rings in metres, largest first: draw them together by the even-odd rule, and holes stay open. */
export function ringsOf(region: Region): Polygon[] {
  return region
    .toSorted((a, b) => Math.abs(Clipper.area(b)) - Math.abs(Clipper.area(a)))
    .map((path) => path.map(({ x, y }): [number, number] => [x / perMetre, y / perMetre]));
}
