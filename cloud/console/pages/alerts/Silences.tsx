import { useEffect } from 'react';
import type { ApiSilence } from '#protocols/api.ts';
import { Answered, Failure } from '../../asking/Answered.tsx';
import { useAct } from '../../asking/use-act.ts';
import { useAnswer } from '../../asking/use-answer.ts';
import { useLive } from '../../live.tsx';
import { timeOfDay } from '../../reading/times.ts';
import { useSpeech } from '../../words/language.ts';
import { nameOfSubject } from './subject.ts';

const askEveryMs = 30_000;

/** What nobody is told of, by whom and until when. `renewed`: changes when it must be asked for again. */
export function Silences({ now, renewed }: { now: number; renewed: unknown }) {
  const speech = useSpeech();
  const { words } = speech;
  const { view, who } = useLive();
  const may = who !== null && who.kind !== 'open' && who.rights.includes('act');
  const act = useAct();
  const answer = useAnswer<{ items: ApiSilence[] }>('silences', askEveryMs);
  const again = answer.state === 'asking' ? null : answer.again;
  useEffect(() => {
    again?.();
    // eslint-disable-next-line react-hooks/exhaustive-deps
  }, [renewed]);
  return (
    <section aria-labelledby="alert-silences">
      <h2 id="alert-silences">{words.alertSilences}</h2>
      <Answered answer={answer}>
        {({ items }, renew) => (
          <>
            {items.length === 0 && <p className="empty">{words.alertNoSilences}</p>}
            <ul className="alerts-windows">
              {items.map((silence) => (
                <li key={silence.id} data-silence={silence.id}>
                  <p>{nameOfSubject(silence, view, speech)}</p>
                  <p className="note">
                    {words.alertQuietBy(silence.by, timeOfDay(silence.until, now, speech))} · {silence.reason}
                  </p>
                  {may && (
                    <button
                      type="button"
                      className="quiet"
                      disabled={act.busy}
                      onClick={() => void act.send('POST', `silences/${silence.id}/end`, {}, renew)}
                    >
                      {words.alertEndNow}
                    </button>
                  )}
                </li>
              ))}
            </ul>
          </>
        )}
      </Answered>
      {act.error && <Failure error={act.error} />}
    </section>
  );
}
