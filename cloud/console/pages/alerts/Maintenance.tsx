import { useEffect, useState } from 'react';
import type { ApiMaintenance } from '#protocols/api.ts';
import { Answered, Failure } from '../../asking/Answered.tsx';
import { useAct } from '../../asking/use-act.ts';
import { useAnswer } from '../../asking/use-answer.ts';
import type { View } from '../../feed/store.ts';
import { useLive } from '../../live.tsx';
import { timeOfDay } from '../../reading/times.ts';
import { type Speech, useSpeech } from '../../words/language.ts';
import { campusesOf, devicesOf } from './campuses.ts';
import { Declare } from './Declare.tsx';

const askEveryMs = 30_000;

/** Declared work on site: what is on, what comes, and declaring more. */
export function Maintenance({ now }: { now: number }) {
  const speech = useSpeech();
  const { words } = speech;
  const { view, who } = useLive();
  const may = who !== null && who.kind !== 'open' && who.rights.includes('act');
  const act = useAct();
  const [declaring, setDeclaring] = useState(false);
  const answer = useAnswer<{ items: ApiMaintenance[] }>('maintenance', askEveryMs);
  const again = answer.state === 'asking' ? null : answer.again;
  useEffect(() => {
    again?.();
    // eslint-disable-next-line react-hooks/exhaustive-deps
  }, [view.alerts]);
  const at = (time: number) => timeOfDay(time, now, speech);
  return (
    <section aria-labelledby="alert-maintenance">
      <h2 id="alert-maintenance">{words.alertMaintenance}</h2>
      <Answered answer={answer}>
        {({ items }, renew) => (
          <>
            {items.length === 0 && !declaring && <p className="empty">{words.alertNoMaintenance}</p>}
            <ul className="alerts-windows">
              {items.map((window) => (
                <li key={window.id} data-maintenance={window.id}>
                  <p>
                    {whereOf(window, view, speech)}
                    <span className="beside">
                      {window.from > now ? words.alertAhead : words.alertUnderWay}
                    </span>
                  </p>
                  <p className="note">
                    {words.alertPlanned(at(window.from), at(window.until))} · {window.by} · {window.reason}
                  </p>
                  {may && (
                    <button
                      type="button"
                      className="quiet"
                      disabled={act.busy}
                      onClick={() => void act.send('POST', `maintenance/${window.id}/end`, {}, renew)}
                    >
                      {words.alertEndNow}
                    </button>
                  )}
                </li>
              ))}
            </ul>
            {may &&
              (declaring ? (
                <Declare
                  now={now}
                  onDone={() => {
                    setDeclaring(false);
                    renew();
                  }}
                />
              ) : (
                <button type="button" className="quiet" onClick={() => setDeclaring(true)}>
                  {words.alertDeclare}…
                </button>
              ))}
          </>
        )}
      </Answered>
      {act.error && <Failure error={act.error} />}
    </section>
  );
}

function whereOf({ campus, gateway, devices }: ApiMaintenance, view: View, speech: Speech): string {
  const { words } = speech;
  const name = campusesOf(view, speech).find(({ id }) => id === campus)?.name ?? campus;
  if (gateway === null) return `${name} · ${words.alertWholeCampus}`;
  if (devices === null) return `${name} · ${words.alertGatewayNamed(gateway)}`;
  const known = devicesOf(view, gateway, speech);
  return `${name} · ${devices.map((id) => known.find((one) => one.id === id)?.name ?? id).join(words.comma)}`;
}
