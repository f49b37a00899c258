import { useState } from 'react';
import { span } from '../../reading/times.ts';
import { useSpeech } from '../../words/language.ts';

interface Props {
  /** ms, the first is chosen. */
  spans: readonly number[];
  /** UTC ms from which they count. */
  from: number;
}

/** An end, by how long it is from now or by the clock: the field `until` of its form, UTC ms. */
export function EndPicker({ spans, from }: Props) {
  const speech = useSpeech();
  const { words } = speech;
  const [chosen, choose] = useState<number | null>(spans[0]!);
  const [at, setAt] = useState(() => localText(from + spans[0]!));
  const until = chosen === null ? new Date(at).getTime() : Math.round(from + chosen);
  return (
    <label>
      {words.alertEnds}
      <select
        value={chosen ?? ''}
        onChange={({ currentTarget: { value } }) => choose(value === '' ? null : Number(value))}
      >
        {spans.map((ms) => (
          <option key={ms} value={ms}>
            {words.alertEndsAfter(span(ms, speech))}
          </option>
        ))}
        <option value="">{words.alertEndsAt}</option>
      </select>
      {chosen === null && (
        <input
          type="datetime-local"
          aria-label={words.alertEndsAt}
          required
          value={at}
          min={localText(from)}
          onChange={({ currentTarget: { value } }) => setAt(value)}
        />
      )}
      <input type="hidden" name="until" value={until} />
    </label>
  );
}

/** UTC ms in the browser's zone, as its own field wants it. */
export function localText(at: number): string {
  const local = new Date(at - new Date(at).getTimezoneOffset() * 60_000);
  return local.toISOString().slice(0, 16);
}
