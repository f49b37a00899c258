import type { Bilingual } from '../messages/bilingual.ts';
import { areaOfRegion, common, regionOf, without } from '../sight/region.ts';
import type { Polygon, Position } from './plan.ts';

/** Drawings are made by the centimetre; what is closer than a millimetre is the same place. */
const samePlaceM = 0.001;

/** Twice the area of the triangle a, b, c: positive when it turns left. */
function turn(a: Position, b: Position, c: Position): number {
  return (b[0] - a[0]) * (c[1] - a[1]) - (b[1] - a[1]) * (c[0] - a[0]);
}

export function edgesOf(polygon: Polygon): [Position, Position][] {
  return polygon.map((corner, i) => [corner, polygon[(i + 1) % polygon.length]!]);
}

export function distanceToEdge(p: Position, [a, b]: [Position, Position]): number {
  const [dx, dy] = [b[0] - a[0], b[1] - a[1]];
  const length2 = dx * dx + dy * dy;
  const along = length2 === 0 ? 0 : ((p[0] - a[0]) * dx + (p[1] - a[1]) * dy) / length2;
  const t = Math.min(1, Math.max(0, along));
  return Math.hypot(p[0] - a[0] - t * dx, p[1] - a[1] - t * dy);
}

/** Whether the two pieces go right through one another; to touch is not to cross. */
function cross([a, b]: [Position, Position], [c, d]: [Position, Position]): boolean {
  const touches =
    distanceToEdge(a, [c, d]) < samePlaceM ||
    distanceToEdge(b, [c, d]) < samePlaceM ||
    distanceToEdge(c, [a, b]) < samePlaceM ||
    distanceToEdge(d, [a, b]) < samePlaceM;
  return !touches && turn(a, b, c) > 0 !== turn(a, b, d) > 0 && turn(c, d, a) > 0 !== turn(c, d, b) > 0;
}

/** The upright rectangle around some corners. */
export interface Box {
  from: Position;
  to: Position;
}

export function boxOf(corners: readonly Position[]): Box {
  let [left, low, right, high] = [Infinity, Infinity, -Infinity, -Infinity];
  for (const [x, y] of corners) {
    left = Math.min(left, x);
    low = Math.min(low, y);
    right = Math.max(right, x);
    high = Math.max(high, y);
  }
  return { from: [left, low], to: [right, high] };
}

/** Whether what lies in the two cannot meet: a question that is quickly answered for most of many. */
export function areApart(one: Box, other: Box): boolean {
  const beside = (i: 0 | 1) =>
    one.from[i] > other.to[i] + samePlaceM || other.from[i] > one.to[i] + samePlaceM;
  return beside(0) || beside(1);
}

/** Inside, not on the edge. */
function isInside(p: Position, polygon: Polygon): boolean {
  if (isOnEdge(p, polygon)) return false;
  let inside = false;
  for (const [a, b] of edgesOf(polygon)) {
    if (a[1] > p[1] !== b[1] > p[1] && p[0] < ((b[0] - a[0]) * (p[1] - a[1])) / (b[1] - a[1]) + a[0])
      inside = !inside;
  }
  return inside;
}

function isOnEdge(p: Position, polygon: Polygon): boolean {
  return edgesOf(polygon).some((edge) => distanceToEdge(p, edge) < samePlaceM);
}

/** Inside or on the edge. */
export function isWithin(p: Position, polygon: Polygon): boolean {
  return isOnEdge(p, polygon) || isInside(p, polygon);
}

/** Null: a simple polygon. Otherwise what is wrong with it. */
export function faultOf(polygon: Polygon): Bilingual | null {
  const edges = edgesOf(polygon);
  for (const [i, [a, b]] of edges.entries()) {
    if (Math.hypot(b[0] - a[0], b[1] - a[1]) < samePlaceM)
      return { zh: `第 ${i + 1} 个角点重复`, en: `its corner ${i + 1} is given twice` };
  }
  const boxes = edges.map(boxOf);
  if (isStraight(polygon)) return { zh: '所有角点在一条直线上', en: 'its corners lie on one line' };
  for (let i = 0; i < edges.length; i += 1) {
    for (let j = i + 1; j < edges.length; j += 1) {
      if (areApart(boxes[i]!, boxes[j]!)) continue;
      const neighbours = j === i + 1 || (i === 0 && j === edges.length - 1);
      const [one, other] = [edges[i]!, edges[j]!];
      // Neighbours may only meet in their corner: one that runs back along the other folds the polygon.
      const meet = neighbours ? foldsBack(one, other, j === i + 1) : meetAnywhere(one, other);
      if (meet) {
        return {
          zh: `自身相交：第 ${i + 1} 边与第 ${j + 1} 边`,
          en: `it crosses itself: side ${i + 1} meets side ${j + 1}`,
        };
      }
    }
  }
  return null;
}

function isStraight(polygon: Polygon): boolean {
  const [first] = polygon as [Position];
  const far = (p: Position) => Math.hypot(p[0] - first[0], p[1] - first[1]);
  const farthest = polygon.reduce((a, b) => (far(b) > far(a) ? b : a));
  return polygon.every((p) => Math.abs(turn(first, farthest, p)) < samePlaceM * far(farthest));
}

function meetAnywhere(one: [Position, Position], other: [Position, Position]): boolean {
  return (
    cross(one, other) ||
    one.some((p) => distanceToEdge(p, other) < samePlaceM) ||
    other.some((p) => distanceToEdge(p, one) < samePlaceM)
  );
}

function foldsBack(one: [Position, Position], other: [Position, Position], follows: boolean): boolean {
  const [farOfOne, farOfOther] = follows ? [one[0], other[1]] : [one[1], other[0]];
  return distanceToEdge(farOfOne, other) < samePlaceM || distanceToEdge(farOfOther, one) < samePlaceM;
}

/** Within so thin a strip along their edges two drawings may differ, square metres. */
function stripOf(polygon: Polygon): number {
  return samePlaceM * edgesOf(polygon).reduce((sum, [a, b]) => sum + Math.hypot(b[0] - a[0], b[1] - a[1]), 0);
}

/** Whether two simple polygons share more than an edge. */
export function overlap(one: Polygon, other: Polygon): boolean {
  return areaOfRegion(common(regionOf(one), regionOf(other))) > Math.min(stripOf(one), stripOf(other));
}

/** Whether `inner` lies wholly within `outer`; shared edges are allowed. */
export function contains(outer: Polygon, inner: Polygon): boolean {
  return areaOfRegion(without(regionOf(inner), regionOf(outer))) <= stripOf(inner);
}
