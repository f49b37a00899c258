import { z } from 'zod';
import { schoolCalendar } from '../calendar/school-calendar.ts';
import { bilingual } from '../messages/bilingual.ts';
import { deviceKind } from '../messages/state.ts';
import { plan, polygon, sight } from './plan.ts';
import { deviceRef, id } from './reference.ts';
import { needs, zoneKind } from './zones.ts';

const name = bilingual.optional();

export const campusType = z.enum([
  'kindergarten',
  'primary',
  'middle',
  'high',
  'nine-year',
  'complete',
  'special',
  'vocational',
]);
export type CampusType = z.infer<typeof campusType>;

/** The five who stand at the gate when pupils come and go (护学岗). */
export const crossingRole = z.enum(['leader', 'teacher', 'guard', 'parent', 'police']);
export type CrossingRole = z.infer<typeof crossingRole>;

/** A gate, and whatever of it can tell open from closed: a contact, a barrier, a turnstile. */
const gate = z.strictObject({
  id,
  name,
  watched_by: z.array(deviceRef).max(20).default([]),
  /** Windows in which it may stand open; left out: all of the calendar's. */
  open_in: z.array(id).optional(),
});
const fenceSegment = z.strictObject({
  id,
  name,
  watched_by: z.array(deviceRef).max(20).default([]),
});

/** Where a guard stands. On duty `always` (a gatehouse), or in the calendar's windows and so long around them. */
const post = z.strictObject({
  id,
  name,
  kind: z.enum(['gatehouse', 'gate', 'building', 'grounds']),
  duty: z.union([
    z.literal('always'),
    z.strictObject({ windows: z.array(id).min(1), around_min: z.int().min(0).max(240).default(0) }),
  ]),
  /** The reader or terminal at which its guard checks in and answers. */
  terminal: deviceRef.optional(),
});

/** A place that is looked at on every round, with the reader that proves it. */
const patrolPoint = z.strictObject({ id, name, reader: deviceRef.optional() });

const zone = z.strictObject({
  id,
  name,
  kind: zoneKind,
  /** Left out: on the campus's grounds. */
  building: id.optional(),
  storey: id.optional(),
  polygon: polygon.optional(),
  /** Recordings of a key place are kept longer. */
  key: z.boolean().default(false),
  /** Beyond what the rules require of its kind. */
  needs: needs.optional(),
  buttons: z.array(deviceRef).max(50).default([]),
  /** Where there is no plan: the cameras that see it together, each of which is needed. */
  seen_by: z.array(deviceRef).max(50).optional(),
  /** It may lie over other zones (a corridor through them); without this an overlap is a mistake. */
  may_overlap: z.boolean().default(false),
});

const rosterIds = z.array(id).max(50);
/** Who stands at a gate in a window: ids of people, never names. */
const roster = z.strictObject({
  gate: id,
  window: id,
  leader: rosterIds.default([]),
  teacher: rosterIds.default([]),
  guard: rosterIds.default([]),
  parent: rosterIds.default([]),
  police: rosterIds.default([]),
});

/** What a campus's entry has beside its place, contacts and gateways. */
export const campusFields = {
  county: id.optional(),
  type: campusType,
  boarding: z.boolean().default(false),
  pupils: z.strictObject({ day: z.int().min(0), boarders: z.int().min(0).default(0) }),
  calendar: schoolCalendar,
  /** The campus as seen from above; zones without a building lie on it. */
  grounds: plan.optional(),
  gates: z.array(gate).max(100).default([]),
  fence: z.array(fenceSegment).max(500).default([]),
  posts: z.array(post).max(100).default([]),
  /** Guards on the roll: ids, never names. */
  guards: z.array(z.strictObject({ id })).max(1_000).default([]),
  patrol: z.array(patrolPoint).max(500).default([]),
  zones: z.array(zone).max(2_000).default([]),
  rosters: z.array(roster).max(1_000).default([]),
};
/** What a storey's entry has beside its name. */
export const storeyFields = { plan: plan.optional() };
/** What a device's entry has beside its name and room. */
export const deviceFields = {
  sight: sight.optional(),
  /** False: an extra. It may see for its zones, and its own failure counts nowhere. */
  required: z.boolean().default(true),
};

const storey = z.object({ id, ...storeyFields });
const building = z.object({ id, storeys: z.array(storey).default([]) });
const device = z.object({
  id,
  kind: deviceKind,
  building: id.optional(),
  storey: id.optional(),
  ...deviceFields,
});

/**
 * What a campus *is*, as the rules see it. The entry of the campus in the cloud's file with these fields parses as one;
 * the fields that only people read are left aside.
 */
export const campusInventory = z.object({
  id,
  buildings: z.array(building).default([]),
  gateways: z.array(z.object({ id, devices: z.array(device).default([]) })).default([]),
  ...campusFields,
});
export type CampusInventory = z.output<typeof campusInventory>;
export type CampusEntry = z.input<typeof campusInventory>;
export type InventoryDevice = CampusInventory['gateways'][number]['devices'][number];
export type Zone = CampusInventory['zones'][number];
export type Gate = CampusInventory['gates'][number];
export type FenceSegment = CampusInventory['fence'][number];
export type Post = CampusInventory['posts'][number];
export type Roster = CampusInventory['rosters'][number];

/** A city, its counties, and the campuses of each. */
export const cityInventory = z.strictObject({
  id,
  name,
  counties: z.array(z.strictObject({ id, name })).min(1),
  campuses: z.array(campusInventory),
});
export type CityInventory = z.output<typeof cityInventory>;

/** Every device of a campus by `gateway/device`. */
export function devicesOf({ gateways }: Pick<CampusInventory, 'gateways'>): Map<string, InventoryDevice> {
  return new Map(
    gateways.flatMap((gateway) =>
      gateway.devices.map((device): [string, InventoryDevice] => [`${gateway.id}/${device.id}`, device]),
    ),
  );
}

/** The plan that a zone or a camera stands on; undefined: it was not drawn. */
export function planOf(
  campus: Pick<CampusInventory, 'buildings' | 'grounds'>,
  { building, storey }: { building?: string | undefined; storey?: string | undefined },
) {
  if (building === undefined) return campus.grounds;
  const storeys = campus.buildings.find(({ id }) => id === building)?.storeys ?? [];
  return storeys.find(({ id }) => id === storey)?.plan;
}
