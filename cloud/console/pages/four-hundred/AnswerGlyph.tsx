import type { Answer } from '#protocols/four-hundred/answer.ts';
import { StateGlyph } from '../../parts/StateGlyph.tsx';
import type { State } from '../../reading/states.ts';

const states: Record<Exclude<Answer, 'not-measured'>, State> = {
  yes: 'good',
  maintenance: 'maintenance',
  unknown: 'unknown',
  no: 'fault',
};

/** The shape of an answer; what was not measured has one of its own, for nothing is wrong there. */
export function AnswerGlyph({ answer }: { answer: Answer }) {
  if (answer !== 'not-measured') return <StateGlyph state={states[answer]} />;
  return (
    <svg className="glyph is-unknown" viewBox="0 0 16 16" aria-hidden="true" data-state="not-measured">
      <path
        d="M3 2h10M3 14h10M4 2c0 4 3 4.5 4 6-1 1.5-4 2-4 6M12 2c0 4-3 4.5-4 6 1 1.5 4 2 4 6"
        fill="none"
        stroke="currentColor"
        strokeWidth="1.5"
      />
    </svg>
  );
}
