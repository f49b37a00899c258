import { z } from 'zod';
import type { ApiBlindSpots, ApiCityVerdict, ApiPart, ApiVerdict } from '#protocols/api-four-hundred.ts';
import type { Item, Level } from '#protocols/four-hundred/answer.ts';
import { blindSpotsOf } from '#protocols/four-hundred/blind-spots.ts';
import type { OpenedPart } from '#protocols/four-hundred/campus-ledger.ts';
import type { CampusPlan } from '#protocols/four-hundred/campus-plan.ts';
import { rollUp } from '#protocols/four-hundred/city.ts';
import type { Case, Judgement } from '#protocols/four-hundred/judge/judgement.ts';
import { judgeAlive } from '#protocols/four-hundred/judge/one-key-video.ts';
import type { Part } from '#protocols/four-hundred/parts.ts';
import type { Repair } from '#protocols/four-hundred/repairs.ts';
import { subjectOf } from '#protocols/four-hundred/subject.ts';
import { type Verdict, verdictOf } from '#protocols/four-hundred/verdict.ts';
import { sentence } from '#protocols/four-hundred/words.ts';
import type { CityInventory } from '#protocols/inventory/campus.ts';
import type { Bilingual } from '#protocols/messages/bilingual.ts';
import { type DensityEdition, reachOf } from '#protocols/sight/pixel-density.ts';
import type { FourHundred } from '../four-hundred/four-hundred.ts';
import type { KeptCells } from '../four-hundred/kept-hours.ts';
import { type Principal, sees } from '../access/principal.ts';
import { type Names, namesOf } from '../names.ts';
import type { ApiParts } from './parts.ts';
import { Problem } from './problems.ts';

export const instant = z.coerce.number().int().min(0);
/** What is asked for: now without both, as of now without `as_of`. */
export const asked = z.object({
  moment: instant.optional().describe('UTC ms; left out: now'),
  as_of: instant.optional().describe('UTC ms: what was known then; left out: now'),
});
type Asked = z.infer<typeof asked>;

/** Of what the sums are that somebody is given: of all there are, or of those that they see. */
export function scopeOf({ campuses }: Principal): 'all' | 'own' {
  return campuses === null ? 'all' : 'own';
}

/** A verdict with what it was made from. */
export interface Opened {
  verdict: Verdict;
  parts: OpenedPart[];
  plan: CampusPlan;
}

/** Reads the four hundred as the API shows them; throws a `Problem` where there is nothing to show. */
export interface FourHundredView {
  names: Names;
  open(campus: string, asked: Asked): Promise<Opened>;
  verdict(verdict: Verdict, county: string | undefined): ApiVerdict;
  partsOf(opened: Opened, item?: Item, level?: Level): ApiPart[];
  /** The city and its counties, of the campuses that somebody sees, and the cells of these. */
  city(asked: Asked, who: Principal): Promise<{ verdict: ApiCityVerdict; campuses: KeptCells[] }>;
  blindSpots(of: Case): ApiBlindSpots[];
  inventory(): CityInventory;
}

export function fourHundredView(
  parts: Pick<ApiParts, 'fourHundred' | 'inventory' | 'campuses' | 'densities'>,
): FourHundredView {
  const { fourHundred, densities } = parts;
  const given = namesOf(parts.campuses);
  const names = { ...given, campus: (id: string) => parts.inventory.nameOf(id) ?? given.campus(id) };

  function inventory(): CityInventory {
    const { inventory } = fourHundred;
    if (inventory === null)
      throw new Problem(404, 'There is no inventory yet, so there is nothing to judge.');
    return inventory;
  }

  function verdict(found: Verdict, county: string | undefined): ApiVerdict {
    return { ...found, county: county ?? null, name: names.campus(found.campus) };
  }

  async function open(campus: string, asked: Asked): Promise<Opened> {
    inventory();
    const { moment, as_of: asOf } = instants(fourHundred, asked);
    if (moment === null) {
      const ledger = fourHundred.campus(campus);
      if (ledger === null) throw new Problem(404, `There is no campus ${campus} in the inventory.`);
      return { verdict: verdictOf(ledger), parts: ledger.open(), plan: ledger.plan };
    }
    const past = await fourHundred.at(campus, moment, asOf);
    if (past === null) throw new Problem(404, `There is no campus ${campus} in the inventory.`);
    return past;
  }

  return {
    names,
    inventory,
    verdict,
    open,
    partsOf: ({ parts, plan }, item, level) =>
      parts.flatMap((part) => {
        const shown = partOf(plan, part);
        return (item ?? shown.item) === shown.item && (level ?? shown.level) === shown.level ? [shown] : [];
      }),

    async city(asked, who) {
      const city = inventory();
      const { moment, as_of: asOf } = instants(fourHundred, asked);
      const { at, campuses } =
        moment === null
          ? { at: fourHundred.now, campuses: fourHundred.city.ledgers().map(ofNow) }
          : await fourHundred.cellsAt(moment, asOf);
      const seen = campuses.filter(({ campus }) => sees(who, campus));
      const sumOf = (county: string | null, name: Bilingual | undefined) => {
        const all = county === null ? seen : seen.filter((one) => one.county === county);
        const cells = rollUp(all.map((one) => one.cells));
        return {
          city: city.id,
          county,
          name: name ?? null,
          scope: scopeOf(who),
          moment: at,
          as_of: asOf,
          cells,
        };
      };
      const shown = city.counties.filter(
        ({ id }) => who.campuses === null || seen.some(({ county }) => county === id),
      );
      const counties = shown.map(({ id, name }) => sumOf(id, name));
      return { verdict: { ...sumOf(null, city.name), counties }, campuses: seen };
    },

    blindSpots: (of) => blindSpotsOf(of).map((spots, i) => floorOf(of, spots, i, densities)),
  };
}

