import type { ApiDevice, ApiGateway } from '#protocols/api.ts';
import { campusName, deviceName, kindWord } from '../reading/places.ts';
import { deviceState, gatewayState, states } from '../reading/states.ts';
import { timeOfDay } from '../reading/times.ts';
import { useSpeech } from '../words/language.ts';
import { StateGlyph } from './StateGlyph.tsx';

/** Devices of one campus that are listed by name; the good ones beyond that are only counted. */
const shown = 24;

interface Props {
  devices: ReadonlyMap<string, ApiDevice>;
  gateways: ReadonlyMap<string, ApiGateway>;
  fresh: boolean;
  now: number;
}

/** Every device under its campus and gateway, the worst at the top. */
export function Devices({ devices, gateways, fresh, now }: Props) {
  const { words } = useSpeech();
  const groups = new Map<string, ApiDevice[]>();
  for (const device of devices.values()) {
    const { gateway } = device.place;
    groups.set(gateway, [...(groups.get(gateway) ?? []), device]);
  }
  return (
    <section aria-labelledby="devices">
      <h2 id="devices">{words.devices}</h2>
      {groups.size === 0 && <p className="empty">{words.noDevices}</p>}
      {[...groups].map(([id, members]) => (
        <Group
          key={id}
          members={members}
          gateway={[...gateways.values()].find((gateway) => gateway.gateway === id)}
          fresh={fresh}
          now={now}
        />
      ))}
    </section>
  );
}

interface GroupProps {
  members: ApiDevice[];
  gateway: ApiGateway | undefined;
  fresh: boolean;
  now: number;
}

function Group({ members, gateway, fresh, now }: GroupProps) {
  const speech = useSpeech();
  const { words } = speech;
  const worstFirst = members
    .map((device) => ({ device, state: deviceState(device, fresh), name: deviceName(device.place, speech) }))
    .sort(
      (a, b) =>
        states.indexOf(a.state) - states.indexOf(b.state) || a.name.localeCompare(b.name, speech.locale),
    );
  const listed = worstFirst.filter(({ state }, index) => index < shown || state !== 'good');
  const link = gateway ? gatewayState(gateway, fresh) : 'unknown';
  return (
    <div className="group">
      <h3>
        {campusName(members[0]!.place, speech)}
        <span className="beside" data-gateway={link}>
          {link !== 'good' && <StateGlyph state={link} />}
          {words.gateway} {words[link]}
        </span>
      </h3>
      <ul className="rows">
        {listed.map(({ device, state, name }) => (
          <li key={device.place.device} className="row" data-device={device.place.device} data-state={state}>
            <StateGlyph state={state} />
            <span className="row-name">
              {name}
              {kindWord(device.kind, speech) !== name && <small>{kindWord(device.kind, speech)}</small>}
            </span>
            <span className="row-figure">
              {device.listing !== 'listed' && `${words[device.listing]} · `}
              {words[state]}
            </span>
            {state !== 'good' && (
              <span className="row-detail">
                {fresh
                  ? [
                      device.reason && speech.of(device.reason),
                      words.since(timeOfDay(device.since, now, speech)),
                    ]
                      .filter((part) => part !== null)
                      .join(' · ')
                  : words.stale}
              </span>
            )}
          </li>
        ))}
      </ul>
      {listed.length < worstFirst.length && (
        <p className="note">{words.moreGood(worstFirst.length - listed.length)}</p>
      )}
    </div>
  );
}
