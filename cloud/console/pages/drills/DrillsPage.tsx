import { useState } from 'react';
import type { ApiDutiesOfCampus } from '#protocols/api-four-hundred.ts';
import { Refused } from '../../asking/ask.ts';
import { Answered } from '../../asking/Answered.tsx';
import { useAnswer } from '../../asking/use-answer.ts';
import { useLive, useWho } from '../../live.tsx';
import { TheSentence } from '../../parts/TheSentence.tsx';
import type { Sentence } from '../../reading/sentence.ts';
import { type Speech, useSpeech } from '../../words/language.ts';
import { NoInventory } from '../four-hundred/NoInventory.tsx';
import { useCampuses } from '../four-hundred/use-campuses.ts';
import { CampusDuties } from './CampusDuties.tsx';
import { DeclaredDrills } from './DeclaredDrills.tsx';
import { DeclareDrill } from './DeclareDrill.tsx';
import './drills.css';

const askEveryMs = 15_000;
/** Rows at first, and with each press of the button. */
const atOnce = 50;

/** Drills and tests: what is overdue and due, by campus, and the drills of buttons that were declared. */
export function DrillsPage() {
  const speech = useSpeech();
  const { words } = speech;
  const { now } = useLive();
  const who = useWho();
  const { campuses } = useCampuses();
  const [opened, open] = useState<string | null>(null);
  const [shown, show] = useState(atOnce);
  const [declared, setDeclared] = useState(0);
  const answer = useAnswer<{ items: ApiDutiesOfCampus[] }>('four-hundred/duties', askEveryMs);
  const mayAct = who?.rights.includes('act') ?? false;
  const nameOf = ({ campus, name }: ApiDutiesOfCampus) =>
    name ? speech.of(name) : (campuses.find(({ id }) => id === campus)?.name ?? campus);
  if (answer.state === 'failed' && answer.error instanceof Refused && answer.error.problem.status === 404)
    return <NoInventory />;
  return (
    <Answered answer={answer}>
      {({ items }, again) => (
        <>
          <TheSentence said={drillsSentence(items, speech)} />
          <div className="columns">
            <section aria-label={words.drillsOfCampuses}>
              <h2>{words.drillsOfCampuses}</h2>
              {items.length === 0 && <p className="empty">{words.drillsEmpty}</p>}
              <ul className="drills-campuses">
                {items.slice(0, shown).map((one) => (
                  <CampusDuties
                    key={one.campus}
                    duties={one}
                    name={nameOf(one)}
                    now={now}
                    mayAct={mayAct}
                    open={opened === one.campus}
                    onToggle={() => open(opened === one.campus ? null : one.campus)}
                    onRecorded={again}
                  />
                ))}
              </ul>
              {items.length > shown && (
                <button type="button" className="quiet" onClick={() => show(shown + atOnce)}>
                  {words.fourHundredMore(String(items.length - shown))}
                </button>
              )}
            </section>
            <div className="side">
              <section aria-label={words.drillDeclare}>
                <h2>{words.drillDeclare}</h2>
                <p className="note">{words.drillDeclareNote}</p>
                {mayAct ? (
                  <DeclareDrill now={now} onDone={() => setDeclared(declared + 1)} />
                ) : (
                  <p className="note">{words.drillReadOnly}</p>
                )}
              </section>
              <DeclaredDrills key={declared} now={now} mayAct={mayAct} />
            </div>
          </div>
        </>
      )}
    </Answered>
  );
}

function drillsSentence(all: readonly ApiDutiesOfCampus[], speech: Speech): Sentence {
  const { words } = speech;
  const end = speech.language === 'zh' ? '。' : '.';
  const count = (state: 'overdue' | 'due') =>
    all.filter(({ drill, tests }) => drill?.state === state || tests[state] > 0).length;
  const [overdue, due] = [count('overdue'), count('due')];
  const rest = due > 0 ? words.drillsDue(String(due)) : words.drillsAllDone;
  if (overdue > 0)
    return { state: 'fault', head: words.drillsOverdue(String(overdue)) + end, rest: rest + end };
  return { state: 'good', head: words.drillsNothingDue + end, rest: rest + end };
}
