import { z } from 'zod';

/**
 * What a zone is, after the key places and areas (重点部位和区域) of GB/T 29315-2022. What each kind requires is said by
 * the rule set, not here.
 */
export const zoneKind = z.enum([
  'gate',
  'gatehouse',
  'perimeter',
  'approach',
  'classroom',
  'corridor',
  'stairs',
  'dormitory',
  'canteen',
  'kitchen',
  'playground',
  'library',
  'laboratory',
  'hazardous-store',
  'archive',
  'office',
  'computer-room',
  'control-room',
  'plant-room',
  'medical-room',
  'parking',
  'hall',
  'other',
]);
export type ZoneKind = z.infer<typeof zoneKind>;

/** What a zone needs. */
export const needs = z.strictObject({
  /** Somebody's camera sees all of it. */
  video: z.boolean().optional(),
  /** So many days the recordings of it reach back. */
  video_days: z.int().positive().max(3650).optional(),
  /** A one-key alarm is within reach in it. */
  button: z.boolean().optional(),
});
export type Needs = z.infer<typeof needs>;

/** Both together: a campus may ask more of a zone than the rules do, never less. */
export function stricter(one: Needs, other: Needs): Needs {
  const days = Math.max(one.video_days ?? 0, other.video_days ?? 0);
  return {
    video: (one.video ?? false) || (other.video ?? false),
    ...(days > 0 ? { video_days: days } : {}),
    button: (one.button ?? false) || (other.button ?? false),
  };
}
