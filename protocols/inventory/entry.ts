import { z } from 'zod';
import { bilingual } from '../messages/bilingual.ts';
import { deviceKind } from '../messages/state.ts';
import { campusFields, deviceFields, storeyFields } from './campus.ts';
import { id } from './reference.ts';

/** What people read: in both languages, or once where it is the same in both (a room number). */
const words = z.union([z.string().min(1).max(200), bilingual.strict()], {
  error: 'expected a text, or { zh: …, en: … }',
});
const name = bilingual.strict().optional();

/** Whom to call about a campus. */
const contact = z.strictObject({
  name: words,
  role: words.optional(),
  phone: z.string().regex(/^\+?[0-9][0-9 -]{2,22}$/, 'expected a telephone number: digits, spaces, hyphens'),
});

const entryOf = (object: typeof z.object) => {
  const device = object({
    id,
    kind: deviceKind,
    name,
    building: id.optional(),
    storey: id.optional(),
    room: words.optional(),
    ...deviceFields,
  });
  const storey = object({ id, name, ...storeyFields });
  const building = object({ id, name, storeys: z.array(storey).max(200).default([]) });
  const gateway = object({ id, name, devices: z.array(device).max(5_000).default([]) });
  return object({
    id,
    name,
    address: words.optional(),
    contacts: z.array(contact).max(50).default([]),
    buildings: z.array(building).max(500).default([]),
    gateways: z.array(gateway).max(500).default([]),
    ...campusFields,
  });
};

/**
 * A campus as it is kept and edited: what the rules see of it, and what only people read. Strict, so that a mistyped key
 * is an error and never a silent default.
 */
export const campusEntry = entryOf(z.strictObject as unknown as typeof z.object);
/** The same from a file that also says other things of a campus. */
export const campusFileEntry = entryOf(z.object);
export type CampusEntryFull = z.output<typeof campusEntry>;

/** A city without its campuses. */
export const cityEntry = z.strictObject({
  id,
  name,
  counties: z.array(z.strictObject({ id, name })).min(1).max(1_000),
});
export type CityEntry = z.output<typeof cityEntry>;

/** A whole city with all that is kept of it. */
export interface KeptCity extends CityEntry {
  campuses: CampusEntryFull[];
}

/** The same, as somebody has written it. */
export interface GivenCity extends CityEntry {
  campuses: readonly z.input<typeof campusEntry>[];
}
