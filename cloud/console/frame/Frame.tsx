import { Outlet, useLocation } from '@tanstack/react-router';
import { useEffect, useRef } from 'react';
import { useFolded } from '../folded.ts';
import { useLive } from '../live.tsx';
import { AlarmBand } from '../parts/AlarmBand.tsx';
import { Bar } from '../parts/Bar.tsx';
import { LostBanner } from '../parts/LostBanner.tsx';
import { pressing } from '../reading/alarms.ts';
import { placeName } from '../reading/places.ts';
import { sentence } from '../reading/sentence.ts';
import { useSpeech } from '../words/language.ts';
import { markTab } from './mark-tab.ts';
import { Navigation } from './Navigation.tsx';

/** What stands on every page: the loss of the connection, a real alarm, where one is, and the page in the middle. */
export function Frame() {
  const { view, browserNow, now, who } = useLive();
  const speech = useSpeech();
  const [folded, fold] = useFolded();
  const band = pressing(view, folded, now);
  const lost = view.link.state === 'lost';
  const said = sentence(view, now, browserNow, speech);

  const { words, locale } = speech;
  const [first] = band;
  const inAlarm = first ? `${words.alarm}: ${placeName(first.place, speech)}` : null;
  const title = (lost && words.lostShort) || inAlarm || said.head;
  useEffect(() => {
    document.documentElement.lang = locale;
    markTab(`${title} – ${words.product}`, inAlarm !== null);
  }, [locale, title, words, inAlarm]);

  // A new page begins at its beginning, for a keyboard and for a screen reader too; the first one is where it is.
  const { pathname } = useLocation();
  const before = useRef(pathname);
  useEffect(() => {
    if (before.current === pathname) return;
    before.current = pathname;
    document.getElementById('page')?.focus({ preventScroll: true });
  }, [pathname]);

  return (
    <div className={lost ? 'page is-lost' : 'page'}>
      <a className="skip" href="#page">
        {words.skipToPage}
      </a>
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
      <div className="frame">
        <Navigation />
        <main id="page" tabIndex={-1}>
          <Outlet />
        </main>
      </div>
    </div>
  );
}
