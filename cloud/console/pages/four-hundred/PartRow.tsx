import type { z } from 'zod';
import type { apiEvidence, ApiPart } from '#protocols/api-four-hundred.ts';
import { Answered } from '../../asking/Answered.tsx';
import { query } from '../../asking/ask.ts';
import { useAnswer } from '../../asking/use-answer.ts';
import { useSpeech } from '../../words/language.ts';
import { AnswerGlyph } from './AnswerGlyph.tsx';
import { evidenceSaid } from './evidence.ts';
import { dayAndTime } from './figures.ts';

/** Evidence that is known so soon after it happened needs no second time beside it, ms. */
const soonMs = 60_000;

interface Props {
  campus: string;
  part: ApiPart;
  name: string;
  /** UTC ms of the verdict; undefined: now. */
  at: number | undefined;
  open: boolean;
  onToggle(): void;
}

/** A part of a cell: what it is, what is judged of it and why; opened, the evidence that it rests on. */
export function PartRow({ campus, part, name, at, open, onToggle }: Props) {
  const speech = useSpeech();
  const { words } = speech;
  return (
    <li className="fh-part" data-part={part.id} data-answer={part.answer}>
      <button type="button" aria-expanded={open} onClick={onToggle}>
        <AnswerGlyph answer={part.answer} />
        <span className="fh-part-text">
          <span className="fh-part-name">
            {words.fourHundredKind(part.kind)}
            {name !== '' && ` · ${name}`}
          </span>
          <small>{speech.of(part.text)}</small>
        </span>
        <span className="fh-part-answer">{words.fourHundredAnswer(part.answer)}</span>
      </button>
      {open && <EvidenceList campus={campus} part={part} at={at} />}
    </li>
  );
}

function EvidenceList({ campus, part, at }: Pick<Props, 'campus' | 'part' | 'at'>) {
  const speech = useSpeech();
  const { words } = speech;
  const { item, level, id } = part;
  const answer = useAnswer<z.infer<typeof apiEvidence>>(
    `four-hundred/campuses/${campus}/evidence?${query({ item, level, part: id, moment: at })}`,
  );
  return (
    <div className="fh-evidence">
      <h4>{words.fourHundredEvidence}</h4>
      <Answered answer={answer}>
        {({ items }) =>
          items.length === 0 ? (
            <p className="empty">{words.fourHundredNoEvidence}</p>
          ) : (
            <ul>
              {items.map((piece) => (
                <li key={`${piece.kind} ${piece.id}`} data-evidence={piece.kind}>
                  <time dateTime={new Date(piece.at).toISOString()}>{dayAndTime(piece.at, speech)}</time>
                  <span>
                    {evidenceSaid(piece, speech)}
                    {piece.known_at - piece.at > soonMs && (
                      <small> {words.evidenceKnown(dayAndTime(piece.known_at, speech))}</small>
                    )}
                  </span>
                </li>
              ))}
            </ul>
          )
        }
      </Answered>
    </div>
  );
}
