import { z } from 'zod';
import { campusType } from './inventory/campus.ts';
import { campusEntry, cityEntry } from './inventory/entry.ts';
import { polygon, sight } from './inventory/plan.ts';
import { deviceRef, id } from './inventory/reference.ts';
import { bilingual } from './messages/bilingual.ts';
import { deviceKind } from './messages/state.ts';

const instant = z.int().describe('UTC ms');
const count = z.int().min(0);
const version = z.int().min(1);
export const inventorySource = z.enum(['file', 'api', 'import', 'restore']);

/** The city with its counties, and of each campus what a list shows; only campuses that one sees. */
export const apiInventory = z.object({
  /** Null: there is no inventory yet. */
  city: cityEntry.nullable(),
  campuses: z.array(
    z.object({
      id,
      name: bilingual.nullable(),
      county: id.nullable(),
      type: campusType,
      pupils: z.object({ day: count, boarders: count }),
      gateways: count,
      /** By kind. */
      devices: z.partialRecord(deviceKind, count),
      zones: count,
      version,
    }),
  ),
});
export type ApiInventory = z.infer<typeof apiInventory>;

/** A whole campus, as it is read and written. Its version is the ETag of the answer. */
export const apiCampusEntry = campusEntry;
export const apiCityEntry = cityEntry;

/** What a map of the campus draws; without people, contacts and rosters. */
export const apiCampusMap = campusEntry.pick({ id: true, name: true, grounds: true }).extend({
  version,
  buildings: campusEntry.shape.buildings,
  gates: z.array(z.object({ id, name: bilingual.nullable(), watched_by: z.array(deviceRef) })),
  zones: z.array(
    z.object({
      id,
      name: bilingual.nullable(),
      kind: z.string(),
      key: z.boolean(),
      building: id.nullable(),
      storey: id.nullable(),
      polygon: polygon.nullable(),
      buttons: z.array(deviceRef),
      seen_by: z.array(deviceRef),
    }),
  ),
  devices: z.array(
    z.object({
      device: deviceRef,
      name: bilingual.nullable(),
      kind: deviceKind,
      building: id.nullable(),
      storey: id.nullable(),
      required: z.boolean(),
      sight: sight.nullable(),
    }),
  ),
});
export type ApiCampusMap = z.infer<typeof apiCampusMap>;

/** One thing that is other between two versions. Things of a list go by their ids: `/zones/gatehouse/key`. */
export const apiDifference = z.object({
  pointer: z.string(),
  what: z.enum(['added', 'removed', 'changed']),
  before: z.unknown().optional(),
  after: z.unknown().optional(),
});
export type ApiDifference = z.infer<typeof apiDifference>;

/** What is wrong with a file that was sent, and where. */
export const apiMistake = z.object({
  /** Null: of the file as a whole, or of what is kept already. */
  sheet: z.string().nullable(),
  /** From 1, with the head. */
  row: count.nullable(),
  /** As the head of the file calls it. */
  column: z.string().nullable(),
  text: bilingual,
});

/** What an import would change, or why it cannot be. Apply it by its digest, within the hour. */
export const apiImportPreview = z.object({
  /** Null: it has mistakes. */
  digest: z.string().nullable(),
  expires_at: instant,
  rows: count,
  city: z.array(apiDifference),
  campuses: z.array(
    z.object({
      campus: id,
      is_new: z.boolean(),
      added: count,
      changed: count,
      removed: count,
      differences: z.array(apiDifference),
      /** How many more there are. */
      differences_left: count,
    }),
  ),
  mistakes: z.array(apiMistake),
  mistakes_left: count,
});
export type ApiImportPreview = z.infer<typeof apiImportPreview>;

/** One version: who made it, when, and by which way. */
/** That somebody has changed a campus, or the city and its counties (campus null): read it again. */
export const apiInventoryNow = z.object({ campus: id.nullable(), version: z.int(), removed: z.boolean() });

export const apiInventoryVersion = z.object({
  version,
  at: instant,
  by: z.string(),
  source: inventorySource,
  note: z.string().nullable(),
  /** The campus was removed with it. */
  removed: z.boolean(),
});
export type ApiInventoryVersion = z.infer<typeof apiInventoryVersion>;
