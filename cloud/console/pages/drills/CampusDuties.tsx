import { useState } from 'react';
import type { ApiDutiesOfCampus, ApiDuty } from '#protocols/api-four-hundred.ts';
import type { ApiCampusMap } from '#protocols/api-inventory.ts';
import { Answered, Failure } from '../../asking/Answered.tsx';
import { useAct } from '../../asking/use-act.ts';
import { useAnswer } from '../../asking/use-answer.ts';
import type { View } from '../../feed/store.ts';
import { useLive } from '../../live.tsx';
import { StateGlyph } from '../../parts/StateGlyph.tsx';
import type { State } from '../../reading/states.ts';
import { type Speech, useSpeech } from '../../words/language.ts';
import { localText } from '../alerts/EndPicker.tsx';
import { dayAndTime } from '../four-hundred/figures.ts';
import { subjectName } from '../four-hundred/subject.ts';

const glyphs: Record<ApiDuty['state'], State> = { done: 'good', due: 'unknown', overdue: 'fault' };

interface Props {
  duties: ApiDutiesOfCampus;
  name: string;
  now: number;
  mayAct: boolean;
  open: boolean;
  onToggle(): void;
  onRecorded(): void;
}

/** What one campus has to do; opened, each drill and test, and the form that records a drill. */
export function CampusDuties({ duties, name, now, mayAct, open, onToggle, onRecorded }: Props) {
  const speech = useSpeech();
  const { words } = speech;
  const { drill, tests } = duties;
  const worst =
    drill?.state === 'overdue' || tests.overdue > 0
      ? 'overdue'
      : drill?.state === 'due' || tests.due > 0
        ? 'due'
        : 'done';
  return (
    <li data-campus={duties.campus} data-duty={worst}>
      <button type="button" aria-expanded={open} onClick={onToggle}>
        <StateGlyph state={glyphs[worst]} />
        <span className="drills-text">
          {name}
          <small>
            {[
              ...(drill === null ? [] : [`${drillWord(drill, speech)} ${stateWord(drill.state, speech)}`]),
              words.drillTests(String(tests.done), String(tests.done + tests.due + tests.overdue)),
            ].join(' · ')}
          </small>
        </span>
        <span className="drills-state">{stateWord(worst, speech)}</span>
      </button>
      {open && <Opened campus={duties.campus} now={now} mayAct={mayAct} onRecorded={onRecorded} />}
    </li>
  );
}

function Opened({
  campus,
  now,
  mayAct,
  onRecorded,
}: Pick<Props, 'now' | 'mayAct' | 'onRecorded'> & { campus: string }) {
  const speech = useSpeech();
  const answer = useAnswer<{ items: ApiDuty[] }>(`four-hundred/campuses/${campus}/duties`);
  const map = useAnswer<ApiCampusMap>(`inventory/campuses/${campus}/map`);
  const { devices } = useLive().view;
  const names = map.state === 'asking' ? null : map.data;
  const urgency = (state: ApiDuty['state']) => ['overdue', 'due', 'done'].indexOf(state);
  return (
    <div className="drills-opened">
      <Answered answer={answer}>
        {({ items }, again) => (
          <>
            <ul className="drills-duties">
              {items
                .toSorted((a, b) => urgency(a.state) - urgency(b.state))
                .map((duty, i) => (
                  <li key={i} data-duty={duty.state}>
                    <StateGlyph state={glyphs[duty.state]} />
                    <span>{dutyName(duty, names, devices, speech)}</span>
                    <span className="drills-state">{stateWord(duty.state, speech)}</span>
                    <small>{when(duty, speech)}</small>
                  </li>
                ))}
            </ul>
            {mayAct && (
              <Record
                campus={campus}
                now={now}
                onDone={() => {
                  again();
                  onRecorded();
                }}
              />
            )}
          </>
        )}
      </Answered>
    </div>
  );
}

function Record({ campus, now, onDone }: { campus: string; now: number; onDone(): void }) {
  const { words } = useSpeech();
  const act = useAct();
  const [done, setDone] = useState(false);
  return (
    <form
      className="drills-form"
      aria-label={words.drillRecord}
      onSubmit={(event) => {
        event.preventDefault();
        const form = event.currentTarget;
        const fields = new FormData(form);
        const name = String(fields.get('name')).trim();
        const body = {
          held_at: new Date(String(fields.get('held_at'))).getTime(),
          ...(name !== '' && { name: { zh: name, en: name } }),
        };
        void act.send('POST', `four-hundred/campuses/${campus}/drills`, body, () => {
          setDone(true);
          onDone();
        });
      }}
    >
      <label>
        {words.drillHeldAt}
        <input
          type="datetime-local"
          name="held_at"
          required
          max={localText(now)}
          defaultValue={localText(now)}
        />
      </label>
      <label>
        {words.drillCalled}
        <input name="name" maxLength={100} />
      </label>
      <button type="submit" className="quiet" disabled={act.busy}>
        {words.drillRecordDo}
      </button>
      {done && !act.busy && !act.error && <span role="status">{words.drillRecorded}</span>}
      {act.error && <Failure error={act.error} />}
    </form>
  );
}

function stateWord(state: ApiDuty['state'], { words }: Speech): string {
  return { done: words.drillDone, due: words.drillDue, overdue: words.drillOverdue }[state];
}

function drillWord({ what }: ApiDuty, { words }: Speech): string {
  return 'drill' in what && what.drill === 'quarter' ? words.drillQuarterly : words.drillMonthly;
}

function dutyName(duty: ApiDuty, map: ApiCampusMap | null, devices: View['devices'], speech: Speech): string {
  const { what } = duty;
  if ('drill' in what) return drillWord(duty, speech);
  const { words } = speech;
  const test = words.drillTestOf(subjectName({ device: what.test }, map, devices, speech));
  return what.route === 'direct' ? `${test} · ${words.drillDirect}` : test;
}

function when({ by, state }: ApiDuty, speech: Speech): string {
  const { words } = speech;
  if (by === null) return words.drillNever;
  const time = dayAndTime(by, speech);
  if (state === 'overdue') return words.drillWasBy(time);
  return state === 'done' ? words.drillAgain(time) : words.drillBy(time);
}
