import { type FormEvent, useState } from 'react';
import type { ApiReport } from '#protocols/api-four-hundred.ts';
import { Answered, Failure } from '../../asking/Answered.tsx';
import { useAct } from '../../asking/use-act.ts';
import { useAnswer } from '../../asking/use-answer.ts';
import { useLive, useWho } from '../../live.tsx';
import { TheSentence } from '../../parts/TheSentence.tsx';
import { useSpeech } from '../../words/language.ts';
import { dayAndTime } from '../four-hundred/figures.ts';
import { useCampuses } from '../four-hundred/use-campuses.ts';
import './reports.css';

/** A large city is judged campus by campus, ms. */
const patienceMs = 120_000;
const formats = ['csv', 'xlsx', 'json'] as const;

/** The monthly pictures: making one, and those that were made, each as a page that prints and as files. */
export function ReportsPage() {
  const speech = useSpeech();
  const { words } = speech;
  const { now } = useLive();
  const who = useWho();
  const { campuses } = useCampuses();
  const act = useAct(patienceMs);
  const answer = useAnswer<{ items: ApiReport[] }>('four-hundred/reports');
  const [made, setMade] = useState<number | null>(null);
  const mayAct = who?.rights.includes('act') ?? false;
  const mayCity = who !== null && who.campuses === null;
  const end = speech.language === 'zh' ? '。' : '.';
  const nameOf = (campus: string | null) =>
    campus === null ? words.reportCity : (campuses.find(({ id }) => id === campus)?.name ?? campus);

  function make(event: FormEvent<HTMLFormElement>, again: () => void): void {
    event.preventDefault();
    const fields = new FormData(event.currentTarget);
    const campus = String(fields.get('campus'));
    const body = { month: fields.get('month'), ...(campus !== '' && { campus }) };
    void act.send<ApiReport>('POST', 'four-hundred/reports', body, ({ id }) => {
      setMade(id);
      again();
    });
  }

  return (
    <Answered answer={answer}>
      {({ items }, again) => (
        <>
          <TheSentence
            said={{
              state: 'good',
              head: (items.length === 0 ? words.reportsNone : words.reportsSaid(String(items.length))) + end,
              rest: words.reportsNote,
            }}
          />
          <div className="columns">
            <section aria-label={words.reportList}>
              <h2>{words.reportList}</h2>
              {items.length === 0 && <p className="empty">{words.reportEmpty}</p>}
              <ul className="reports-list">
                {items.map(({ id, campus, month, made_at, page }) => (
                  <li key={id} data-report={id} data-new={id === made}>
                    <a href={`${page}?lang=${speech.language}`} target="_blank" rel="noreferrer">
                      {words.reportOpen(nameOf(campus), month)}
                    </a>
                    <small>{words.reportMadeAt(dayAndTime(made_at, speech))}</small>
                    <span className="reports-files">
                      {formats.map((format) => (
                        <a
                          key={format}
                          href={`/api/v1/four-hundred/reports/${id}?format=${format}`}
                          download
                          aria-label={words.reportFile(format.toUpperCase())}
                        >
                          {format.toUpperCase()}
                        </a>
                      ))}
                    </span>
                  </li>
                ))}
              </ul>
            </section>
            <section aria-label={words.reportMake}>
              <h2>{words.reportMake}</h2>
              {mayAct ? (
                <form className="reports-form" onSubmit={(event) => make(event, again)}>
                  <label>
                    {words.reportOf}
                    <select name="campus">
                      {mayCity && <option value="">{words.reportCity}</option>}
                      {campuses.map(({ id, name }) => (
                        <option key={id} value={id}>
                          {name}
                        </option>
                      ))}
                    </select>
                  </label>
                  <label>
                    {words.reportMonth}
                    <input
                      type="month"
                      name="month"
                      required
                      max={monthOf(now)}
                      defaultValue={monthOf(now)}
                    />
                  </label>
                  <button type="submit" className="main" disabled={act.busy}>
                    {words.reportMakeDo}
                  </button>
                  {act.busy && (
                    <p className="note" role="status">
                      <progress aria-label={words.reportMaking} /> {words.reportMaking}
                    </p>
                  )}
                  {act.error && <Failure error={act.error} />}
                </form>
              ) : (
                <p className="note">{words.drillReadOnly}</p>
              )}
            </section>
          </div>
        </>
      )}
    </Answered>
  );
}

/** As the API takes it: of China Standard Time, by which the months of reports go. */
function monthOf(at: number): string {
  return new Date(at + 8 * 3_600_000).toISOString().slice(0, 7);
}
