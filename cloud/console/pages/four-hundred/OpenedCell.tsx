import { useState } from 'react';
import type { z } from 'zod';
import type { ApiCell, apiParts, apiRepairs } from '#protocols/api-four-hundred.ts';
import type { ApiCampusMap } from '#protocols/api-inventory.ts';
import { rankOf } from '#protocols/four-hundred/answer.ts';
import { Answered } from '../../asking/Answered.tsx';
import { query } from '../../asking/ask.ts';
import { useAnswer } from '../../asking/use-answer.ts';
import { useLive } from '../../live.tsx';
import { useSpeech } from '../../words/language.ts';
import { History } from './History.tsx';
import { PartRow } from './PartRow.tsx';
import { subjectName } from './subject.ts';

const askEveryMs = 15_000;
/** Rows that are drawn at first; a campus has some hundred parts. */
const shownAtOnce = 50;
const hourMs = 3_600_000;

interface Props {
  campus: string;
  cell: ApiCell;
  part: string | undefined;
  at: number | undefined;
  /** UTC ms. */
  now: number;
  onPart(part: string | undefined): void;
}

/** One of the twelve cells, opened: its parts, the worst first, how it was, and what would put it right. */
export function OpenedCell({ campus, cell, part: opened, at, now, onPart }: Props) {
  const speech = useSpeech();
  const { words } = speech;
  const { devices } = useLive().view;
  const { item, level } = cell;
  const [shown, show] = useState(shownAtOnce);
  const parts = useAnswer<z.infer<typeof apiParts>>(
    `four-hundred/campuses/${campus}/parts?${query({ item, level, moment: at })}`,
    at === undefined ? askEveryMs : undefined,
  );
  const repairs = useAnswer<{ items: z.infer<typeof apiRepairs>[] }>(
    at === undefined ? `four-hundred/repairs?${query({ campus, item, level })}` : null,
    askEveryMs,
  );
  const map = useAnswer<ApiCampusMap>(`inventory/campuses/${campus}/map`);
  const names = map.state === 'asking' ? null : map.data;
  const title = words.fourHundredCell(words.fourHundredItem(item), words.fourHundredLevel(level));
  const to = Math.floor((at ?? now) / hourMs) * hourMs;
  return (
    <div className="fh-opened">
      <section aria-label={title}>
        <h2>
          <span>
            {title} <span className="beside">{words.fourHundredAnswer(cell.answer)}</span>
          </span>
          <span>{words.fourHundredShare(String(cell.parts.yes), String(cell.parts.of))}</span>
        </h2>
        {cell.answer !== 'yes' && cell.parts.yes === cell.parts.of && (
          <p className="note">{words.fourHundredNeedsLeft}</p>
        )}
        <Answered answer={parts}>
          {({ items }) => {
            const worst = items.toSorted((a, b) => rankOf(b.answer) - rankOf(a.answer));
            const listed = worst.filter(({ id }, i) => i < shown || id === opened);
            return (
              <>
                {items.length === 0 && <p className="empty">{words.fourHundredNoParts}</p>}
                <ul className="fh-parts">
                  {listed.map((part) => (
                    <PartRow
                      key={part.id}
                      campus={campus}
                      part={part}
                      name={subjectName(part.subject, names, devices, speech)}
                      at={at}
                      open={part.id === opened}
                      onToggle={() => onPart(part.id === opened ? undefined : part.id)}
                    />
                  ))}
                </ul>
                {items.length > listed.length && (
                  <button type="button" className="quiet" onClick={() => show(shown + shownAtOnce)}>
                    {words.fourHundredMore(String(items.length - listed.length))}
                  </button>
                )}
              </>
            );
          }}
        </Answered>
      </section>
      <div className="side">
        {at === undefined && (
          <section aria-label={words.fourHundredRepairs}>
            <h2>{words.fourHundredRepairs}</h2>
            <Answered answer={repairs}>
              {({ items }) => {
                const all = items.flatMap((one) => one.repairs);
                if (all.length === 0) return <p className="empty">{words.fourHundredNoRepairs}</p>;
                return (
                  <ol className="fh-repairs">
                    {all.slice(0, shown).map(({ subject, code, text, parts }) => (
                      <li key={`${code} ${parts.join()}`}>
                        <strong>{subjectName(subject, names, devices, speech)}</strong> {speech.of(text)}
                        <small>{words.fourHundredRepairParts(String(parts.length))}</small>
                      </li>
                    ))}
                  </ol>
                );
              }}
            </Answered>
          </section>
        )}
        <section aria-label={words.fourHundredPast48}>
          <h2>{words.fourHundredPast48}</h2>
          <History of={{ campus }} item={item} level={level} length="hour" from={to - 48 * hourMs} to={to} />
        </section>
      </div>
    </div>
  );
}
