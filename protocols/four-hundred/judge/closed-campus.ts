import type { Barrier } from '../campus-plan.ts';
import type { EvidenceOf } from '../evidence.ts';
import { coveredMs, lengthOf, type Span, uncovered, withSpan } from '../spans.ts';
import { judgeDevice } from './device.ts';
import {
  type Case,
  dayMs,
  type Judgement,
  judged,
  maintenanceOf,
  minuteMs,
  outageNow,
  refTo,
  worstOf,
} from './judgement.ts';

/** How far back the end of a window is looked for since which a gate stands open. */
const farthestBackMs = 31 * dayMs;

export function judgeListed(
  { plan: { campus, rules } }: Case,
  what: 'gates-listed' | 'fence-listed',
): Judgement {
  const [have, need] =
    what === 'gates-listed'
      ? [campus.gates.length, rules.closed_campus.gates_at_least]
      : [campus.fence.length, rules.closed_campus.fence_at_least];
  return judged(have >= need ? 'yes' : 'no', what, Infinity, { have, need });
}

function maintenanceAt(of: Case, { what, id }: Barrier): Judgement | null {
  return maintenanceOf(
    of,
    (declared) =>
      declared !== 'campus' &&
      ((what === 'gate' && 'gate' in declared && declared.gate === id) ||
        (what === 'fence' && 'fence' in declared && declared.fence === id)),
  );
}

/** Something on it can tell open from closed, and its gateway knows it. */
export function judgeWatched(of: Case, entity: number): Judgement {
  const barrier = of.plan.barriers[entity]!;
  const { watchers } = barrier;
  if (watchers.length === 0) return judged('no', 'unwatched-barrier', Infinity);
  const missing = watchers.find((i) => of.known.state(i)?.state === 'missing');
  if (missing === undefined) return judged('yes', 'watched-barrier', Infinity, { watchers: watchers.length });
  const excused = maintenanceAt(of, barrier);
  return excused ?? judged('no', 'missing', Infinity, { device: of.plan.devices[missing]!.ref });
}

/** All that watches it is alive, and it is closed when the calendar says so. */
export function judgeClosed(of: Case, entity: number): Judgement {
  const barrier = of.plan.barriers[entity]!;
  const excused = maintenanceAt(of, barrier) ?? outageNow(of);
  if (excused !== null) return excused;
  const [first, ...others] = barrier.watchers.map((device) => {
    const alive = judgeDevice(of, device);
    return alive.answer === 'yes' ? worstOf(alive, judgeContact(of, barrier, device)) : alive;
  });
  return first === undefined ? judged('no', 'unwatched-barrier', Infinity) : worstOf(first, ...others);
}

function judgeContact(of: Case, barrier: Barrier, device: number): Judgement {
  const { known, plan, now } = of;
  const last = known.contacts.get(device)!.at(-1);
  if (last === undefined) return judged('unknown', 'contact-unknown', Infinity);
  const refs = [refTo(last)];
  if (!last.open) return judged('yes', 'closed', Infinity, {}, refs);
  const graceMs = plan.rules.closed_campus.open_grace_s * 1000;
  const today = plan.days.dayOf(now);
  const allowed = openTimes(of, barrier, Math.max(last.at - graceMs, now - farthestBackMs), now);
  const within = allowed.find(([from, to]) => from <= now && now < to);
  if (within !== undefined) return judged('yes', 'open-in-window', within[1], {}, refs);
  // Left open when a window ended counts from that end.
  const since = Math.max(last.at, ...allowed.map(([, to]) => to).filter((to) => to <= now));
  const next = Math.min(
    today.to,
    ...windowsOf(of, barrier, now, now + 1).flatMap(([from]) => (from > now ? [from] : [])),
  );
  if (now - since <= graceMs)
    return judged('yes', 'just-opened', Math.min(next, since + graceMs + 1), { since }, refs);
  return judged('no', 'open', next, { since }, refs);
}

