import type { ApiAlarm } from '#protocols/api.ts';
import { Alarms } from '../../parts/Alarms.tsx';
import { useLive } from '../../live.tsx';
import { useSpeech } from '../../words/language.ts';

const modes = ['real', 'test', 'drill', 'probe'] as const;

/** The newest signals of every mode, each with its waterfall, pictures and receipts. */
export function AlarmsPage() {
  const { view, now } = useLive();
  const { words } = useSpeech();
  const counts = modes.map((mode) => ({ mode, count: countOf(view.alarms.values(), mode) }));
  const said = counts.filter(({ count }) => count > 0).map(({ mode, count }) => `${words[mode]} ${count}`);
  return (
    <>
      <div className="sentence">
        <h1>{words.alarmsPage}</h1>
        <p>{said.length > 0 ? said.join(' · ') : words.noAlarms}</p>
      </div>
      <Alarms
        alarms={view.alarms}
        centres={view.centres}
        boundMs={view.latency?.figures.bound_ms ?? null}
        now={now}
        shown={100}
      />
    </>
  );
}

function countOf(alarms: Iterable<ApiAlarm>, mode: ApiAlarm['mode']): number {
  return [...alarms].filter((alarm) => alarm.mode === mode).length;
}
