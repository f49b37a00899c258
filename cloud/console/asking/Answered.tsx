import { type ReactNode, useEffect, useState } from 'react';
import { useSpeech } from '../words/language.ts';
import { Refused } from './ask.ts';
import type { Answer } from './use-answer.ts';

/** What takes less than this needs no word of its own, ms. */
const quietMs = 1000;

/** Says that something is under way, once it has lasted a second. */
export function Progress() {
  const { words } = useSpeech();
  const [late, setLate] = useState(false);
  useEffect(() => {
    const timer = setTimeout(() => setLate(true), quietMs);
    return () => clearTimeout(timer);
  }, []);
  return (
    <p className="progress" role="status">
      {late && (
        <>
          <progress aria-label={words.reading} /> {words.reading}
        </>
      )}
    </p>
  );
}

/** What went wrong, in the cloud's own words where it has said any, and a way to try again. */
export function Failure({ error, again }: { error: Error; again?: () => void }) {
  const { words } = useSpeech();
  return (
    <p className="failure" role="alert">
      <span>{error instanceof Refused ? words.refused(error.message) : words.noAnswer}</span>
      {again && (
        <button type="button" className="quiet" onClick={again}>
          {words.tryAgain}
        </button>
      )}
    </p>
  );
}

/** Shows an answer: progress until it is there, the failure when there is none, and else what `children` make of it. */
export function Answered<T>({
  answer,
  children,
}: {
  answer: Answer<T>;
  children: (data: T, again: () => void) => ReactNode;
}) {
  if (answer.state === 'asking') return <Progress />;
  if (answer.state === 'answered') return children(answer.data, answer.again);
  return (
    <>
      <Failure error={answer.error} again={answer.again} />
      {answer.data !== null && children(answer.data, answer.again)}
    </>
  );
}
