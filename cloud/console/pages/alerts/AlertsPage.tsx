import { getRouteApi, Link } from '@tanstack/react-router';
import { useEffect } from 'react';
import type { ApiAlertGroup } from '#protocols/api.ts';
import { Answered } from '../../asking/Answered.tsx';
import { useAnswer } from '../../asking/use-answer.ts';
import { useLive } from '../../live.tsx';
import { TheSentence } from '../../parts/TheSentence.tsx';
import { useSpeech } from '../../words/language.ts';
import { AlertGroup } from './AlertGroup.tsx';
import './alerts.css';
import { campusesOf } from './campuses.ts';
import { ClosedAlerts } from './ClosedAlerts.tsx';
import { Load } from './Load.tsx';
import { Maintenance } from './Maintenance.tsx';
import type { Shown } from './search.ts';
import { alertsSentence } from './sentence.ts';
import { countShown, groupsNow, groupsShown } from './shown.ts';
import { Silences } from './Silences.tsx';

const route = getRouteApi('/alerts');
/** A silence that runs out is told by no event. */
const askEveryMs = 30_000;
/** Several changes of one moment are one question. */
const settleMs = 300;

/** What is wrong, by what lies behind it, and who takes care of it. */
export function AlertsPage() {
  const { view, now } = useLive();
  const speech = useSpeech();
  const { words } = speech;
  const { state: shown = 'open', campus } = route.useSearch();
  const navigate = route.useNavigate();
  const answer = useAnswer<{ items: ApiAlertGroup[] }>('alerts/groups', askEveryMs);
  const again = answer.state === 'asking' ? null : answer.again;
  useEffect(() => {
    const timer = setTimeout(() => again?.(), settleMs);
    return () => clearTimeout(timer);
    // The question itself stays the same; what has changed is what it is about.
    // eslint-disable-next-line react-hooks/exhaustive-deps
  }, [view.alerts]);

  const empty: Record<Exclude<Shown, 'closed'>, string> = {
    open: words.alertsOpenEmpty,
    acknowledged: words.alertsAcknowledgedEmpty,
    quiet: words.alertsQuietEmpty,
  };
  return (
    <Answered answer={answer}>
      {({ items }, renew) => {
        const groups = groupsNow(items, view.alerts);
        const counts = countShown(groupsOf(groups, campus));
        const tabs: [Shown, string, number | null][] = [
          ['open', words.alertsOpen, counts.open],
          ['acknowledged', words.alertsAcknowledged, counts.acknowledged],
          ['quiet', words.alertsQuiet, counts.quiet],
          ['closed', words.alertsClosed, null],
        ];
        const listed = shown === 'closed' ? [] : groupsShown(groups, shown, campus);
        return (
          <>
            <TheSentence said={alertsSentence(groups, speech)} />
            <div className="alerts-filters">
              <nav aria-label={words.alertsShow}>
                {tabs.map(([state, name, count]) => (
                  <Link
                    key={state}
                    from="/alerts"
                    search={(now) => ({
                      ...(now.campus && { campus: now.campus }),
                      ...(state !== 'open' && { state }),
                    })}
                    activeOptions={{ exact: true, includeSearch: true }}
                    aria-current={state === shown ? 'true' : undefined}
                    className="alerts-tab"
                  >
                    {name}
                    {count !== null && <span className="alerts-count"> {count}</span>}
                  </Link>
                ))}
              </nav>
              <select
                aria-label={words.alertsCampus}
                className="choice"
                value={campus ?? ''}
                onChange={({ currentTarget: { value } }) =>
                  void navigate({
                    search: { ...(shown !== 'open' && { state: shown }), ...(value && { campus: value }) },
                  })
                }
              >
                <option value="">{words.alertsEveryCampus}</option>
                {campusesOf(view, speech).map(({ id, name }) => (
                  <option key={id} value={id}>
                    {name}
                  </option>
                ))}
              </select>
            </div>
            <div className="columns">
              <section aria-label={tabs.find(([state]) => state === shown)![1]}>
                {shown === 'closed' ? (
                  <ClosedAlerts campus={campus} now={now} />
                ) : (
                  <>
                    {listed.length === 0 && <p className="empty">{empty[shown]}</p>}
                    <ul className="alerts-list">
                      {listed.map((group) => (
                        <AlertGroup key={group.cause.key} group={group} now={now} onActed={renew} />
                      ))}
                    </ul>
                  </>
                )}
              </section>
              <div className="side">
                <Load />
                <Maintenance now={now} />
                <Silences now={now} renewed={view.alerts} />
              </div>
            </div>
          </>
        );
      }}
    </Answered>
  );
}

function groupsOf(groups: ApiAlertGroup[], campus: string | undefined): ApiAlertGroup[] {
  if (campus === undefined) return groups;
  return groups.map((group) => ({
    ...group,
    alerts: group.alerts.filter((alert) => alert.campus === campus),
  }));
}
