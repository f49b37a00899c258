import { states } from '../reading/states.ts';
import type { State } from '../reading/states.ts';
import { useSpeech } from '../words/language.ts';
import { StateGlyph } from './StateGlyph.tsx';

/** The legend and the count in one: what is not there stays pale. */
export function StateCounts({ counts }: { counts: Record<State, number> }) {
  const { words } = useSpeech();
  return (
    <ul className="counts" aria-label={words.devicesByState}>
      {states.map((state) => (
        <li key={state} className={counts[state] === 0 ? 'is-none' : undefined} data-count={state}>
          <StateGlyph state={state} />
          <span className="count">{counts[state]}</span>
          <span>{words[state]}</span>
        </li>
      ))}
    </ul>
  );
}
