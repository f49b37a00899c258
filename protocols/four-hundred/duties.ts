import { Temporal } from 'temporal-polyfill';
import type { SchoolDay } from '../calendar/school-days.ts';
import type { EvidenceRef } from './evidence.ts';
import { type Case, dayMs, refTo } from './judge/judgement.ts';
import { proofFault } from './judge/one-key-video.ts';

/** A test is called due when so much of its period is left. */
const dueShare = 0.25;

/** Something that is to be done again and again: a drill of the campus, a test of a button. */
export interface Duty {
  what: { drill: 'month' | 'quarter' } | { test: string; route: 'cloud' | 'direct' };
  state: 'done' | 'due' | 'overdue';
  /** UTC ms by which it is to be done (again); of what is overdue: by which it was. Null: never done, due at once. */
  by: number | null;
  /** What proved it last. */
  evidence: EvidenceRef[];
}

/** What is due, overdue and done: the drill of the period, and each button's tests. */
export function dutiesOf(of: Case): Duty[] {
  return [...drillDuty(of), ...testDuties(of)];
}

interface Period {
  from: number;
  to: number;
}

/** The calendar's month or quarter in which a day lies, in the campus's time zone. */
function periodOf({ date }: SchoolDay, timeZone: string, length: 'month' | 'quarter'): Period {
  const day = Temporal.PlainDate.from(date);
  const months = length === 'month' ? 1 : 3;
  const first = day.with({ month: day.month - ((day.month - 1) % months), day: 1 });
  const at = (one: Temporal.PlainDate) => one.toZonedDateTime(timeZone).epochMilliseconds;
  return { from: at(first), to: at(first.add({ months })) };
}

function drillDuty({ plan, known, now }: Case): Duty[] {
  const { campus, rules, days } = plan;
  const length = rules.drills.of_type[campus.type] ?? rules.drills.usual;
  const what = { drill: length };
  const held = (period: Period) =>
    known.drills.filter(({ at }) => period.from <= at && at < period.to && at <= now);
  const current = periodOf(days.dayOf(now), campus.calendar.time_zone, length);
  const before = periodOf(days.dayOf(current.from - 1), campus.calendar.time_zone, length);
  // A month without a school day asks for no drill.
  const owed = (period: Period) => {
    for (let day = days.dayOf(period.from); day.from < period.to; day = days.after(day))
      if (day.school) return true;
    return false;
  };
  const duties: Duty[] = [];
  if (owed(before) && held(before).length === 0)
    duties.push({ what, state: 'overdue', by: before.to, evidence: [] });
  const heldNow = held(current);
  if (heldNow.length > 0) {
    const next = periodOf(days.dayOf(current.to), campus.calendar.time_zone, length);
    duties.push({ what, state: 'done', by: next.to, evidence: heldNow.map(refTo) });
  } else if (owed(current)) duties.push({ what, state: 'due', by: current.to, evidence: [] });
  return duties;
}

function testDuties({ plan, known, now }: Case): Duty[] {
  const { every_days, routes } = plan.rules.one_key_video.button_proof;
  return Array.from({ length: plan.buttons }, (_, button) => button).flatMap((button) => {
    const { ref, device } = plan.devices[plan.cameras + button]!;
    if (!device.required) return [];
    return routes.map((route): Duty => {
      const last = known.proof(button, route);
      const what = { test: ref, route };
      if (last === null) return { what, state: 'due', by: null, evidence: [] };
      const evidence = [{ kind: 'proof' as const, id: last.id, at: last.at }];
      // A test that failed is to be done again.
      if (proofFault(plan.rules, last) !== null) return { what, state: 'due', by: null, evidence };
      const by = last.at + every_days * dayMs;
      const state = now >= by ? 'overdue' : by - now <= every_days * dayMs * dueShare ? 'due' : 'done';
      return { what, state, by, evidence };
    });
  });
}
