import { edgesOf } from '../inventory/polygon.ts';
import type { Plan, Polygon, Position, Sight, Wall } from '../inventory/plan.ts';
import { type Lens, lensOf } from './lens.ts';
import { common, nothing, type Region, regionOf, without } from './region.ts';

/** A plan that is ready to be looked over: what blocks the view, and where it ends. */
export interface Floor {
  /** The outline first, with the floor on the left of each piece. */
  walls: readonly Wall[];
  outlineWalls: number;
  outline: Region;
  /** Where walls go through one another: what a ray hits may change there without a wall's end. */
  crossings: readonly Position[];
}

/** Arcs are drawn by chords of so many radians: 20 m away less than 1 mm of the arc is lost. */
const arcStep = Math.PI / 180;
/** A camera that is drawn on a wall stands this far before it, metres: less than the grid on which areas are taken. */
const offTheWallM = 0.0004;
/** Drawings are made by the centimetre; what is closer than a millimetre is the same place. */
const samePlaceM = 0.001;

export function floorOf(plan: Plan): Floor {
  const outline = turnsLeft(plan.outline) ? plan.outline : plan.outline.toReversed();
  const walls = [...edgesOf(outline), ...plan.walls];
  const crossings = plan.walls.flatMap((one, i) =>
    walls.slice(0, plan.outline.length + i).flatMap((other): Position[] => {
      const crossing = crossingOf(one, other);
      return crossing === null ? [] : [crossing];
    }),
  );
  return { walls, outlineWalls: outline.length, outline: regionOf(outline), crossings };
}

function turnsLeft(polygon: Polygon): boolean {
  return edgesOf(polygon).reduce((sum, [a, b]) => sum + a[0] * b[1] - b[0] * a[1], 0) > 0;
}

/**
 * Where the lens is. A camera is drawn on the wall that carries it: it sees to the floor's side of the outline, and of
 * any other wall to the side to which it looks.
 */
function eyeOf({ at, heading_deg }: Sight, { walls, outlineWalls }: Floor): Position {
  const heading = (heading_deg * Math.PI) / 180;
  let eye: Position = at;
  for (const [i, wall] of walls.entries()) {
    if (distanceTo(at, wall) >= samePlaceM) continue;
    const [a, b] = wall;
    const length = Math.hypot(b[0] - a[0], b[1] - a[1]);
    const left: Position = [(a[1] - b[1]) / length, (b[0] - a[0]) / length];
    const looksLeft = left[0] * Math.cos(heading) + left[1] * Math.sin(heading) > 0;
    const side = i < outlineWalls || looksLeft ? 1 : -1;
    const off = (eye[0] - a[0]) * left[0] + (eye[1] - a[1]) * left[1];
    const push = side * offTheWallM - off;
    eye = [eye[0] + push * left[0], eye[1] + push * left[1]];
  }
  return eye;
}

/** What a camera sees of its floor. */
export function viewOf(sight: Sight, floor: Floor): Region {
  const lens = lensOf(sight);
  if (lens.near >= lens.far) return nothing;
  const eye = eyeOf(sight, floor);
  const open = common(regionOf(swept(eye, lens, floor)), floor.outline);
  return lens.near === 0 ? open : without(open, regionOf(tooNear(eye, lens)));
}

/** Below the lower edge of the picture. */
function tooNear(eye: Position, { heading, half, near, allRound }: Lens): Polygon {
  const at = (angle: number, far: number): Position => [
    eye[0] + far * Math.cos(angle),
    eye[1] + far * Math.sin(angle),
  ];
  if (allRound) {
    // The chords lie outside of the circle: nothing too near is taken for seen.
    const steps = Math.ceil((2 * Math.PI) / arcStep);
    return Array.from({ length: steps }, (_, i) =>
      at((i * 2 * Math.PI) / steps, near / Math.cos(Math.PI / steps)),
    );
  }
  // A little wider than the view, so that its sides leave no sliver.
  const side = Math.min(half + 0.01, Math.PI / 2 - 1e-4);
  const back = at(heading + Math.PI, samePlaceM);
  return [back, at(heading - side, near / Math.cos(side)), at(heading + side, near / Math.cos(side))];
}

/**
 * The rays in the order of their angle. Between two neighbouring angles at which something begins or ends a ray meets
 * one wall, or none: the wall is found in the middle, and its distance is exact at both.
 */
