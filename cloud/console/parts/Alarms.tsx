import { useState } from 'react';
import type { ApiAlarm } from '#protocols/api.ts';
import { newest } from '../reading/alarms.ts';
import { useSpeech } from '../words/language.ts';
import { AlarmRow } from './AlarmRow.tsx';

const shown = 12;

interface Props {
  alarms: ReadonlyMap<string, ApiAlarm>;
  boundMs: number | null;
  now: number;
}

/** The newest signals; the first stands open with its waterfall until the reader opens another. */
export function Alarms({ alarms, boundMs, now }: Props) {
  const { words } = useSpeech();
  const [chosen, choose] = useState<string | null>(null);
  const rows = newest(alarms.values(), shown);
  const open = rows.some((alarm) => alarm.id === chosen) ? chosen : rows[0]?.id;
  return (
    <section className="alarms" aria-labelledby="alarms">
      <h2 id="alarms">{words.newestAlarms}</h2>
      {rows.length === 0 && <p className="empty">{words.noAlarms}</p>}
      <ol>
        {rows.map((alarm) => (
          <AlarmRow
            key={alarm.id}
            alarm={alarm}
            open={alarm.id === open}
            onOpen={() => choose(alarm.id)}
            boundMs={boundMs}
            now={now}
          />
        ))}
      </ol>
    </section>
  );
}
