import { useLive } from '../../live.tsx';
import { Alarms } from '../../parts/Alarms.tsx';
import { Alerts } from '../../parts/Alerts.tsx';
import { Centres } from '../../parts/Centres.tsx';
import { Devices } from '../../parts/Devices.tsx';
import { Latency } from '../../parts/Latency.tsx';
import { StateCounts } from '../../parts/StateCounts.tsx';
import { TheSentence } from '../../parts/TheSentence.tsx';
import { sentence } from '../../reading/sentence.ts';
import { countByState } from '../../reading/states.ts';
import { useSpeech } from '../../words/language.ts';

export function Overview() {
  const { view, browserNow, now, fresh } = useLive();
  const said = sentence(view, now, browserNow, useSpeech());
  return (
    <>
      <TheSentence said={said} />
      {view.loaded && (
        <>
          <StateCounts counts={countByState(view.devices.values(), fresh)} />
          <div className="columns">
            <Alarms
              alarms={view.alarms}
              centres={view.centres}
              boundMs={view.latency?.figures.bound_ms ?? null}
              now={now}
              shown={12}
            />
            <div className="side">
              <Centres centres={view.centres} fresh={fresh} now={now} />
              <Latency latency={view.latency} now={browserNow} />
              <Alerts alerts={view.alerts} now={now} />
              <Devices devices={view.devices} gateways={view.gateways} fresh={fresh} now={now} />
            </div>
          </div>
        </>
      )}
    </>
  );
}