/** No opening outside of the windows that nobody has explained, in the days looked back on and today. */
export function judgeQuiet(of: Case, entity: number): Judgement {
  const { known, plan, now } = of;
  const barrier = plan.barriers[entity]!;
  const excused = maintenanceAt(of, barrier);
  if (excused !== null) return excused;
  const today = plan.days.dayOf(now);
  const whole: Span = [plan.days.daysBefore(now, plan.rules.closed_campus.quiet_days).at(-1)!.from, now];
  const [first, ...others] = barrier.watchers.map((device) => {
    const { openings, until } = openingsOf(of, barrier, device, whole);
    const unexplained = openings.filter(({ id }) => !known.explained.has(id));
    const end = Math.min(today.to, until);
    if (unexplained.length > 0) {
      const params = { count: unexplained.length };
      return judged('no', 'unexplained', end, params, unexplained.map(refTo));
    }
    return worstOf(
      judged('yes', 'quiet', end, { explained: openings.length }, openings.map(refTo)),
      judgeWatching(of, device, whole),
    );
  });
  return first === undefined ? judged('no', 'unwatched-barrier', Infinity) : worstOf(first, ...others);
}

/** That nothing was seen says something only of the time in which somebody looked. */
function judgeWatching({ known, plan, now }: Case, device: number, whole: Span): Judgement {
  const allowedMs = plan.rules.closed_campus.unwatched_at_most_min * minuteMs;
  const told: Span = [Math.min(now, Math.max(whole[0], known.contactsFrom.get(device) ?? -Infinity)), now];
  const dark = [...uncovered([whole[0], told[0]], []), ...uncovered(told, known.watched.get(device)!)];
  const darkMs = lengthOf(dark);
  const excusedMs = dark.reduce((sum, span) => sum + coveredMs(span, known.outages), 0);
  const params = { ms: darkMs - excusedMs };
  if (darkMs - excusedMs > allowedMs) return judged('unknown', 'unwatched', Infinity, params);
  // From the last good word on the darkness grows.
  const lastWord = known.watched.get(device)!.at(-1)?.[1] ?? whole[0];
  const until = Math.max(now, lastWord) + allowedMs - darkMs + 1;
  if (darkMs <= allowedMs) return judged('yes', 'quiet', until, params);
  return judged('not-measured', 'not-measured', Math.max(now + 1, until), { ms: excusedMs });
}

/** The openings of a contact that reach into `whole` and lasted longer than the grace outside of the windows. */
function openingsOf(of: Case, barrier: Barrier, device: number, whole: Span) {
  const { known, plan, now } = of;
  const graceMs = plan.rules.closed_campus.open_grace_s * 1000;
  const said = known.contacts.get(device)!;
  const openings: EvidenceOf<'contact'>[] = [];
  let until = Infinity;
  for (let i = 0; i < said.length; i += 1) {
    const one = said[i]!;
    // A contact that says twice that it is open has opened once.
    if (!one.open || (i > 0 && said[i - 1]!.open)) continue;
    let next = i + 1;
    while (said[next]?.open) next += 1;
    const closed = said[next];
    // What was before the days looked back on is not asked for, however long it has been open.
    const span: Span = [Math.max(one.at, whole[0] - dayMs), closed?.at ?? now];
    if (span[1] <= whole[0] && closed !== undefined) continue;
    const outside = uncovered(span, openTimes(of, barrier, span[0], span[1]));
    if (outside.some(([from, to]) => to - from > graceMs && to > whole[0])) openings.push(one);
    else if (closed === undefined) until = Math.min(until, stillFine(of, barrier, span[0], graceMs));
  }
  return { openings, until };
}

/** Until when what is open now, and fine so far, stays fine. */
function stillFine(of: Case, barrier: Barrier, openedAt: number, graceMs: number): number {
  const { now } = of;
  const allowed = openTimes(of, barrier, openedAt, now + 1);
  const within = allowed.find(([from, to]) => from <= now && now < to);
  const since = within?.[1] ?? Math.max(openedAt, ...allowed.map(([, to]) => to).filter((to) => to <= now));
  return Math.max(now, since) === now ? Math.max(now + 1, since + graceMs + 1) : since;
}

/** When the barrier may stand open, of the days from one moment to another. */
function openTimes(of: Case, barrier: Barrier, from: number, to: number): Span[] {
  return windowsOf(of, barrier, from, to).reduce<Span[]>((spans, span) => withSpan(spans, span), []);
}

function windowsOf({ plan }: Case, { open_in }: Barrier, from: number, to: number): Span[] {
  if (open_in === null || open_in.size === 0) return [];
  const spans: Span[] = [];
  for (let day = plan.days.dayOf(from); day.from <= to; day = plan.days.after(day)) {
    for (const window of day.windows) if (open_in.has(window.id)) spans.push([window.from, window.to]);
  }
  return spans;
}
