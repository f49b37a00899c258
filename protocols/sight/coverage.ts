import type { Polygon, Sight } from '../inventory/plan.ts';
import { areaOfRegion, common, type Region, regionOf, ringsOf, together, without } from './region.ts';
import { type Floor, viewOf } from './view.ts';

/** What is seen of a zone. Areas are square metres; seen and blind make up the zone. */
export interface ZoneCoverage {
  area_m2: number;
  seen_m2: number;
  blind_m2: number;
  /** What nobody sees: rings in metres, to be drawn by the even-odd rule. */
  blind: Polygon[];
}

interface Watched {
  zone: Region;
  area_m2: number;
  /** What each camera sees of this zone, by the camera's index; those that see nothing of it are left out. */
  views: ReadonlyMap<number, Region>;
  /** The last answers, by the cameras that see: a camera comes and goes without a new union each time. */
  known: Map<string, ZoneCoverage>;
}

/** Sets of cameras whose answer is kept for each zone. */
const keptAnswers = 32;

/** The required zones of one floor and the cameras over it. Pure but for what it remembers of its own answers. */
export class Coverage {
  readonly #zones: readonly Watched[];
  readonly #cameras: number;

  constructor(floor: Floor, zones: readonly Polygon[], cameras: readonly Sight[]) {
    const views = cameras.map((sight) => viewOf(sight, floor));
    this.#cameras = cameras.length;
    this.#zones = zones.map((polygon) => {
      const zone = regionOf(polygon);
      const touching = views
        .map((view, i): [number, Region] => [i, common(zone, view)])
        .filter(([, part]) => areaOfRegion(part) > 0);
      return { zone, area_m2: areaOfRegion(zone), views: new Map(touching), known: new Map() };
    });
  }

  /** The cameras that see some of a zone, by index. */
  camerasOf(zone: number): number[] {
    return [...this.#zones[zone]!.views.keys()];
  }

  /** What is seen of a zone while the cameras for which `sees` holds do. */
  zone(zone: number, sees: (camera: number) => boolean = () => true): ZoneCoverage {
    const { zone: whole, area_m2, views, known } = this.#zones[zone]!;
    const seeing = [...views.keys()].filter(sees);
    const key = seeing.join();
    let answer = known.get(key);
    if (answer === undefined) {
      const left = without(whole, together(seeing.map((camera) => views.get(camera)!)));
      const blind_m2 = areaOfRegion(left);
      answer = { area_m2, seen_m2: area_m2 - blind_m2, blind_m2, blind: ringsOf(left) };
      if (known.size >= keptAnswers) known.clear();
      known.set(key, answer);
    }
    return answer;
  }

  /** Square metres of the required zones that nobody sees. */
  blind(sees: (camera: number) => boolean = () => true): number {
    return this.#zones.reduce((sum, _, zone) => sum + this.zone(zone, sees).blind_m2, 0);
  }

  /**
   * The one camera whose failure opens the largest hole, and how large (m², beyond what is open already). Of equal
   * holes the first camera's; null: no camera's failure opens any.
   */
  largestHole(sees: (camera: number) => boolean = () => true): { camera: number; opens_m2: number } | null {
    const open = this.blind(sees);
    let largest: { camera: number; opens_m2: number } | null = null;
    for (let camera = 0; camera < this.#cameras; camera += 1) {
      if (!sees(camera)) continue;
      const opens_m2 = this.blind((other) => other !== camera && sees(other)) - open;
      if (opens_m2 > (largest?.opens_m2 ?? 0)) largest = { camera, opens_m2 };
    }
    return largest;
  }

  /**
   * Which of some places for one more camera closes most of what is open, and how much (m²). Of equal ones the first;
   * null: none closes anything.
   */
  bestPlace(
    floor: Floor,
    candidates: readonly Sight[],
    sees: (camera: number) => boolean = () => true,
  ): { candidate: number; closes_m2: number } | null {
    const open = this.#zones.map(({ zone, views }) =>
      without(zone, together([...views].filter(([camera]) => sees(camera)).map(([, view]) => view))),
    );
    let best: { candidate: number; closes_m2: number } | null = null;
    for (const [candidate, sight] of candidates.entries()) {
      const view = viewOf(sight, floor);
      const closes_m2 = open.reduce((sum, hole) => sum + areaOfRegion(common(hole, view)), 0);
      if (closes_m2 > (best?.closes_m2 ?? 0)) best = { candidate, closes_m2 };
    }
    return best;
  }
}
