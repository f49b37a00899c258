import { z } from 'zod';
import { campusType, crossingRole, type CampusInventory } from '../inventory/campus.ts';
import { needs, type Needs, stricter, type ZoneKind, zoneKind } from '../inventory/zones.ts';
import { bilingual } from '../messages/bilingual.ts';
import { id } from '../signal.ts';

/** From so many pupils on so many guards, and one more for each further `one_more_each`. */
const guardStep = z.strictObject({
  from: z.int().min(0),
  guards: z.int().min(0),
  one_more_each: z.int().positive().optional(),
});

const hours = z.number().positive().max(8_784);
const days = z.int().min(1).max(400);

/**
 * What the twelve cells are held against. All thresholds are data: a city tightens them with a set of its own, and a
 * verdict names the set that made it.
 */
export const ruleSet = z.strictObject({
  id,
  version: z.string().min(1).max(40),
  name: bilingual,
  guards: z.strictObject({
    day_pupils: z.array(guardStep).min(1),
    boarders: z.array(guardStep).default([]),
    /** Kinds of post that each campus has. */
    posts: z.array(z.enum(['gatehouse', 'gate', 'building', 'grounds'])),
    /** A guard who checked in is on the post until checking out, and no longer than this. */
    shift_h: hours,
    /** Rounds of all patrol points on each day, and how far apart two checks of a point are at least to be two. */
    rounds_per_day: z.int().min(0),
    round_gap_min: z.number().min(0),
    rounds_on: z.enum(['every-day', 'school-days']),
    /** How many ended days are looked back on. */
    rounds_days: days.max(31),
    /** Duty polls (查岗) of each post in the days looked back on, all answered. */
    polls_days: days.max(31),
    polls_at_least: z.int().min(0),
  }),
  closed_campus: z.strictObject({
    gates_at_least: z.int().min(0),
    fence_at_least: z.int().min(0),
    /** Open for so long outside of the calendar's windows is somebody who walks through. */
    open_grace_s: z.number().min(0),
    quiet_days: days.max(31),
    /** Within the days looked back on so much may go unwatched. */
    unwatched_at_most_min: z.number().min(0),
  }),
  one_key_video: z.strictObject({
    /** What a zone of each kind needs; a kind that is not named needs nothing. */
    zones: z.partialRecord(zoneKind, needs),
    /** Kinds of zone that each campus has. */
    required_zones: z.array(zoneKind),
    /** Days that every required recording reaches back, and that those of key places do. */
    video_days: days,
    key_video_days: days,
    /** What a drawing to the centimetre and views to the millimetre leave over at their edges. */
    blind_at_most_m2: z.number().min(0),
    clock_within_s: z.number().positive(),
    clock_known_h: hours,
    picture_known_h: hours,
    recording_known_h: hours,
    /** Each button is proved through to 110 once in so many days, on each of these routes, within the bound. */
    button_proof: z.strictObject({
      every_days: days,
      within_ms: z.number().positive(),
      routes: z.array(z.enum(['cloud', 'direct'])).min(1),
      /** `door`: enough where the centre takes no tests. */
      up_to: z.enum(['centre', 'door']),
    }),
  }),
  crossing_post: z.strictObject({
    roles: z.array(crossingRole).min(1),
    early_min: z.number().min(0),
    /** Who checks in later than this after the window began is late. */
    late_min: z.number().min(0),
    windows: z.int().min(1).max(60),
  }),
  /** How often each campus holds an emergency drill, by its type. */
  drills: z.strictObject({
    usual: z.enum(['month', 'quarter']),
    of_type: z.partialRecord(campusType, z.enum(['month', 'quarter'])),
  }),
  /** After Belfry was away, what it had not heard of yet has so long to speak. */
  return_s: z.number().min(0),
});
export type RuleSet = z.output<typeof ruleSet>;

/** How many guards a campus needs on its roll. */
export function guardsNeeded(
  { guards }: Pick<RuleSet, 'guards'>,
  { pupils }: Pick<CampusInventory, 'pupils'>,
): number {
  const by = (steps: RuleSet['guards']['day_pupils'], count: number) => {
    const step = steps.filter(({ from }) => from <= count).sort((a, b) => b.from - a.from)[0];
    if (step === undefined) return 0;
    const more = step.one_more_each === undefined ? 0 : Math.floor((count - step.from) / step.one_more_each);
    return step.guards + more;
  };
  const ofBoarders = pupils.boarders === 0 ? 0 : by(guards.boarders, pupils.boarders);
  return by(guards.day_pupils, pupils.day) + ofBoarders;
}

/** What a zone needs, by the rules and by its campus; the stricter of both. */
export function needsOf(
  { one_key_video: rules }: Pick<RuleSet, 'one_key_video'>,
  zone: { kind: ZoneKind; key: boolean; needs?: Needs | undefined },
): Needs {
  const both = stricter(rules.zones[zone.kind] ?? {}, zone.needs ?? {});
  const least = zone.key ? rules.key_video_days : rules.video_days;
  return both.video ? { ...both, video_days: Math.max(least, both.video_days ?? 0) } : both;
}
