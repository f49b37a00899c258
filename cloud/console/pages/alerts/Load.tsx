import type { z } from 'zod';
import type { apiAlertLoad } from '#protocols/api.ts';
import { Answered } from '../../asking/Answered.tsx';
import { useAnswer } from '../../asking/use-answer.ts';
import { useLive } from '../../live.tsx';
import { timeOfDay } from '../../reading/times.ts';
import { useSpeech } from '../../words/language.ts';

const askEveryMs = 60_000;
const height = 48;

/** How many alerts a person had to follow in each ten minutes of a day: noise is a fault of ours. */
export function Load() {
  const speech = useSpeech();
  const { words, locale } = speech;
  const { now } = useLive();
  const answer = useAnswer<z.infer<typeof apiAlertLoad>>('alerts/load', askEveryMs);
  const figure = new Intl.NumberFormat(locale, { maximumFractionDigits: 1 });
  return (
    <section aria-labelledby="alert-load">
      <h2 id="alert-load">{words.alertLoad}</h2>
      <Answered answer={answer}>
        {({ items, mean, most, floods, flood_from: floodFrom }) => {
          const all = items.reduce((sum, { opened }) => sum + opened, 0);
          const top = Math.max(floodFrom, most);
          const y = (opened: number) => height - (opened / top) * height;
          return (
            <>
              <svg
                className="alerts-load"
                viewBox={`0 0 ${items.length} ${height}`}
                preserveAspectRatio="none"
                role="img"
                aria-label={words.alertLoadSaid(all, figure.format(mean), most)}
              >
                <line x1={0} x2={items.length} y1={y(floodFrom - 1)} y2={y(floodFrom - 1)} />
                {items.map(
                  ({ at, opened }, i) =>
                    opened > 0 && (
                      <rect
                        key={at}
                        className={opened >= floodFrom ? 'is-flood' : undefined}
                        x={i}
                        width={0.85}
                        y={y(opened)}
                        height={height - y(opened)}
                      >
                        <title>{words.alertLoadBar(timeOfDay(at, now, speech), opened)}</title>
                      </rect>
                    ),
                )}
              </svg>
              <p>{words.alertLoadSaid(all, figure.format(mean), most)}</p>
              <p className="note">{floods === 0 ? words.alertLoadCalm : words.alertLoadFloods(floods)}</p>
            </>
          );
        }}
      </Answered>
    </section>
  );
}
