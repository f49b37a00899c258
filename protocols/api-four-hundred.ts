import { z } from 'zod';
import { answers, items, levels } from './four-hundred/answer.ts';
import { evidence } from './four-hundred/evidence.ts';
import { partKinds } from './four-hundred/parts.ts';
import { deviceRef } from './inventory/reference.ts';
import { bilingual } from './messages/bilingual.ts';
import { id } from './signal.ts';

export const item = z.enum(items);
export const level = z.enum(levels);
export const answer = z.enum(answers);
const instant = z.int().describe('UTC ms');
const count = z.int().min(0);

/** How many of each answer there are; together `of`. */
export const apiCounts = z.object({
  yes: count,
  maintenance: count,
  'not-measured': count,
  unknown: count,
  no: count,
  of: count,
});
const rules = z.object({ id: z.string(), version: z.string(), name: bilingual });

/** One of the twelve cells of a campus. */
export const apiCell = z.object({
  item,
  level,
  answer,
  /** Its own parts; those of the cells to its left are not among them. */
  parts: apiCounts,
  devices: apiCounts,
});
export type ApiCell = z.infer<typeof apiCell>;

/** The same moment and as-of always give the same verdict. */
export const apiVerdict = z.object({
  campus: id,
  name: bilingual.nullable(),
  county: id.nullable(),
  moment: instant,
  as_of: instant,
  rules,
  /** The version of the campus's inventory that it was made with; null: it has none. */
  inventory_version: z.int().nullable(),
  /** 1, and one more for each time at which more was known of the moment after it. */
  revision: z.int().min(1),
  cells: z.array(apiCell),
  /** Of each item the highest level that holds; null: it is not even there. */
  levels: z.record(item, level.nullable()),
});
export type ApiVerdict = z.infer<typeof apiVerdict>;

/** One cell of a county or city. The percentage that is reported is that of campuses. */
export const apiRollupCell = z.object({
  item,
  level,
  campuses: apiCounts,
  campuses_percent: z.number().nullable(),
  devices: apiCounts,
  devices_percent: z.number().nullable(),
});
/** `own`: of the campuses that one sees, for one sees only some. */
const scope = z.enum(['all', 'own']);

/** A county's, or the city's (county null). The county's counts add up to the city's. */
export const apiRollup = z.object({
  city: id,
  county: id.nullable(),
  name: bilingual.nullable(),
  scope,
  moment: instant,
  as_of: instant,
  cells: z.array(apiRollupCell),
});
export type ApiRollup = z.infer<typeof apiRollup>;
export const apiCityVerdict = apiRollup.extend({ counties: z.array(apiRollup) });
export type ApiCityVerdict = z.infer<typeof apiCityVerdict>;

/** What a part is about, by the ids of the inventory. */
export const apiSubject = z.union([
  z.object({ campus: id }),
  z.object({ device: z.string() }),
  z.object({ post: id }),
  z.object({ post_kind: z.string() }),
  z.object({ gate: id, window: z.string().optional() }),
  z.object({ fence: id }),
  z.object({ zone: id }),
  z.object({ zone_kind: z.string() }),
]);
export const apiEvidenceRef = z.object({ kind: z.string(), id: count, at: z.number() });

/** A part of a cell: what it is about, what is judged of it and why, and the evidence for it. */
export const apiPart = z.object({
  /** Names it within its campus. */
  id: z.string(),
  item,
  level,
  kind: z.enum(partKinds.map(({ kind }) => kind)),
  subject: apiSubject,
  answer,
  code: z.string(),
  /** Why, in words for people. */
  text: bilingual,
  evidence: z.array(apiEvidenceRef),
});
export type ApiPart = z.infer<typeof apiPart>;
export const apiParts = z.object({
  campus: id,
  moment: instant,
  as_of: instant,
  revision: z.int(),
  items: z.array(apiPart),
});

export const apiEvidence = z.object({
  campus: id,
  moment: instant,
  as_of: instant,
  items: z.array(evidence),
});

/** One cell over time: how long each answer held within each stretch, ms, summed over the campuses. */
export const apiHistory = z.object({
  item,
  level,
  length: z.enum(['minute', 'hour', 'day']),
  scope,
  campuses: count,
  items: z.array(
    z.object({
      from: instant,
      to: instant,
      spent_ms: z.object({
        yes: z.number(),
        maintenance: z.number(),
        'not-measured': z.number(),
        unknown: z.number(),
        no: z.number(),
      }),
      /** Share of the time that was yes; what was not measured counts as not yes. */
      yes_percent: z.number().nullable(),
    }),
  ),
});

