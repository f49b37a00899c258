import type { Bilingual } from '../../messages/bilingual.ts';
import { type Answer, rankOf } from '../answer.ts';
import type { CampusPlan } from '../campus-plan.ts';
import type { EvidenceOf, EvidenceRef } from '../evidence.ts';
import type { Known } from '../known.ts';
import { coveredMs } from '../spans.ts';
import type { Code } from '../words.ts';

export type Parameters = Readonly<Record<string, number | string | Bilingual>>;

/** What can be said of one part at one moment, and why. */
export interface Judgement {
  answer: Answer;
  code: Code;
  params: Parameters;
  refs: readonly EvidenceRef[];
  /** UTC ms: without new evidence nothing else can be said before then. */
  until: number;
  /** Index of the device that it is about, where it is not the part's own subject. */
  device?: number | undefined;
  /** What must be put right, where it is more than this, or something else. */
  causes?: readonly Judgement[];
}

/** What a part is judged by. */
export interface Case {
  plan: CampusPlan;
  known: Known;
  /** UTC ms. */
  now: number;
}

export const minuteMs = 60_000;
export const hourMs = 3_600_000;
export const dayMs = 86_400_000;

const none: Parameters = {};
const noRefs: readonly EvidenceRef[] = [];

export function judged(
  answer: Answer,
  code: Code,
  until: number,
  params: Parameters = none,
  refs: readonly EvidenceRef[] = noRefs,
  device?: number,
): Judgement {
  return { answer, code, params, refs, until, device };
}

/** All that must be put right for a judgement to become yes. */
export function causesOf(judgement: Judgement): readonly Judgement[] {
  return judgement.answer === 'yes' ? [] : (judgement.causes ?? [judgement]);
}

export function refTo({ kind, id, at }: EvidenceRef): EvidenceRef {
  return { kind, id, at };
}

/** The declared maintenance that covers a thing now; null: none. */
export function maintenanceOf(
  { known, now }: Case,
  covers: (of: EvidenceOf<'maintenance'>['of']) => boolean,
): Judgement | null {
  const one = known.maintenance.find(
    ({ of, at, from, to }) => Math.max(at, from) <= now && now < to && (of === 'campus' || covers(of)),
  );
  return one === undefined
    ? null
    : judged('maintenance', 'maintenance', one.to, { reason: one.reason, to: one.to }, [refTo(one)]);
}

/** The declared maintenance that was going on at some time of a stretch that is over; null: none. */
export function maintenanceWithin(
  { known }: Case,
  [from, to]: readonly [number, number],
  until: number,
  covers: (of: EvidenceOf<'maintenance'>['of']) => boolean,
): Judgement | null {
  const one = known.maintenance.find(
    (m) => Math.max(m.at, m.from) < to && from < m.to && (m.of === 'campus' || covers(m.of)),
  );
  return one === undefined
    ? null
    : judged('maintenance', 'maintenance', until, { reason: one.reason, to: one.to }, [refTo(one)]);
}

/** When the next declared maintenance begins or ends: nothing that a part rests on is the same beyond it. */
export function nextMaintenance({ known, now }: Case): number {
  let next = Infinity;
  for (const { at, from, to } of known.maintenance) {
    const begins = Math.max(at, from);
    if (begins > now) next = Math.min(next, begins);
    else if (to > now) next = Math.min(next, to);
  }
  return next;
}

/** Belfry is not measuring now; null: it is. */
export function outageNow({ known, now }: Case): Judgement | null {
  for (const [from, to] of known.outages) {
    if (from <= now && now < to) return judged('not-measured', 'not-measured', to, { ms: now - from });
  }
  return null;
}

/**
 * Evidence of `at` that held until `until` has lapsed. As long as Belfry was away in between it could not have been
 * renewed, and a little longer: not measured. Null: nobody but the device is to blame.
 */
export function lapsedUnmeasured({ known, plan, now }: Case, at: number, until: number): Judgement | null {
  const ms = coveredMs([at, now], known.outages);
  if (ms === 0) return null;
  const excused = until + ms + plan.rules.return_s * 1000;
  return now < excused ? judged('not-measured', 'not-measured', excused, { ms }) : null;
}

/** The worst of several, with the causes of all; it holds until the earliest end of any. Of equal ones the first. */
export function worstOf(...all: readonly [Judgement, ...Judgement[]]): Judgement {
  let [found] = all;
  let until = found.until;
  for (const one of all) {
    if (rankOf(one.answer) > rankOf(found.answer)) found = one;
    until = Math.min(until, one.until);
  }
  return found.answer === 'yes' ? { ...found, until } : { ...found, until, causes: all.flatMap(causesOf) };
}
