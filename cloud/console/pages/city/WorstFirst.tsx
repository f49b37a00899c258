import { Link } from '@tanstack/react-router';
import { useState } from 'react';
import type { z } from 'zod';
import type { apiRanked } from '#protocols/api-four-hundred.ts';
import type { Item, Level } from '#protocols/four-hundred/answer.ts';
import { Answered } from '../../asking/Answered.tsx';
import { query } from '../../asking/ask.ts';
import { useAnswer } from '../../asking/use-answer.ts';
import { useSpeech } from '../../words/language.ts';
import { AnswerGlyph } from '../four-hundred/AnswerGlyph.tsx';
import { useCampuses } from '../four-hundred/use-campuses.ts';

const askEveryMs = 15_000;
/** Rows at first, and with each press of the button: nobody reads 2,000 at once. */
const atOnce = 30;

interface Props {
  item: Item;
  level: Level;
  county: string | null;
  title: string;
}

/** The campuses that are not yes in a cell, the worst first; each leads to its own page. */
export function WorstFirst({ item, level, county, title }: Props) {
  const speech = useSpeech();
  const { words } = speech;
  const [shown, show] = useState(atOnce);
  const { campuses } = useCampuses();
  const answer = useAnswer<{ items: z.infer<typeof apiRanked>[] }>(
    `four-hundred/ranking?${query({ item, level, county })}`,
    askEveryMs,
  );
  return (
    <section aria-label={words.cityWorstFirst}>
      <h2>
        {words.cityWorstFirst} <span className="beside">{title}</span>
      </h2>
      <Answered answer={answer}>
        {({ items }) => (
          <>
            {items.length === 0 && <p className="empty">{words.cityNobodyBehind}</p>}
            <ol className="city-worst">
              {items.slice(0, shown).map(({ campus, name, cell }) => (
                <li key={campus} data-campus={campus}>
                  <AnswerGlyph answer={cell.answer} />
                  <Link to="/four-hundred" search={{ campus, item, level }}>
                    {name ? speech.of(name) : (campuses.find(({ id }) => id === campus)?.name ?? campus)}
                  </Link>
                  <span>{words.fourHundredAnswer(cell.answer)}</span>
                  <small>
                    {words.cityOpenParts(String(cell.parts.of - cell.parts.yes), String(cell.parts.of))}
                  </small>
                </li>
              ))}
            </ol>
            {items.length > shown && (
              <button type="button" className="quiet" onClick={() => show(shown + atOnce)}>
                {words.fourHundredMore(String(items.length - shown))}
              </button>
            )}
          </>
        )}
      </Answered>
    </section>
  );
}
