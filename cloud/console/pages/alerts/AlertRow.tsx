import { getRouteApi } from '@tanstack/react-router';
import type { ApiAlert } from '#protocols/api.ts';
import { StateGlyph } from '../../parts/StateGlyph.tsx';
import { alertMark } from '../../reading/states.ts';
import { duration, timeOfDay } from '../../reading/times.ts';
import { useSpeech } from '../../words/language.ts';
import { AlertActs } from './AlertActs.tsx';

const route = getRouteApi('/alerts');

interface Props {
  alert: ApiAlert;
  now: number;
  onActed(): void;
}

/** One alert; opened, its whole story and what may be done about it. Which one is open stands in the address. */
export function AlertRow({ alert, now, onActed }: Props) {
  const speech = useSpeech();
  const { words } = speech;
  const search = route.useSearch();
  const navigate = route.useNavigate();
  const open = search.alert === alert.id;
  const mark = alertMark(alert);
  const detail = `alert-${alert.id}`;
  function turn() {
    const { alert: _, ...others } = search;
    void navigate({ search: open ? others : { ...others, alert: alert.id }, replace: true });
  }
  return (
    <li className="alerts-row" data-alert={alert.id} data-alert-state={alert.state}>
      <button type="button" aria-expanded={open} aria-controls={detail} onClick={turn}>
        <StateGlyph state={mark} />
        <span className="alerts-text">
          {alert.closed_at === null && alert.severity === 'critical' && (
            <strong className={`critical on-${mark}`}>{words.critical}</strong>
          )}
          {alert.mode !== null && alert.mode !== 'real' && (
            <strong className="mode">{words[alert.mode]}</strong>
          )}
          {speech.of(alert.text)}
          <Attended alert={alert} now={now} />
        </span>
        <time dateTime={new Date(alert.opened_at).toISOString()}>
          {timeOfDay(alert.opened_at, now, speech)}
        </time>
      </button>
      {open && (
        <div className="alerts-detail" id={detail}>
          <dl>
            {factsOf().map(([name, value]) => (
              <div key={name}>
                <dt>{name}</dt>
                <dd>{value}</dd>
              </div>
            ))}
          </dl>
          <AlertActs alert={alert} now={now} onActed={onActed} />
        </div>
      )}
    </li>
  );

  function factsOf(): [string, string][] {
    const at = (time: number) => timeOfDay(time, now, speech);
    const { closed_at: closed, acknowledged, silenced, maintenance } = alert;
    const facts: ([string, string] | null)[] = [
      [words.alertOpened, at(alert.opened_at)],
      closed === null
        ? null
        : [
            words.alertOver,
            `${at(closed)} · ${words.alertLasted(duration(closed - alert.opened_at, speech))}`,
          ],
      alert.repeats > 0 ? [words.alertToldAgain, words.alertTimes(alert.repeats)] : null,
      alert.escalated > 0 ? [words.alertEscalated, words.alertTimes(alert.escalated)] : null,
      acknowledged && [
        words.alertTakenBy,
        [words.alertBySince(acknowledged.by, at(acknowledged.at)), acknowledged.note]
          .filter(Boolean)
          .join(' · '),
      ],
      silenced && [
        words.alertSilenced,
        `${words.alertQuietBy(silenced.by, at(silenced.until))} · ${silenced.reason}`,
      ],
      maintenance && [
        words.alertMaintained,
        `${words.alertQuietBy(maintenance.by, at(maintenance.until))} · ${maintenance.reason}`,
      ],
    ];
    return facts.filter((fact) => fact !== null);
  }
}

/** Who takes care, or keeps it quiet and until when, in a line below. */
function Attended({ alert, now }: { alert: ApiAlert; now: number }) {
  const speech = useSpeech();
  const { words } = speech;
  const at = (time: number) => timeOfDay(time, now, speech);
  const { acknowledged, silenced, maintenance } = alert;
  const said =
    alert.closed_at !== null
      ? words.recovered(at(alert.closed_at))
      : (maintenance &&
          `${words.alertMaintained} · ${words.alertQuietBy(maintenance.by, at(maintenance.until))}`) ||
        (silenced && `${words.alertSilenced} · ${words.alertQuietBy(silenced.by, at(silenced.until))}`) ||
        (acknowledged && `${words.alertTakenBy} ${acknowledged.by}`);
  return said ? <small>{said}</small> : null;
}
