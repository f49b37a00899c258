import { useState } from 'react';
import type { z } from 'zod';
import type { ApiChannel, apiChannelTrial } from '#protocols/api.ts';
import { Answered, Failure } from '../../asking/Answered.tsx';
import { useAct } from '../../asking/use-act.ts';
import { useAnswer } from '../../asking/use-answer.ts';
import { duration } from '../../reading/times.ts';
import { useSpeech } from '../../words/language.ts';

/** The other side may be slow to answer, ms. */
const trialMs = 60_000;

/** The ways by which people are told, each with a trial. */
export function Channels() {
  const speech = useSpeech();
  const { words } = speech;
  const answer = useAnswer<{ items: ApiChannel[] }>('channels');
  const act = useAct(trialMs);
  const [tried, setTried] = useState<{ id: string; said: string } | null>(null);
  function show(id: string, trial: z.infer<typeof apiChannelTrial>) {
    const { ok, answer, took_ms } = trial;
    const said = ok ? words.channelTook(answer, duration(took_ms, speech)) : words.channelFailed(answer);
    setTried({ id, said });
  }
  return (
    <section aria-labelledby="channels">
      <h2 id="channels">{words.channelsTitle}</h2>
      <Answered answer={answer}>
        {({ items }) => (
          <>
            {items.length === 0 && <p className="empty">{words.channelsEmpty}</p>}
            <ul className="settings-rows">
              {items.map(({ id }) => (
                <li key={id} data-channel={id}>
                  <span>{id}</span>
                  <button
                    type="button"
                    className="quiet"
                    disabled={act.busy}
                    onClick={() =>
                      void act.send(
                        'POST',
                        `channels/${id}/test`,
                        {},
                        (trial: z.infer<typeof apiChannelTrial>) => show(id, trial),
                      )
                    }
                  >
                    {words.channelTest}
                  </button>
                  {tried?.id === id && (
                    <p className="note" role="status">
                      {tried.said}
                    </p>
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
