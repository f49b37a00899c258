import type { WindowOnDay } from '../../calendar/school-days.ts';
import { coveredMs } from '../spans.ts';
import { type Case, type Judgement, judged, maintenanceWithin, minuteMs } from './judgement.ts';

/** How far back a window is looked for: the longest holidays and some more. */
const farthestDays = 120;

/** The campus has gates, and windows in which pupils come and in which they go. */
export function judgeWindowsListed({ plan: { campus } }: Case): Judgement {
  const kinds = new Set(campus.calendar.windows.map(({ kind }) => kind));
  const there = campus.gates.length > 0 && kinds.has('arrival') && kinds.has('dismissal');
  return judged(there ? 'yes' : 'no', there ? 'windows-there' : 'windows-missing', Infinity);
}

/** The five roles are rostered for a gate and window. */
export function judgeRostered({ plan }: Case, entity: number): Judgement {
  const { roster, window } = plan.crossings[entity]!;
  const { roles } = plan.rules.crossing_post;
  const filled = roles.filter((role) => (roster?.[role].length ?? 0) > 0);
  const params = { window, have: filled.length, need: roles.length };
  return judged(filled.length === roles.length ? 'yes' : 'no', 'rostered', Infinity, params);
}

/** The `nth` last window of a gate, 0 the newest: the five were there, none late. */
export function judgeCrossing(of: Case, gate: number, nth: number): Judgement {
  const { known, plan, now } = of;
  const { roles, early_min, late_min } = plan.rules.crossing_post;
  const lateMs = late_min * minuteMs;
  const { window, until } = lastWindow(of, gate, nth);
  if (window === null) return judged('unknown', 'no-window', until);
  const there = known.crossings.get(gate)?.get(window.from) ?? {};
  const inTime = roles.filter((role) => there[role] !== undefined && there[role].at <= window.from + lateMs);
  const refs = roles.flatMap((role) => {
    const one = there[role];
    return one === undefined || one.at > now ? [] : [{ kind: 'check-in' as const, id: one.id, at: one.at }];
  });
  const params = { window: window.id, from: window.from, have: inTime.length, need: roles.length };
  if (inTime.length === roles.length) return judged('yes', 'crossing', until, params, refs);
  const { id } = plan.gates[gate]!;
  const span = [window.from - early_min * minuteMs, window.from + lateMs] as const;
  const excused = maintenanceWithin(
    of,
    span,
    until,
    (what) => what !== 'campus' && 'gate' in what && what.gate === id,
  );
  if (excused !== null) return excused;
  const ms = coveredMs(span, known.outages);
  if (ms > 0) return judged('not-measured', 'not-measured', until, { ms });
  const { date, published } = plan.days.dayOf(window.from);
  if (!published) return judged('unknown', 'holidays-unknown', until, { date });
  const absent = roles.filter((role) => !inTime.includes(role));
  return judged('no', 'crossing', until, { ...params, absent: absent.join(', ') }, refs);
}

/** A window can be judged once its last minute to be in time is over; `until`: when the next one can. */
function lastWindow(
  { plan, now }: Case,
  gate: number,
  nth: number,
): { window: WindowOnDay | null; until: number } {
  const lateMs = plan.rules.crossing_post.late_min * minuteMs;
  const ids = new Set(plan.crossings.filter((one) => one.gate === gate).map(({ window }) => window));
  const decidedBy = now - lateMs;
  let day = plan.days.dayOf(decidedBy);
  const next = day.windows.find((one) => ids.has(one.id) && one.from >= decidedBy);
  const until = next === undefined ? day.to + lateMs : next.from + lateMs + 1;
  let left = nth;
  for (let back = 0; back < farthestDays && ids.size > 0; back += 1) {
    for (const window of day.windows.toReversed()) {
      if (!ids.has(window.id) || window.from >= decidedBy) continue;
      if (left === 0) return { window, until };
      left -= 1;
    }
    day = plan.days.before(day);
  }
  return { window: null, until };
}
