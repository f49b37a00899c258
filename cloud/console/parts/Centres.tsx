import type { ApiCentre } from '#protocols/api.ts';
import { centreName } from '../reading/places.ts';
import { centreAnswer, stateOfAnswer } from '../reading/states.ts';
import { duration, timeOfDay } from '../reading/times.ts';
import { useSpeech } from '../words/language.ts';
import { StateGlyph } from './StateGlyph.tsx';

interface Props {
  centres: ReadonlyMap<string, ApiCentre>;
  fresh: boolean;
  now: number;
}

/** Whether 110 answers: each centre, and each of its doors where it has several. */
export function Centres({ centres, fresh, now }: Props) {
  const speech = useSpeech();
  const { words } = speech;
  const primaryFirst = [...centres.values()].sort((a, b) => Number(b.primary) - Number(a.primary));
  return (
    <section aria-labelledby="centres">
      <h2 id="centres">{words.centres}</h2>
      {primaryFirst.length === 0 && <p className="empty">{words.noCentres}</p>}
      <ul className="rows">
        {primaryFirst.map((centre) => {
          const answer = centreAnswer(centre, fresh);
          const word = { answering: words.answering, silent: words.silent, unknown: words.notKnown };
          return (
            <li key={centre.id} className="row" data-centre={centre.id} data-answer={answer.answer}>
              <StateGlyph state={stateOfAnswer[answer.answer]} />
              <span className="row-name">{centreName(centre, speech)}</span>
              <span className="row-figure">
                {word[answer.answer]}
                {answer.answer === 'answering' &&
                  answer.roundTripMs !== null &&
                  ` ${duration(answer.roundTripMs, speech)}`}
              </span>
              <span className="row-detail">
                {centre.primary && `${centre.name ? words.primaryCentre : centre.id} · `}
                {centre.doors.map((door) => door.kind.toUpperCase()).join(' · ')}
                {answer.answer === 'silent' &&
                  answer.since !== null &&
                  ` · ${words.since(timeOfDay(answer.since, now, speech))}`}
              </span>
            </li>
          );
        })}
      </ul>
    </section>
  );
}
