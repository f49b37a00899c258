import { useState } from 'react';
import type { ApiAlertGroup } from '#protocols/api.ts';
import { StateGlyph } from '../../parts/StateGlyph.tsx';
import { alertMark } from '../../reading/states.ts';
import { timeOfDay } from '../../reading/times.ts';
import { useSpeech } from '../../words/language.ts';
import { AlertRow } from './AlertRow.tsx';

interface Props {
  group: ApiAlertGroup;
  now: number;
  onActed(): void;
}

/** Of a cause that few alerts came of all are shown at once. */
const shownAtOnce = 3;

/** One cause and the alerts that came of it; an alert that stands for itself has no line above it. */
export function AlertGroup({ group, now, onActed }: Props) {
  const speech = useSpeech();
  const { words } = speech;
  const { cause, alerts } = group;
  const [open, setOpen] = useState(alerts.length <= shownAtOnce);
  const [first] = alerts;
  if (first === undefined) return null;
  if (cause.kind === 'single') return <AlertRow alert={first} now={now} onActed={onActed} />;
  const list = `cause-${cause.key.replaceAll(/\W/g, '-')}`;
  return (
    <li className="alerts-cause" data-cause={cause.kind}>
      <button type="button" aria-expanded={open} aria-controls={list} onClick={() => setOpen(!open)}>
        <StateGlyph state={alertMark(first)} />
        <span className="alerts-text">
          {group.severity === 'critical' && (
            <strong className={`critical on-${alertMark(first)}`}>{words.critical}</strong>
          )}
          <strong>{speech.of(cause.text)}</strong>
          <small>
            {[words.alertsOfGroup(alerts.length), words.alertsDevices(group.devices)].join(' · ')}
          </small>
        </span>
        <time dateTime={new Date(group.opened_at).toISOString()}>
          {timeOfDay(group.opened_at, now, speech)}
        </time>
      </button>
      {open && (
        <ul id={list}>
          {alerts.map((alert) => (
            <AlertRow key={alert.id} alert={alert} now={now} onActed={onActed} />
          ))}
        </ul>
      )}
    </li>
  );
}
