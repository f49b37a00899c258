import { z } from 'zod';
import { campusType } from '../inventory/campus.ts';
import type { Path } from '../inventory/reference.ts';
import { stricter, zoneKind } from '../inventory/zones.ts';
import type { Bilingual } from '../messages/bilingual.ts';
import { guardsNeeded, type RuleSet, ruleSet } from './rules.ts';

const { guards, closed_campus, one_key_video, crossing_post, drills, return_s } = ruleSet.shape;

/**
 * A city's own rules: an id and a version, and what it asks beyond another set. What it does not name stays. Lists and
 * steps are given whole, zones by their kind.
 */
export const tighteningRules = z.strictObject({
  id: ruleSet.shape.id,
  version: ruleSet.shape.version,
  name: ruleSet.shape.name,
  guards: guards.partial().optional(),
  closed_campus: closed_campus.partial().optional(),
  one_key_video: one_key_video
    .extend({ button_proof: one_key_video.shape.button_proof.partial() })
    .partial()
    .optional(),
  crossing_post: crossing_post.partial().optional(),
  drills: drills.partial().optional(),
  return_s: return_s.optional(),
});
export type TighteningRules = z.output<typeof tighteningRules>;

/** The rule set that a city's own rules make of another. Where it would ask less anywhere, `looser` says so. */
export function tightened(
  base: RuleSet,
  given: TighteningRules,
): { rules: RuleSet; looser: { path: Path; text: Bilingual }[] } {
  const video = given.one_key_video;
  const rules = ruleSet.parse({
    ...base,
    ...given,
    guards: { ...base.guards, ...given.guards },
    closed_campus: { ...base.closed_campus, ...given.closed_campus },
    one_key_video: {
      ...base.one_key_video,
      ...video,
      zones: { ...base.one_key_video.zones, ...video?.zones },
      button_proof: { ...base.one_key_video.button_proof, ...video?.button_proof },
    },
    crossing_post: { ...base.crossing_post, ...given.crossing_post },
    drills: {
      ...base.drills,
      ...given.drills,
      of_type: { ...base.drills.of_type, ...given.drills?.of_type },
    },
    return_s: given.return_s ?? base.return_s,
  });
  return { rules, looser: looserIn(base, rules) };
}

function looserIn(base: RuleSet, rules: RuleSet): { path: Path; text: Bilingual }[] {
  const found: { path: Path; text: Bilingual }[] = [];
  const complain = (path: Path, zh: string, en: string) =>
    found.push({
      path,
      text: { zh: `${base.name.zh}要求更严：${zh}`, en: `${base.name.en} ask more: ${en}` },
    });

  if (rules.id === base.id)
    found.push({
      path: ['id'],
      text: { zh: '自己的规则要有自己的编号', en: 'rules of your own need an id of their own' },
    });
  for (const [path, direction] of thresholds) {
    const [least, asked] = [valueAt(base, path), valueAt(rules, path)];
    if (direction === 'more' && asked < least) complain(path, `至少 ${least}`, `${least} at least`);
    if (direction === 'less' && asked > least) complain(path, `至多 ${least}`, `${least} at most`);
  }
  for (const [path, all] of [
    [['guards', 'posts'], (set: RuleSet) => set.guards.posts],
    [['one_key_video', 'required_zones'], (set: RuleSet) => set.one_key_video.required_zones],
    [['one_key_video', 'button_proof', 'routes'], (set: RuleSet) => set.one_key_video.button_proof.routes],
    [['crossing_post', 'roles'], (set: RuleSet) => set.crossing_post.roles],
  ] as const) {
    const missing = all(base).filter((one) => !(all(rules) as readonly string[]).includes(one));
    if (missing.length > 0) complain(path, `要有 ${missing.join('、')}`, `${missing.join(', ')} too`);
  }
  complainOfGuards(base, rules, complain);
  // As many polls a day, or more: a longer look back with the same number asks less.
  const [asked, least] = [rules.guards, base.guards];
  if (asked.polls_at_least * least.polls_days < least.polls_at_least * asked.polls_days)
    complain(['guards', 'polls_at_least'], '查岗次数不能更少', 'no fewer polls in these days');
  if (base.guards.rounds_on === 'every-day' && rules.guards.rounds_on !== 'every-day')
    complain(['guards', 'rounds_on'], '每天都要巡查', 'rounds on every day');
  if (
    base.one_key_video.button_proof.up_to === 'centre' &&
    rules.one_key_video.button_proof.up_to !== 'centre'
  )
    complain(['one_key_video', 'button_proof', 'up_to'], '要验证到接警中心', 'proofs up to the centre');
  for (const kind of zoneKind.options) {
    const [needed, asks] = [base.one_key_video.zones[kind] ?? {}, rules.one_key_video.zones[kind] ?? {}];
    if (JSON.stringify(stricter(needed, asks)) !== JSON.stringify(stricter(asks, asks)))
      complain(['one_key_video', 'zones', kind], '这类区域的要求不能更少', 'no less of zones of this kind');
  }
  for (const type of campusType.options) {
    const period = (set: RuleSet) => set.drills.of_type[type] ?? set.drills.usual;
    if (period(base) === 'month' && period(rules) !== 'month')
      complain(['drills'], `${type} 每月演练`, `a drill each month in ${type}`);
  }
  return found;
}

const thresholds: [readonly string[], 'more' | 'less'][] = [
  [['guards', 'shift_h'], 'less'],
  [['guards', 'rounds_per_day'], 'more'],
  [['guards', 'round_gap_min'], 'more'],
  [['guards', 'rounds_days'], 'more'],
  [['guards', 'polls_days'], 'more'],
  [['closed_campus', 'gates_at_least'], 'more'],
  [['closed_campus', 'fence_at_least'], 'more'],
  [['closed_campus', 'open_grace_s'], 'less'],
  [['closed_campus', 'quiet_days'], 'more'],
  [['closed_campus', 'unwatched_at_most_min'], 'less'],
  [['one_key_video', 'video_days'], 'more'],
  [['one_key_video', 'key_video_days'], 'more'],
  [['one_key_video', 'blind_at_most_m2'], 'less'],
  [['one_key_video', 'clock_within_s'], 'less'],
  [['one_key_video', 'clock_known_h'], 'less'],
  [['one_key_video', 'picture_known_h'], 'less'],
  [['one_key_video', 'recording_known_h'], 'less'],
  [['one_key_video', 'button_proof', 'every_days'], 'less'],
  [['one_key_video', 'button_proof', 'within_ms'], 'less'],
  [['crossing_post', 'early_min'], 'less'],
  [['crossing_post', 'late_min'], 'less'],
  [['crossing_post', 'windows'], 'more'],
  [['return_s'], 'less'],
];

function valueAt(rules: RuleSet, path: readonly string[]): number {
  return path.reduce<unknown>((at, step) => (at as Record<string, unknown>)[step], rules) as number;
}

/** Beyond so many pupils no school goes. */
const mostPupils = 30_000;

function complainOfGuards(
  base: RuleSet,
  rules: RuleSet,
  complain: (path: Path, zh: string, en: string) => void,
): void {
  for (const [of, name] of [
    ['day', 'day_pupils'],
    ['boarders', 'boarders'],
  ] as const) {
    for (let count = 0; count <= mostPupils; count += 1) {
      const pupils = { day: 0, boarders: 0, [of]: count };
      const least = guardsNeeded(base, { pupils });
      if (guardsNeeded(rules, { pupils }) >= least) continue;
      complain(['guards', name], `${count} 名学生要 ${least} 名保安`, `${least} guards for ${count} pupils`);
      break;
    }
  }
}