function swept(eye: Position, lens: Lens, floor: Floor): Polygon {
  const walls = floor.walls.filter((wall) => distanceTo(eye, wall) < lens.far);
  const angles = anglesOfChange(eye, lens, walls, floor.crossings);
  const corners: Position[] = lens.half >= Math.PI ? [] : [eye];
  for (let i = 0; i + 1 < angles.length; i += 1) {
    const [from, to] = [angles[i]!, angles[i + 1]!];
    const nearest = nearestAt(eye, (from + to) / 2, lens.far, walls);
    for (const angle of [from, to]) {
      const far = nearest === null ? lens.far : Math.min(lens.far, rayTo(eye, angle, nearest) ?? lens.far);
      corners.push([eye[0] + far * Math.cos(angle), eye[1] + far * Math.sin(angle)]);
    }
  }
  return corners;
}

/** Sorted, from the right side of the picture to its left. */
function anglesOfChange(
  eye: Position,
  { heading, half, far }: Lens,
  walls: readonly Wall[],
  crossings: readonly Position[],
): number[] {
  const from = heading - half;
  const width = 2 * half;
  const steps = Math.ceil(width / arcStep);
  const angles = Array.from({ length: steps + 1 }, (_, i) => from + (i * width) / steps);
  const add = ([x, y]: Position) => {
    const angle = Math.atan2(y - eye[1], x - eye[0]);
    const turned = angle - from - Math.floor((angle - from) / (2 * Math.PI)) * 2 * Math.PI;
    if (turned < width) angles.push(from + turned);
  };
  for (const wall of walls) {
    add(wall[0]);
    add(wall[1]);
    for (const point of circleMeets(eye, far, wall)) add(point);
  }
  for (const point of crossings) add(point);
  return angles.sort((a, b) => a - b).filter((angle, i, all) => i === 0 || angle - all[i - 1]! > 1e-12);
}

function nearestAt(eye: Position, angle: number, far: number, walls: readonly Wall[]): Wall | null {
  let nearest: Wall | null = null;
  let least = far;
  const [dx, dy] = [Math.cos(angle), Math.sin(angle)];
  for (const wall of walls) {
    const [a, b] = wall;
    const [ax, ay] = [a[0] - eye[0], a[1] - eye[1]];
    const [bx, by] = [b[0] - a[0], b[1] - a[1]];
    const across = dx * by - dy * bx;
    if (across === 0) continue;
    const t = (ax * by - ay * bx) / across;
    const u = (ax * dy - ay * dx) / across;
    if (t > 0 && t < least && u >= 0 && u <= 1) [nearest, least] = [wall, t];
  }
  return nearest;
}

/** Distance along the ray to the wall's whole line; null: it runs beside it. */
function rayTo(eye: Position, angle: number, [a, b]: Wall): number | null {
  const [dx, dy] = [Math.cos(angle), Math.sin(angle)];
  const across = dx * (b[1] - a[1]) - dy * (b[0] - a[0]);
  if (Math.abs(across) < 1e-12) return null;
  const t = ((a[0] - eye[0]) * (b[1] - a[1]) - (a[1] - eye[1]) * (b[0] - a[0])) / across;
  return t < 0 ? null : t;
}

function distanceTo(p: Position, [a, b]: Wall): number {
  const [dx, dy] = [b[0] - a[0], b[1] - a[1]];
  const length2 = dx * dx + dy * dy;
  const along = length2 === 0 ? 0 : ((p[0] - a[0]) * dx + (p[1] - a[1]) * dy) / length2;
  const t = Math.min(1, Math.max(0, along));
  return Math.hypot(p[0] - a[0] - t * dx, p[1] - a[1] - t * dy);
}

/** Where a wall leaves or enters the circle of the range. */
function circleMeets(centre: Position, radius: number, [a, b]: Wall): Position[] {
  const [dx, dy] = [b[0] - a[0], b[1] - a[1]];
  const [fx, fy] = [a[0] - centre[0], a[1] - centre[1]];
  const [qa, qb, qc] = [dx * dx + dy * dy, 2 * (fx * dx + fy * dy), fx * fx + fy * fy - radius * radius];
  const root = qb * qb - 4 * qa * qc;
  if (qa === 0 || root <= 0) return [];
  return [-Math.sqrt(root), Math.sqrt(root)]
    .map((sign) => (-qb + sign) / (2 * qa))
    .filter((t) => t >= 0 && t <= 1)
    .map((t): Position => [a[0] + t * dx, a[1] + t * dy]);
}

function crossingOf([a, b]: Wall, [c, d]: Wall): Position | null {
  const [bx, by, dx, dy] = [b[0] - a[0], b[1] - a[1], d[0] - c[0], d[1] - c[1]];
  const across = bx * dy - by * dx;
  if (across === 0) return null;
  const t = ((c[0] - a[0]) * dy - (c[1] - a[1]) * dx) / across;
  const u = ((c[0] - a[0]) * by - (c[1] - a[1]) * bx) / across;
  return t > 0 && t < 1 && u > 0 && u < 1 ? [a[0] + t * bx, a[1] + t * by] : null;
}
