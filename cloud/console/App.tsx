import { useEffect, useSyncExternalStore } from 'react';
import type { ApiSession } from '#protocols/api-access.ts';
import type { ServerClock } from './feed/server-clock.ts';
import type { Store } from './feed/store.ts';
import { useFolded } from './folded.ts';
import { AlarmBand } from './parts/AlarmBand.tsx';
import { Alarms } from './parts/Alarms.tsx';
import { Alerts } from './parts/Alerts.tsx';
import { Bar } from './parts/Bar.tsx';
import { Centres } from './parts/Centres.tsx';
import { Devices } from './parts/Devices.tsx';
import { Latency } from './parts/Latency.tsx';
import { LostBanner } from './parts/LostBanner.tsx';
import { StateCounts } from './parts/StateCounts.tsx';
import { TheSentence } from './parts/TheSentence.tsx';
import { pressing } from './reading/alarms.ts';
import { placeName } from './reading/places.ts';
import { sentence } from './reading/sentence.ts';
import { countByState, isFresh } from './reading/states.ts';
import { useNow } from './use-now.ts';
import { useSpeech } from './words/language.ts';

interface Props {
  store: Store;
  clock: ServerClock;
  /** Null while the cloud has not said. */
  who: ApiSession['who'];
}

export function App({ store, clock, who }: Props) {
  const view = useSyncExternalStore(store.subscribe, store.get);
  const speech = useSpeech();
  const [folded, fold] = useFolded();
  const browserNow = useNow();
  const now = clock.at(browserNow);
  const fresh = isFresh(view, browserNow);
  const band = pressing(view, folded, now);
  const lost = view.link.state === 'lost';
  const said = sentence(view, now, browserNow, speech);

  const { words, locale } = speech;
  const [first] = band;
  useEffect(() => {
    document.documentElement.lang = locale;
    const inAlarm = first && `${words.alarm}: ${placeName(first.place, speech)}`;
    const title = (lost && words.lostShort) || inAlarm || said.head;
    document.title = `${title} – ${words.product}`;
  }, [locale, lost, first, said.head, speech, words]);

  return (
    <div className={lost ? 'page is-lost' : 'page'}>
      <LostBanner link={view.link} now={browserNow} />
      {first && (
        <AlarmBand
          alarm={first}
          others={band.length - 1}
          boundMs={view.latency?.figures.bound_ms ?? null}
          now={now}
          onFold={() => fold(band)}
        />
      )}
      <Bar link={view.link} who={who} />
      <main>
        <TheSentence said={said} />
        {view.loaded && (
          <>
            <StateCounts counts={countByState(view.devices.values(), fresh)} />
            <div className="columns">
              <Alarms
                alarms={view.alarms}
                centres={view.centres}
                boundMs={view.latency?.figures.bound_ms ?? null}
                now={now}
              />
              <div className="side">
                <Centres centres={view.centres} fresh={fresh} now={now} />
                <Latency latency={view.latency} now={browserNow} />
                <Alerts alerts={view.alerts} now={now} />
                <Devices devices={view.devices} gateways={view.gateways} fresh={fresh} now={now} />
              </div>
            </div>
          </>
        )}
      </main>
    </div>
  );
}
