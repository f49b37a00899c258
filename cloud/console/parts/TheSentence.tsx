import type { Sentence } from '../reading/sentence.ts';
import { StateGlyph } from './StateGlyph.tsx';

export function TheSentence({ said }: { said: Sentence }) {
  return (
    <div className="sentence" data-state={said.state}>
      <h1>
        <StateGlyph state={said.state} />
        <span>{said.head}</span>
      </h1>
      {said.rest && <p>{said.rest}</p>}
    </div>
  );
}
