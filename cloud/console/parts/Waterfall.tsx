import type { ApiAlarm } from '#protocols/api.ts';
import { waterfall } from '../reading/alarms.ts';
import { placeName } from '../reading/places.ts';
import { duration, limit } from '../reading/times.ts';
import { useSpeech } from '../words/language.ts';

/** Every step of one press on one axis that begins at the finger, with ms on each. */
export function Waterfall({ alarm, boundMs }: { alarm: ApiAlarm; boundMs: number | null }) {
  const speech = useSpeech();
  const { words } = speech;
  const { steps, end } = waterfall(alarm);
  // What lies before a step that was reached is not to come: it was passed untimed, or by another way.
  const last = steps.findLastIndex(({ at }) => at !== null);
  const full = Math.max(end, 1e-6);
  const share = (ms: number) => `${((ms / full) * 100).toFixed(3)}%`;
  return (
    <table className="waterfall" aria-label={words.waterfallOf(placeName(alarm.place, speech))}>
      <tbody>
        {steps.map(({ name, at }, index) => (
          <tr key={name} data-stage={name} className={at ? undefined : 'is-waiting'}>
            <th scope="row">{words[name]}</th>
            <td className="bar-cell">
              {at && (
                <svg aria-hidden="true">
                  <rect
                    className={`step step-${name}`}
                    x={share(at.from)}
                    y="5"
                    width={share(at.to - at.from)}
                    height="8"
                    rx="1"
                  />
                  <rect
                    className={`step step-${name}`}
                    x={`calc(${share(at.to)} - 2px)`}
                    y="3"
                    width="2"
                    height="12"
                  />
                </svg>
              )}
            </td>
            <td className="took">{at && `+${duration(at.to - at.from, speech)}`}</td>
            <td className="at">{at ? duration(at.to, speech) : index < last ? '—' : words.stageWaiting}</td>
          </tr>
        ))}
      </tbody>
      <tfoot>
        <tr>
          <th scope="row">{words.total}</th>
          <td className="bar-cell">{boundMs !== null && words.bound(limit(boundMs, speech))}</td>
          <td className="took" />
          <td className="at" data-total>
            {alarm.total_ms === null ? words.stageWaiting : duration(alarm.total_ms, speech)}
          </td>
        </tr>
      </tfoot>
    </table>
  );
}
