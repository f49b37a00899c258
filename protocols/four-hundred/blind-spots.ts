import type { Sight } from '../inventory/plan.ts';
import type { ZoneCoverage } from '../sight/coverage.ts';
import type { DrawnFloor } from './campus-plan.ts';
import type { Case } from './judge/judgement.ts';
import { judgeAlive } from './judge/one-key-video.ts';

/** What of one floor nobody sees now, and what could happen to it. */
export interface BlindSpots {
  building: string | undefined;
  storey: string | undefined;
  zones: { zone: string; coverage: ZoneCoverage }[];
  /** The one camera, of those that work now, whose failure would open the largest hole; null: none would open any. */
  largest_hole: { device: string; opens_m2: number } | null;
}

/** The drawn floors of a campus as they are seen at the moment of the case. */
export function blindSpotsOf(of: Case): BlindSpots[] {
  return of.plan.floors.map((floor) => {
    const { building, storey, zones, coverage, devices } = floor;
    const sees = seeingOn(of, floor);
    const hole = coverage.largestHole(sees);
    return {
      building,
      storey,
      zones: zones.map(({ id }, i) => ({ zone: id, coverage: coverage.zone(i, sees) })),
      largest_hole: hole && { device: of.plan.devices[devices[hole.camera]!]!.ref, opens_m2: hole.opens_m2 },
    };
  });
}

/**
 * From which of some places on a drawn floor one more camera would close most of what is unseen now (m²); null: from none,
 * or the floor is not drawn.
 */
export function bestPlaceFor(
  of: Case,
  { building, storey }: Pick<BlindSpots, 'building' | 'storey'>,
  candidates: readonly Sight[],
): { candidate: number; closes_m2: number } | null {
  const floor = of.plan.floors.find((one) => one.building === building && one.storey === storey);
  return floor?.coverage.bestPlace(floor.floor, candidates, seeingOn(of, floor)) ?? null;
}

function seeingOn(of: Case, { devices }: DrawnFloor): (camera: number) => boolean {
  const answers = devices.map((device) => judgeAlive(of, device).answer);
  return (camera) => answers[camera] === 'yes';
}
