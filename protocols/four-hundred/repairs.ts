import { type Item, type Level, levels } from './answer.ts';
import type { CampusLedger, OpenedPart } from './campus-ledger.ts';
import { causesOf, type Judgement } from './judge/judgement.ts';
import { type Subject, subjectOf } from './subject.ts';

/** One thing to put right. */
export interface Repair {
  subject: Subject;
  /** What is wrong with it. */
  cause: Judgement;
  /** Parts that are not yes without it. */
  parts: OpenedPart[];
}

/**
 * The shortest list that lifts a campus to yes up to a level, in one item or (without one) in all; what lifts most
 * first. A part is only as good as its worst cause, so each cause must go, and parts of one cause share one repair:
 * nothing on the list could be left out. A blind spot that dark cameras would close asks for those cameras alone.
 */
export function repairsOf(ledger: CampusLedger, item?: Item, upTo: Level = 'usable'): Repair[] {
  const { plan } = ledger;
  const wanted = levels.slice(0, levels.indexOf(upTo) + 1);
  const repairs = new Map<string, Repair>();
  for (const opened of ledger.open(item)) {
    if (opened.answer === 'yes' || !wanted.includes(plan.parts.levelOf(opened.part))) continue;
    for (const cause of causesOf(opened)) {
      const subject =
        cause.device === undefined
          ? subjectOf(plan, opened.part)
          : { device: plan.devices[cause.device]!.ref };
      const key = `${JSON.stringify(subject)} ${cause.code}`;
      const repair = repairs.get(key) ?? { subject, cause, parts: [] };
      repairs.set(key, repair);
      repair.parts.push(opened);
    }
  }
  return [...repairs.values()].sort((a, b) => b.parts.length - a.parts.length);
}