function ofNow({ plan: { campus }, cells }: ReturnType<FourHundred['city']['ledgers']>[number]) {
  return { campus: campus.id, county: campus.county ?? null, cells };
}

/** Null: of now. */
function instants(
  fourHundred: FourHundred,
  { moment, as_of }: Asked,
): { moment: number | null; as_of: number } {
  const { now } = fourHundred;
  if (moment === undefined && as_of === undefined) return { moment: null, as_of: now };
  const asOf = as_of ?? now;
  const at = moment ?? asOf;
  if (asOf > now || at > asOf)
    throw new Problem(
      400,
      'A verdict is of a moment that is not after its as_of, and neither is in the future.',
    );
  return { moment: at, as_of: asOf };
}

export function partId({ kind, entity, nth }: Part): string {
  return `${kind}.${entity}.${nth}`;
}

export function said(plan: CampusPlan, { code, params }: Pick<Judgement, 'code' | 'params'>): Bilingual {
  return sentence(code, params, plan.campus.calendar.time_zone);
}

function partOf(plan: CampusPlan, opened: OpenedPart): ApiPart {
  const { part, answer, code, refs } = opened;
  const index = indexOf(plan, part);
  const { item, level } = plan.parts.cellOf(index);
  return {
    id: partId(part),
    item,
    level,
    kind: part.kind,
    subject: subjectOf(plan, part),
    answer,
    code,
    text: said(plan, opened),
    evidence: [...refs],
  };
}

function indexOf({ parts }: CampusPlan, wanted: Part): number {
  for (let i = 0; i < parts.length; i += 1) if (parts.at(i).kind === wanted.kind) return i;
  throw new Error(`a plan has no part of kind ${wanted.kind} although one was judged`);
}

export function repairOf(plan: CampusPlan, { subject, cause, parts }: Repair) {
  return { subject, code: cause.code, text: said(plan, cause), parts: parts.map(({ part }) => partId(part)) };
}

function floorOf(
  of: Case,
  { building, storey, zones, largest_hole }: ReturnType<typeof blindSpotsOf>[number],
  index: number,
  densities: readonly DensityEdition[],
): ApiBlindSpots {
  const floor = of.plan.floors[index]!;
  return {
    building: building ?? null,
    storey: storey ?? null,
    largest_hole,
    zones: zones.map(({ zone, coverage }, i) => ({
      zone,
      name: floor.zones[i]!.name ?? null,
      polygon: floor.zones[i]!.polygon!,
      area_m2: coverage.area_m2,
      seen_m2: coverage.seen_m2,
      blind_m2: coverage.blind_m2,
      blind: coverage.blind,
    })),
    cameras: floor.devices.map((device) => {
      const { ref, device: camera } = of.plan.devices[device]!;
      const sight = camera.sight!;
      return {
        device: ref,
        answer: judgeAlive(of, device).answer,
        at: sight.at,
        heading_deg: sight.heading_deg,
        angle_deg: sight.angle_deg,
        range_m: sight.range_m,
        densities: densities.flatMap((edition) =>
          edition.classes.flatMap((one) => {
            const to_m = reachOf(sight, one);
            return to_m === null ? [] : [{ edition: edition.id, class: one.id, to_m }];
          }),
        ),
      };
    }),
  };
}
