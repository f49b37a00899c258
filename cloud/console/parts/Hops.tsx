import type { ApiAlarm } from '#protocols/api.ts';
import { hops } from '../reading/alarms.ts';
import { duration } from '../reading/times.ts';
import { useSpeech } from '../words/language.ts';

/** The path as people think of it, filling as the alarm goes along it: finger, gateway, cloud, 110, lamp. */
export function Hops({ alarm }: { alarm: ApiAlarm }) {
  const speech = useSpeech();
  const { words } = speech;
  const name = {
    press: words.pressed,
    gateway: words.gateway,
    cloud: words.cloud,
    centre: words.centre,
    lamp: words.lampHop,
  };
  return (
    <ol className="hops">
      {hops(alarm).map((hop) => (
        <li key={hop.name} data-hop={hop.name} className={hop.reached ? 'is-reached' : undefined}>
          <svg viewBox="0 0 12 12" aria-hidden="true">
            <circle cx="6" cy="6" r="5" fill={hop.reached ? 'currentColor' : 'none'} stroke="currentColor" />
          </svg>
          <span>{name[hop.name]}</span>
          {!hop.reached && <span>{words.stageWaiting}</span>}
          {hop.reached && hop.ms !== null && hop.ms > 0 && <span>{duration(hop.ms, speech)}</span>}
        </li>
      ))}
    </ol>
  );
}
