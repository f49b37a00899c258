import { useState } from 'react';
import type { ApiDrill } from '#protocols/api-commands.ts';
import { Failure } from '../../asking/Answered.tsx';
import { useAct } from '../../asking/use-act.ts';
import { useLive } from '../../live.tsx';
import { useSpeech } from '../../words/language.ts';
import { campusesOf, devicesOf, gatewaysOf } from '../alerts/campuses.ts';
import { EndPicker } from '../alerts/EndPicker.tsx';

const minuteMs = 60_000;
/** The cloud takes 2 hours at most. */
const spans = [30 * minuteMs, 60 * minuteMs, 120 * minuteMs];

/** The form by which a drill of buttons is declared: which of them, until when, and why. */
export function DeclareDrill({ now, onDone }: { now: number; onDone(): void }) {
  const speech = useSpeech();
  const { words } = speech;
  const { view } = useLive();
  const act = useAct();
  const campuses = campusesOf(view, speech);
  const [chosenCampus, chooseCampus] = useState<string | null>(null);
  const [chosenGateway, chooseGateway] = useState<string | null>(null);
  const campus = chosenCampus ?? campuses[0]?.id ?? '';
  const gateways = gatewaysOf(view, campus);
  const gateway = chosenGateway ?? gateways[0] ?? '';
  const isButton = new Set(
    [...view.devices.values()].flatMap(({ kind, place }) =>
      kind === 'button' && place.gateway === gateway ? [place.device] : [],
    ),
  );
  const buttons = devicesOf(view, gateway, speech).filter(({ id }) => isButton.has(id));
  const [chosen, choose] = useState<ReadonlySet<string>>(new Set());
  const all = buttons.length > 0 && buttons.every(({ id }) => chosen.has(id));
  return (
    <form
      className="drills-form is-column"
      aria-label={words.drillDeclare}
      onSubmit={(event) => {
        event.preventDefault();
        const fields = new FormData(event.currentTarget);
        const body = {
          gateway,
          campus,
          devices: buttons.flatMap(({ id }) => (chosen.has(id) ? [id] : [])),
          to: Number(fields.get('until')),
          reason: fields.get('reason'),
        };
        void act.send<ApiDrill>('POST', 'drills', body, onDone);
      }}
    >
      <label>
        {words.fourHundredCampus}
        <select
          value={campus}
          onChange={({ currentTarget: { value } }) => {
            chooseCampus(value);
            chooseGateway(null);
            choose(new Set());
          }}
        >
          {campuses.map(({ id, name }) => (
            <option key={id} value={id}>
              {name}
            </option>
          ))}
        </select>
      </label>
      {gateways.length > 1 && (
        <label>
          {words.gateway}
          <select
            value={gateway}
            onChange={({ currentTarget: { value } }) => {
              chooseGateway(value);
              choose(new Set());
            }}
          >
            {gateways.map((id) => (
              <option key={id} value={id}>
                {words.alertGatewayNamed(id)}
              </option>
            ))}
          </select>
        </label>
      )}
      <fieldset>
        <legend>{words.drillButtons}</legend>
        {buttons.length === 0 && <p className="note">{words.drillNoButtons}</p>}
        {buttons.length > 1 && (
          <label className="drills-check">
            <input
              type="checkbox"
              checked={all}
              onChange={() => choose(new Set(all ? [] : buttons.map(({ id }) => id)))}
            />
            {words.drillEvery}
          </label>
        )}
        {buttons.map(({ id, name }) => (
          <label key={id} className="drills-check">
            <input
              type="checkbox"
              checked={chosen.has(id)}
              onChange={() => choose(chosen.symmetricDifference(new Set([id])))}
            />
            {name}
          </label>
        ))}
      </fieldset>
      <EndPicker spans={spans} from={now} />
      <label>
        {words.alertReason}
        <input name="reason" required maxLength={500} />
      </label>
      <button type="submit" className="main" disabled={act.busy || chosen.size === 0}>
        {words.drillDeclareDo}
      </button>
      {act.error && <Failure error={act.error} />}
    </form>
  );
}
