import type { ApiAlarm } from '#protocols/api.ts';
import type { View } from '../feed/store.ts';

export type StageName = ApiAlarm['stages'][number]['name'];

/** The order of the path; as a record so that the compiler names a stage that is missing here. */
const order: Record<StageName, number> = {
  first_byte: 0,
  decoded: 1,
  stored_edge: 2,
  published: 3,
  ingested: 4,
  committed: 5,
  dispatched: 6,
  delivered: 7,
  lamp: 8,
};
export const stageOrder = (Object.keys(order) as StageName[]).sort((a, b) => order[a] - order[b]);

/** One row of a waterfall: when it was reached and how long it took from the step before, ms since the press. */
export interface Step {
  name: StageName;
  /** Null: not reached (yet), or passed by another way. */
  at: { from: number; to: number } | null;
}

/**
 * The waterfall of an alarm, counted from the finger: its age at the first byte comes before all stages. A step
 * starts where the latest step before it ended; placed by an offset estimate it may seem to end earlier than it
 * began, and then has no length.
 */
export function waterfall(alarm: ApiAlarm): { steps: Step[]; end: number } {
  const reached = new Map(alarm.stages.map((stage) => [stage.name, stage.ms + alarm.age_at_first_byte_ms]));
  let end = 0;
  const steps = stageOrder.map((name): Step => {
    const to = reached.get(name);
    if (to === undefined) return { name, at: null };
    const from = Math.min(end, to);
    end = Math.max(end, to);
    return { name, at: { from, to } };
  });
  return { steps, end };
}

/** The last step that an alarm has reached. */
export function furthest(alarm: ApiAlarm): StageName {
  const names = new Set(alarm.stages.map((stage) => stage.name));
  return stageOrder.findLast((name) => names.has(name)) ?? 'first_byte';
}

/** A place on the path and when the alarm was there, ms since the press. */
export interface Hop {
  name: 'press' | 'gateway' | 'cloud' | 'centre' | 'lamp';
  reached: boolean;
  /** Null: reached, but nobody timed it. */
  ms: number | null;
}

/** The stages as the five places that people know. What 110 has is told by its receipt, whatever was timed. */
export function hops(alarm: ApiAlarm): Hop[] {
  const at = new Map(waterfall(alarm).steps.map((step) => [step.name, step.at?.to ?? null]));
  const hop = (name: Hop['name'], ms: number | null, reached = ms !== null): Hop => ({ name, reached, ms });
  return [
    hop('press', 0),
    hop('gateway', at.get('decoded') ?? at.get('first_byte') ?? null, true),
    hop('cloud', at.get('committed') ?? null),
    hop('centre', alarm.total_ms ?? at.get('delivered') ?? null, alarm.state === 'delivered'),
    hop('lamp', at.get('lamp') ?? null, alarm.lamp === 'delivered'),
  ];
}

/** Newest first. */
export function newest(alarms: Iterable<ApiAlarm>, count: number): ApiAlarm[] {
  return [...alarms]
    .sort((a, b) => b.received_at - a.received_at || b.id.localeCompare(a.id))
    .slice(0, count);
}

/** How long a delivered real alarm stays in the band when nobody folds it, ms. */
const bandMs = 10 * 60_000;

/**
 * The real alarms that the band must show, the one to look at first at the front: those that 110 does not have
 * (the oldest first: it has waited longest), then those that it has got lately (the newest first).
 * `now`: UTC ms by the server's clock.
 */
export function pressing(view: View, folded: ReadonlySet<string>, now: number): ApiAlarm[] {
  const real = [...view.alarms.values()].filter((alarm) => alarm.mode === 'real');
  const undelivered = real
    .filter((alarm) => alarm.state !== 'delivered')
    .sort((a, b) => a.received_at - b.received_at);
  const delivered = real
    .filter(
      (alarm) => alarm.state === 'delivered' && !folded.has(alarm.id) && now - alarm.received_at < bandMs,
    )
    .sort((a, b) => b.received_at - a.received_at);
  return [...undelivered, ...delivered];
}
