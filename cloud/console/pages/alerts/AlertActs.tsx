import { useState } from 'react';
import { isAboutAlarm } from '#protocols/about-alarm.ts';
import type { ApiAlert } from '#protocols/api.ts';
import { Failure } from '../../asking/Answered.tsx';
import { useAct } from '../../asking/use-act.ts';
import { useWho } from '../../live.tsx';
import { useSpeech } from '../../words/language.ts';
import { EndPicker } from './EndPicker.tsx';

const hourMs = 3_600_000;
/** How long a silence may be chosen to last, ms; the cloud takes 30 days at most. */
const silenceSpans = [hourMs, 4 * hourMs, 24 * hourMs, 7 * 24 * hourMs];

/** Taking care of an alert, and keeping it quiet. */
export function AlertActs({ alert, now, onActed }: { alert: ApiAlert; now: number; onActed(): void }) {
  const { words } = useSpeech();
  const who = useWho();
  const act = useAct();
  const [silencing, setSilencing] = useState(false);
  if (alert.closed_at !== null) return null;
  if (!who?.rights.includes('act') || who.kind === 'open')
    return <p className="note">{words.alertReadOnly}</p>;

  const done = () => {
    setSilencing(false);
    onActed();
  };
  return (
    <div className="alerts-acts">
      {alert.acknowledged === null && (
        <form
          onSubmit={(event) => {
            event.preventDefault();
            const note = String(new FormData(event.currentTarget).get('note')).trim();
            void act.send('POST', `alerts/${alert.id}/acknowledge`, note === '' ? {} : { note }, done);
          }}
        >
          <label>
            {words.alertNote}
            <input name="note" maxLength={500} />
          </label>
          <button type="submit" className="main" disabled={act.busy}>
            {words.alertAcknowledge}
          </button>
        </form>
      )}
      {isAboutAlarm(alert) ? (
        <p className="note">{words.alertNeverQuiet}</p>
      ) : silencing ? (
        <form
          aria-label={words.alertSilenceTitle}
          onSubmit={(event) => {
            event.preventDefault();
            const fields = new FormData(event.currentTarget);
            const body = { until: Number(fields.get('until')), reason: fields.get('reason') };
            void act.send('POST', `alerts/${alert.id}/silence`, body, done);
          }}
        >
          <EndPicker spans={silenceSpans} from={now} />
          <label>
            {words.alertReason}
            <input name="reason" required maxLength={500} autoFocus />
          </label>
          <button type="submit" className="main" disabled={act.busy}>
            {words.alertSilence}
          </button>
          <button type="button" className="quiet" onClick={() => setSilencing(false)}>
            {words.alertCancel}
          </button>
        </form>
      ) : (
        alert.silenced === null && (
          <button type="button" className="quiet" onClick={() => setSilencing(true)}>
            {words.alertSilence}…
          </button>
        )
      )}
      {act.error && <Failure error={act.error} />}
    </div>
  );
}