export const apiRanked = z.object({
  campus: id,
  name: bilingual.nullable(),
  county: id.nullable(),
  cell: apiCell,
});

/** One thing to put right. */
export const apiRepair = z.object({
  subject: apiSubject,
  code: z.string(),
  text: bilingual,
  /** Ids of the parts that are not yes without it. */
  parts: z.array(z.string()),
});
export const apiRepairs = z.object({ campus: id, name: bilingual.nullable(), repairs: z.array(apiRepair) });

const ring = z.array(z.tuple([z.number(), z.number()]));
/** What of one floor nobody sees. Rings are metres on its plan, to be drawn by the even-odd rule. */
export const apiBlindSpots = z.object({
  building: z.string().nullable(),
  storey: z.string().nullable(),
  zones: z.array(
    z.object({
      zone: id,
      name: bilingual.nullable(),
      polygon: ring,
      area_m2: z.number(),
      seen_m2: z.number(),
      blind_m2: z.number(),
      blind: z.array(ring),
    }),
  ),
  cameras: z.array(
    z.object({
      device: z.string(),
      answer,
      at: z.tuple([z.number(), z.number()]),
      heading_deg: z.number(),
      angle_deg: z.number(),
      range_m: z.number(),
      /** Distance (m) up to which it reaches each class of pixel density; empty: its resolution is not known. */
      densities: z.array(z.object({ edition: z.string(), class: z.string(), to_m: z.number() })),
    }),
  ),
  /** Of the cameras that work now, the one whose failure would open the largest hole. */
  largest_hole: z.object({ device: z.string(), opens_m2: z.number() }).nullable(),
});
export type ApiBlindSpots = z.infer<typeof apiBlindSpots>;

export const apiDuty = z.object({
  what: z.union([
    z.object({ drill: z.enum(['month', 'quarter']) }),
    z.object({ test: z.string(), route: z.enum(['cloud', 'direct']) }),
  ]),
  state: z.enum(['done', 'due', 'overdue']),
  by: z.number().nullable(),
  evidence: z.array(apiEvidenceRef),
});

export type ApiDuty = z.infer<typeof apiDuty>;

/** What a campus has to do: its drill (null: none is asked for now), and its tests by their state. */
export const apiDutiesOfCampus = z.object({
  campus: id,
  name: bilingual.nullable(),
  county: id.nullable(),
  drill: apiDuty.nullable(),
  tests: z.object({ done: count, due: count, overdue: count }),
});
export type ApiDutiesOfCampus = z.infer<typeof apiDutiesOfCampus>;

/** What a maintenance is about. */
export const maintenanceOf = z.union([
  z.literal('campus'),
  z.strictObject({ device: deviceRef }),
  z.strictObject({ gate: id }),
  z.strictObject({ fence: id }),
  z.strictObject({ post: id }),
  z.strictObject({ zone: id }),
]);

const reportedCell = z.object({ item, level, percent: z.number().nullable(), yes: count, of: count });
/** The monthly picture of a campus, or of the city (campus null), with the verdict that it was made from. */
export const monthlyReport = z.object({
  city: id,
  campus: id.nullable(),
  name: bilingual.nullable(),
  month: z.string(),
  verdict: z.object({ moment: instant, as_of: instant, revision: z.int().nullable(), rules: z.string() }),
  /** `answer` null: of several campuses. */
  cells: z.array(reportedCell.extend({ answer: answer.nullable(), time_yes_percent: z.number().nullable() })),
  counties: z.array(z.object({ county: id, name: bilingual.nullable(), cells: z.array(reportedCell) })),
  /** `subject`: a text alone in reports of before names were told. */
  repairs: z.array(z.object({ subject: z.union([bilingual, z.string()]), text: bilingual, parts: count })),
  repairs_left: count,
});
export type MonthlyReport = z.infer<typeof monthlyReport>;
export const apiReport = z.object({
  id: z.int(),
  campus: id.nullable(),
  month: z.string(),
  as_of: instant,
  made_at: instant,
  /** Where its page is; `?lang=en` for English. */
  page: z.string(),
});
export type ApiReport = z.infer<typeof apiReport>;
