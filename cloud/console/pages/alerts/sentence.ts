import type { ApiAlertGroup } from '#protocols/api.ts';
import type { Sentence } from '../../reading/sentence.ts';
import type { Speech } from '../../words/language.ts';
import { countShown, groupsShown } from './shown.ts';

/** What needs a person now, the worst by its name; then how much of the rest somebody takes care of. */
export function alertsSentence(groups: readonly ApiAlertGroup[], { words, of }: Speech): Sentence {
  const waiting = groupsShown(groups, 'open', undefined);
  const { acknowledged, quiet } = countShown(groups);
  const rest = [
    acknowledged > 0 && words.alertsTaken(acknowledged),
    quiet > 0 && words.alertsKeptQuiet(quiet),
  ].filter((part) => part !== false);
  const after = rest.length > 0 ? rest.join(words.comma) + words.stop : null;
  const [worst] = waiting;
  if (!worst) {
    const head = rest.length > 0 ? words.alertsAllTaken : words.alertsNone;
    return { state: 'good', head: head + words.stop, rest: after };
  }
  const text = of(worst.cause.text).replace(/[.。]$/, '');
  const state = worst.alerts.some(({ code }) => code === 'alarm-undelivered') ? 'alarm' : 'fault';
  return { state, head: words.alertsWaiting(waiting.length, text) + words.stop, rest: after };
}
