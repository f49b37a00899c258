import { guardsNeeded } from '../rules.ts';
import { coveredMs, type Span, uncovered, lengthOf } from '../spans.ts';
import { judgeDevice } from './device.ts';
import {
  type Case,
  hourMs,
  type Judgement,
  judged,
  lapsedUnmeasured,
  maintenanceOf,
  maintenanceWithin,
  minuteMs,
  outageNow,
  refTo,
} from './judgement.ts';

/** Guards on the roll, by pupils. */
export function judgeRoll({ plan: { campus, rules } }: Case): Judgement {
  const params = { have: campus.guards.length, need: guardsNeeded(rules, campus) };
  return judged(params.have >= params.need ? 'yes' : 'no', 'guards-on-roll', Infinity, params);
}

export function judgePostKind({ plan: { campus, rules } }: Case, entity: number): Judgement {
  const kind = rules.guards.posts[entity]!;
  const there = campus.posts.some((post) => post.kind === kind);
  return judged(there ? 'yes' : 'no', there ? 'post-there' : 'post-missing', Infinity, { kind });
}

/** A post that is due now has a guard of the roll who checked in, and is not past the longest shift. */
export function judgeManned(of: Case, entity: number): Judgement {
  const { known, plan, now } = of;
  const { post, terminal } = plan.posts[entity]!;
  const excused = maintenanceOf(of, (what) => what !== 'campus' && 'post' in what && what.post === post.id);
  if (excused !== null) return excused;
  const due = dueNow(of, entity);
  if (!due.due) return judged('yes', 'not-due', due.until);
  const away = outageNow(of);
  if (away !== null) return away;
  const shiftMs = plan.rules.guards.shift_h * hourMs;
  const there = [...(known.manning.get(post.id)?.values() ?? [])];
  const on = there
    .filter((one) => one.on && now < one.at + shiftMs)
    .sort((a, b) => b.at - a.at || b.id - a.id)[0];
  if (on !== undefined) {
    // Whoever is there longest by now keeps it manned; the next look is when the first of them is over.
    return judged('yes', 'manned', Math.min(due.until, on.at + shiftMs), {}, [refTo(on)]);
  }
  const last = there.sort((a, b) => b.at - a.at || b.id - a.id)[0];
  const lapsed = last?.on ? lapsedUnmeasured(of, last.at, last.at + shiftMs) : null;
  if (lapsed !== null) return { ...lapsed, until: Math.min(lapsed.until, due.until) };
  const refs = last === undefined ? [] : [refTo(last)];
  if (terminal === null) return judged('unknown', 'no-terminal', due.until, {}, refs);
  const reader = judgeDevice(of, terminal);
  if (reader.answer === 'yes') return judged('no', 'unmanned', Math.min(due.until, reader.until), {}, refs);
  // Nobody can check in at a dead terminal: who is there is not known.
  return {
    ...reader,
    answer: reader.answer === 'no' ? 'unknown' : reader.answer,
    until: Math.min(due.until, reader.until),
  };
}

function dueNow({ plan, now }: Case, entity: number): { due: boolean; until: number } {
  const { duty } = plan.posts[entity]!.post;
  if (duty === 'always') return { due: true, until: Infinity };
  const around = duty.around_min * minuteMs;
  const day = plan.days.dayOf(now);
  // Around midnight the neighbours' windows reach over.
  const spans = [plan.days.before(day), day, plan.days.after(day)]
    .flatMap(({ windows }) => windows)
    .filter(({ id }) => duty.windows.includes(id))
    .map(({ from, to }): Span => [from - around, to + around]);
  const edges = spans.flat().filter((edge) => edge > now);
  return {
    due: spans.some(([from, to]) => from <= now && now < to),
    until: Math.min(day.to, ...edges),
  };
}

export function judgeTerminal(of: Case, entity: number): Judgement {
  const { terminal, post } = of.plan.posts[entity]!;
  const excused = maintenanceOf(of, (what) => what !== 'campus' && 'post' in what && what.post === post.id);
  if (excused !== null) return excused;
  return terminal === null ? judged('no', 'no-terminal', Infinity) : judgeDevice(of, terminal);
}

/** The rounds of one day that has ended: 0 is yesterday. */
export function judgeRounds(of: Case, nth: number): Judgement {
  const { known, plan, now } = of;
  const { rounds_per_day: need, rounds_on, round_gap_min } = plan.rules.guards;
  const today = plan.days.dayOf(now);
  const day = plan.days.daysBefore(now, nth + 1)[nth]!;
  if (rounds_on === 'school-days' && !day.school)
    return judged('yes', 'no-school', today.to, { date: day.date });
  const points = plan.campus.patrol;
  if (points.length === 0) return judged('no', 'no-patrol-points', Infinity);
  const passes = points.map(({ id }) =>
    (known.rounds.get(id) ?? []).filter(({ at }) => day.from <= at && at < day.to),
  );
  const done = Math.min(...passes.map((times) => spaced(times, round_gap_min * minuteMs)));
  const params = { date: day.date, done, need };
  if (done >= need) {
    const refs = passes.flat().map(({ at, id }) => ({ kind: 'check-in' as const, at, id }));
    return judged('yes', 'rounds', today.to, params, refs);
  }
  const span: Span = [day.from, day.to];
  const excused = maintenanceWithin(of, span, today.to, () => false);
  if (excused !== null) return excused;
  const ms = coveredMs(span, known.outages);
  if (ms > 0) return judged('not-measured', 'not-measured', today.to, { ms, date: day.date });
  const allowed = plan.rules.closed_campus.unwatched_at_most_min * minuteMs;
  for (const { reader } of points) {
    const index = reader === undefined ? undefined : plan.indexOf.get(reader);
    if (index === undefined) continue;
    const dark = lengthOf(uncovered(span, known.watched.get(index) ?? []));
    if (dark > allowed) return judged('unknown', 'reader-silent', today.to, { date: day.date, ms: dark });
  }
  return judged('no', 'rounds', today.to, params);
}

/** How many of these are a gap apart, counted from the first. */
function spaced(times: readonly { at: number }[], gapMs: number): number {
  let count = 0;
  let last = -Infinity;
  for (const { at } of times) {
    if (at - last < gapMs) continue;
    count += 1;
    last = at;
  }
  return count;
}

/** The duty polls of a post since the first of the days looked back on. */
export function judgePolls(of: Case, entity: number): Judgement {
  const { known, plan, now } = of;
  const { post } = plan.posts[entity]!;
  const { polls_days, polls_at_least: need } = plan.rules.guards;
  const today = plan.days.dayOf(now);
  const { from } = plan.days.daysBefore(now, polls_days).at(-1)!;
  const excused = maintenanceOf(of, (what) => what !== 'campus' && 'post' in what && what.post === post.id);
  if (excused !== null) return excused;
  const polls = (known.polls.get(post.id) ?? []).filter(({ at }) => from <= at && at <= now);
  const missed = polls.filter(({ answered }) => !answered);
  const params = { asked: polls.length, answered: polls.length - missed.length, need };
  if (missed.length > 0) return judged('no', 'polls-missed', today.to, params, missed.map(refTo));
  if (polls.length >= need) return judged('yes', 'polls-answered', today.to, params, polls.map(refTo));
  const ms = coveredMs([from, now], known.outages);
  if (ms > 0) return judged('not-measured', 'not-measured', today.to, { ms });
  return judged('unknown', 'polls-few', today.to, params, polls.map(refTo));
}
