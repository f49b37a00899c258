import { useState } from 'react';
import type { ApiAlarm, ApiCentre } from '#protocols/api.ts';
import { newest } from '../reading/alarms.ts';
import { useSpeech } from '../words/language.ts';
import { AlarmRow } from './AlarmRow.tsx';

interface Props {
  alarms: ReadonlyMap<string, ApiAlarm>;
  centres: ReadonlyMap<string, ApiCentre>;
  boundMs: number | null;
  now: number;
  /** How many of the newest. */
  shown: number;
}

/** The newest signals; one stands open with its waterfall: what 110 does not have, else the newest. */
export function Alarms({ alarms, centres, boundMs, now, shown }: Props) {
  const { words } = useSpeech();
  const [chosen, choose] = useState<string | null>(null);
  const rows = newest(alarms.values(), shown);
  const waiting = rows.findLast((alarm) => alarm.mode === 'real' && alarm.state !== 'delivered');
  const open = rows.some((alarm) => alarm.id === chosen) ? chosen : (waiting ?? rows[0])?.id;
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
            centres={centres}
            boundMs={boundMs}
            now={now}
          />
        ))}
      </ol>
    </section>
  );
}
