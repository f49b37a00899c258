import type { ApiDrill } from '#protocols/api-commands.ts';
import { Answered, Failure } from '../../asking/Answered.tsx';
import { useAct } from '../../asking/use-act.ts';
import { useAnswer } from '../../asking/use-answer.ts';
import { duration, timeOfDay } from '../../reading/times.ts';
import { type Speech, useSpeech } from '../../words/language.ts';

const askEveryMs = 5_000;

/** The drills of buttons that were declared, the newest first, with what came of each press. */
export function DeclaredDrills({ now, mayAct }: { now: number; mayAct: boolean }) {
  const speech = useSpeech();
  const { words } = speech;
  const act = useAct();
  const answer = useAnswer<{ items: ApiDrill[] }>('drills?limit=20', askEveryMs);
  return (
    <section aria-label={words.drillList}>
      <h2>{words.drillList}</h2>
      <Answered answer={answer}>
        {({ items }, again) => (
          <>
            {items.length === 0 && <p className="empty">{words.drillListEmpty}</p>}
            <ul className="drills-declared">
              {items.map((drill) => (
                <li key={drill.id} data-drill={drill.state}>
                  <p className="drills-head">
                    <span>
                      {words.drillSpan(timeOfDay(drill.from, now, speech), timeOfDay(drill.to, now, speech))}
                    </span>
                    <b>{stateWord(drill, speech)}</b>
                  </p>
                  <p className="note">{words.drillSaidBy(drill.by, drill.reason)}</p>
                  {drill.refused !== null && <p className="note">{drill.refused}</p>}
                  <ul>
                    {drill.devices.map((device) => (
                      <li key={device.device}>
                        {device.device_name ? speech.of(device.device_name) : device.device}
                        <small>{resultOf(device, speech)}</small>
                      </li>
                    ))}
                  </ul>
                  {mayAct && (drill.state === 'declared' || drill.state === 'confirmed') && (
                    <button
                      type="button"
                      className="quiet"
                      disabled={act.busy}
                      onClick={() => void act.send('POST', `drills/${drill.id}/end`, {}, again)}
                    >
                      {words.drillEnd}
                    </button>
                  )}
                </li>
              ))}
            </ul>
            {act.error && <Failure error={act.error} />}
          </>
        )}
      </Answered>
    </section>
  );
}

function stateWord({ state }: ApiDrill, { words }: Speech): string {
  const all: Record<ApiDrill['state'], string> = {
    declared: words.drillDeclared,
    confirmed: words.drillConfirmed,
    refused: words.drillRefused,
    over: words.drillOver,
  };
  return all[state];
}

function resultOf(
  { presses, delivered, real, slowest_ms }: ApiDrill['devices'][number],
  speech: Speech,
): string {
  const { words } = speech;
  const pressed = presses === 0 ? words.drillNoPress : words.drillPresses(String(presses), String(delivered));
  return [
    pressed,
    ...(slowest_ms === null ? [] : [words.drillSlowest(duration(slowest_ms, speech))]),
    ...(real === 0 ? [] : [words.drillReal(String(real))]),
  ].join(' · ');
}
