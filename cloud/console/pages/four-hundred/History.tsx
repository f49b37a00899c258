import type { z } from 'zod';
import type { apiHistory } from '#protocols/api-four-hundred.ts';
import { answers, type Item, type Level } from '#protocols/four-hundred/answer.ts';
import { Answered } from '../../asking/Answered.tsx';
import { query } from '../../asking/ask.ts';
import { useAnswer } from '../../asking/use-answer.ts';
import { type Speech, useSpeech } from '../../words/language.ts';
import { dayText, percentText, shortDayAndTime } from './figures.ts';

const height = 40;

interface Props {
  of: { campus?: string | undefined; county?: string | undefined };
  item: Item;
  level: Level;
  length: 'hour' | 'day';
  /** UTC ms, both whole minutes: what is asked stays the same for a while. */
  from: number;
  to: number;
}

/**
 * How long a cell had each answer, one bar for each stretch of time: what was yes at the bottom, the rest above it; what was
 * not measured is left blank.
 */
export function History({ of, item, level, length, from, to }: Props) {
  const speech = useSpeech();
  const { words } = speech;
  const answer = useAnswer<z.infer<typeof apiHistory>>(
    `four-hundred/history?${query({ ...of, item, level, length, from, to })}`,
  );
  return (
    <Answered answer={answer}>
      {({ items }) => {
        const spent = items.map((stretch) => stretch.spent_ms);
        const whole = spent.flatMap((one) => Object.values(one)).reduce((sum, ms) => sum + ms, 0);
        const yes = spent.reduce((sum, one) => sum + one.yes, 0);
        const said = words.fourHundredPastSaid(percentText(whole === 0 ? null : (100 * yes) / whole, speech));
        const ends = length === 'day' ? dayText : shortDayAndTime;
        return (
          <figure className="fh-history">
            <svg
              viewBox={`0 0 ${items.length * 10} ${height}`}
              preserveAspectRatio="none"
              role="img"
              aria-label={said}
            >
              {items.map((stretch, i) => {
                let top = height;
                const all = Object.values(stretch.spent_ms).reduce((sum, ms) => sum + ms, 0);
                return (
                  <g key={stretch.from}>
                    <title>
                      {words.fourHundredBar(ends(stretch.from, speech), shares(stretch.spent_ms, speech))}
                    </title>
                    {answers.map((one) => {
                      const share = all === 0 ? 0 : (height * stretch.spent_ms[one]) / all;
                      top -= share;
                      return share === 0 || one === 'not-measured' ? null : (
                        <rect
                          key={one}
                          className={`fh-bar is-${one}`}
                          x={i * 10 + 1}
                          y={top}
                          width="8"
                          height={share}
                        />
                      );
                    })}
                  </g>
                );
              })}
            </svg>
            <figcaption>
              <span>{items[0] && ends(items[0].from, speech)}</span>
              <span>{said}</span>
              <span>{items.length > 0 && ends(items.at(-1)!.to, speech)}</span>
            </figcaption>
          </figure>
        );
      }}
    </Answered>
  );
}

/** Each answer that held at all, with its share of the stretch. */
function shares(spent: z.infer<typeof apiHistory>['items'][number]['spent_ms'], speech: Speech): string {
  const all = Object.values(spent).reduce((sum, ms) => sum + ms, 0);
  return answers
    .filter((one) => spent[one] > 0)
    .map((one) => `${speech.words.fourHundredAnswer(one)} ${percentText((100 * spent[one]) / all, speech)}`)
    .join(speech.language === 'zh' ? '，' : ', ');
}
