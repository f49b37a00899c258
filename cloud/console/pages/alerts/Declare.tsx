import { useState } from 'react';
import { Failure } from '../../asking/Answered.tsx';
import { useAct } from '../../asking/use-act.ts';
import { useLive } from '../../live.tsx';
import { useSpeech } from '../../words/language.ts';
import { campusesOf, devicesOf, gatewaysOf } from './campuses.ts';
import { EndPicker, localText } from './EndPicker.tsx';

const hourMs = 3_600_000;
/** The cloud takes 7 days at most. */
const spans = [2 * hourMs, 4 * hourMs, 8 * hourMs, 24 * hourMs, 72 * hourMs];

/** The form by which work on site is declared: where, from when, until when, and why. */
export function Declare({ now, onDone }: { now: number; onDone(): void }) {
  const speech = useSpeech();
  const { words } = speech;
  const { view } = useLive();
  const act = useAct();
  const campuses = campusesOf(view, speech);
  const [campus, setCampus] = useState(campuses[0]?.id ?? '');
  const [gateway, setGateway] = useState('');
  const [device, setDevice] = useState('');
  const [from, setFrom] = useState('');
  const begins = from === '' ? now : new Date(from).getTime();
  return (
    <form
      className="alerts-form"
      aria-label={words.alertDeclare}
      onSubmit={(event) => {
        event.preventDefault();
        const fields = new FormData(event.currentTarget);
        const body = {
          campus,
          ...(gateway !== '' && { gateway }),
          ...(device !== '' && { devices: [device] }),
          ...(from !== '' && { from: begins }),
          until: Number(fields.get('until')),
          reason: fields.get('reason'),
        };
        void act.send('POST', 'maintenance', body, onDone);
      }}
    >
      <label>
        {words.alertDeclareWhere}
        <select
          value={campus}
          autoFocus
          onChange={({ currentTarget: { value } }) => {
            setCampus(value);
            setGateway('');
            setDevice('');
          }}
        >
          {campuses.map(({ id, name }) => (
            <option key={id} value={id}>
              {name}
            </option>
          ))}
        </select>
        <select
          aria-label={words.gateway}
          value={gateway}
          onChange={({ currentTarget: { value } }) => {
            setGateway(value);
            setDevice('');
          }}
        >
          <option value="">{words.alertWholeCampus}</option>
          {gatewaysOf(view, campus).map((id) => (
            <option key={id} value={id}>
              {words.alertGatewayNamed(id)}
            </option>
          ))}
        </select>
        {gateway !== '' && (
          <select
            aria-label={words.otherDevice}
            value={device}
            onChange={({ currentTarget: { value } }) => setDevice(value)}
          >
            <option value="">{words.alertWholeGateway}</option>
            {devicesOf(view, gateway, speech).map(({ id, name }) => (
              <option key={id} value={id}>
                {name}
              </option>
            ))}
          </select>
        )}
      </label>
      <label>
        {words.alertStarts}
        <select
          value={from === '' ? 'now' : 'at'}
          onChange={({ currentTarget: { value } }) => setFrom(value === 'now' ? '' : localText(now + hourMs))}
        >
          <option value="now">{words.alertStartsNow}</option>
          <option value="at">{words.alertEndsAt}</option>
        </select>
        {from !== '' && (
          <input
            type="datetime-local"
            aria-label={words.alertStarts}
            value={from}
            min={localText(now)}
            onChange={({ currentTarget: { value } }) => setFrom(value)}
          />
        )}
      </label>
      <EndPicker spans={spans} from={begins} />
      <label>
        {words.alertReason}
        <input name="reason" required maxLength={500} />
      </label>
      <p>
        <button type="submit" className="main" disabled={act.busy || campus === ''}>
          {words.alertDeclare}
        </button>{' '}
        <button type="button" className="quiet" onClick={onDone}>
          {words.alertCancel}
        </button>
      </p>
      {act.error && <Failure error={act.error} />}
    </form>
  );
}
