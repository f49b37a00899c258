import type { ApiAlert } from '#protocols/api.ts';
import { alertMark } from '../reading/states.ts';
import { timeOfDay } from '../reading/times.ts';
import { useSpeech } from '../words/language.ts';
import { StateGlyph } from './StateGlyph.tsx';

const shown = 8;

/** Open alerts first, the worst and newest of them at the top; then the latest that are over. */
export function Alerts({ alerts, now }: { alerts: ReadonlyMap<string, ApiAlert>; now: number }) {
  const speech = useSpeech();
  const { words } = speech;
  const worstFirst = [...alerts.values()].sort((a, b) => rank(a) - rank(b) || b.opened_at - a.opened_at);
  return (
    <section aria-labelledby="alerts">
      <h2 id="alerts">{words.alerts}</h2>
      {worstFirst.length === 0 && <p className="empty">{words.noAlerts}</p>}
      <ul className="rows">
        {worstFirst.slice(0, shown).map((alert) => (
          <li
            key={alert.id}
            className={alert.closed_at === null ? 'row' : 'row is-over'}
            data-alert={alert.closed_at === null ? 'open' : 'closed'}
          >
            <StateGlyph state={alertMark(alert)} />
            <span className="row-name">
              {alert.closed_at === null && alert.severity === 'critical' && (
                <strong className={`critical on-${alertMark(alert)}`}>{words.critical}</strong>
              )}
              {speech.of(alert.text)}
            </span>
            <span className="row-detail">
              {timeOfDay(alert.opened_at, now, speech)}
              {alert.closed_at !== null && ` · ${words.recovered(timeOfDay(alert.closed_at, now, speech))}`}
            </span>
          </li>
        ))}
      </ul>
    </section>
  );
}

function rank(alert: ApiAlert): number {
  if (alert.closed_at !== null) return 2;
  return alert.severity === 'critical' ? 0 : 1;
}
