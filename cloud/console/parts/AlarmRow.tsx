import type { ApiAlarm, ApiCentre } from '#protocols/api.ts';
import { furthest } from '../reading/alarms.ts';
import { campusName, deviceName, typeWord } from '../reading/places.ts';
import { duration, timeOfDay } from '../reading/times.ts';
import { useSpeech } from '../words/language.ts';
import { Pictures } from './Pictures.tsx';
import { Receipts } from './Receipts.tsx';
import { StateGlyph } from './StateGlyph.tsx';
import { Strip } from './Strip.tsx';
import { Waterfall } from './Waterfall.tsx';

interface Props {
  alarm: ApiAlarm;
  open: boolean;
  onOpen(): void;
  centres: ReadonlyMap<string, ApiCentre>;
  boundMs: number | null;
  now: number;
}

export function AlarmRow({ alarm, open, onOpen, centres, boundMs, now }: Props) {
  const speech = useSpeech();
  const { words } = speech;
  const delivered = alarm.state === 'delivered';
  const real = alarm.mode === 'real';
  const detail = `alarm-${alarm.id}`;
  return (
    <li className={open ? 'alarm is-open' : 'alarm'} data-alarm={alarm.id} data-mode={alarm.mode}>
      <button
        type="button"
        className="alarm-line"
        aria-expanded={open}
        aria-controls={detail}
        onClick={onOpen}
      >
        {real ? (
          <StateGlyph state="alarm" past={delivered} />
        ) : (
          <span className="mode" title={words.notReal(words[alarm.mode])}>
            {words[alarm.mode]}
          </span>
        )}
        <span className="alarm-where">
          <strong>{deviceName(alarm.place, speech)}</strong>
          <span>
            {campusName(alarm.place, speech)} · {typeWord(alarm.type, speech)}
          </span>
        </span>
        <time dateTime={new Date(alarm.occurred_at).toISOString()}>
          {timeOfDay(alarm.occurred_at, now, speech)}
        </time>
        <Strip alarm={alarm} />
        <span className={delivered ? 'alarm-110' : 'alarm-110 is-waiting'} data-delivered={delivered}>
          {alarm.late && <span className="tag">{words.late}</span>}
          {delivered
            ? words.centreHas(alarm.total_ms === null ? null : duration(alarm.total_ms, speech))
            : words.centreHasNot}
        </span>
      </button>
      {open && (
        <div className="alarm-detail" id={detail}>
          <Waterfall alarm={alarm} boundMs={boundMs} />
          <p className="note">
            {[
              real ? null : words.notReal(words[alarm.mode]),
              delivered ? null : words.reachedSoFar(words[furthest(alarm)]),
              lampWord(alarm, words),
              alarm.late ? words.lateLong : null,
              alarm.crossed_restart ? words.crossedRestart : null,
              words.point(alarm.account, String(alarm.zone).padStart(3, '0'), alarm.code),
            ]
              .filter((note) => note !== null)
              .join(' · ')}
          </p>
          <Pictures alarm={alarm} now={now} />
          <Receipts receipts={alarm.centres} centres={centres} now={now} />
        </div>
      )}
    </li>
  );
}

function lampWord(alarm: ApiAlarm, words: ReturnType<typeof useSpeech>['words']): string {
  switch (alarm.lamp) {
    case 'delivered':
      return words.lampDelivered;
    case 'received':
      return words.lampReceived;
    case 'failed':
      return words.lampFailed;
    case null:
      return words.lampWaiting;
  }
}
