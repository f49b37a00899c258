import type { ApiAlarm } from '#protocols/api.ts';
import { placeName, typeWord } from '../reading/places.ts';
import { duration, stopwatch, timeOfDay } from '../reading/times.ts';
import { useSpeech } from '../words/language.ts';
import { Hops } from './Hops.tsx';
import { StateGlyph } from './StateGlyph.tsx';

/** The product's own default, for the moment before the cloud has said its bound. */
const defaultBoundMs = 2000;

interface Props {
  alarm: ApiAlarm;
  others: number;
  /** Time within which 110 should have answered; null while it is not known. */
  boundMs: number | null;
  /** UTC ms by the server's clock. */
  now: number;
  onFold(): void;
}

/**
 * The real alarm to look at first. It cannot be folded away before 110 has it, and from the bound on its not
 * being there is the largest thing on the page, with what a person can do about it.
 */
export function AlarmBand({ alarm, others, boundMs, now, onFold }: Props) {
  const speech = useSpeech();
  const { words } = speech;
  const delivered = alarm.state === 'delivered';
  const overdue =
    !delivered && now - alarm.received_at + alarm.age_at_first_byte_ms >= (boundMs ?? defaultBoundMs);
  return (
    <div className="band" role="alert" aria-atomic="false" data-band={alarm.id} data-overdue={overdue}>
      <p className="band-where">
        <StateGlyph state="alarm" />
        <strong>{words.alarm}</strong>
        <span>{placeName(alarm.place, speech)}</span>
        <span>{typeWord(alarm.type, speech)}</span>
        <span className="band-when" aria-live="off">
          {timeOfDay(alarm.occurred_at, now, speech)}　{words.elapsed(stopwatch(now - alarm.occurred_at))}
        </span>
      </p>
      <div className="band-answer">
        {delivered ? (
          <p className="band-110">
            {words.centreHas(alarm.total_ms === null ? null : duration(alarm.total_ms, speech))}
          </p>
        ) : (
          <p className={overdue ? 'band-110 is-overdue' : 'band-110'}>
            {overdue ? words.centreHasNot : words.sendingToCentre}
          </p>
        )}
        {overdue && <p className="band-call">{words.callByVoice}</p>}
      </div>
      <div className="band-foot">
        <Hops alarm={alarm} />
        {others > 0 && <a href="#alarms">{words.othersInAlarm(others)}</a>}
        {delivered && (
          <button type="button" onClick={onFold}>
            {words.fold}
          </button>
        )}
      </div>
    </div>
  );
}
