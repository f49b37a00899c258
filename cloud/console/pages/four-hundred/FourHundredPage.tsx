import { getRouteApi, Link } from '@tanstack/react-router';
import type { ApiVerdict } from '#protocols/api-four-hundred.ts';
import { type Item, items, type Level, rankOf } from '#protocols/four-hundred/answer.ts';
import { Answered, Failure, Progress } from '../../asking/Answered.tsx';
import { query } from '../../asking/ask.ts';
import { useAnswer } from '../../asking/use-answer.ts';
import { useLive } from '../../live.tsx';
import { TheSentence } from '../../parts/TheSentence.tsx';
import type { Sentence } from '../../reading/sentence.ts';
import { type Speech, useSpeech } from '../../words/language.ts';
import { localText } from '../alerts/EndPicker.tsx';
import { AnswerGlyph } from './AnswerGlyph.tsx';
import { dayAndTime } from './figures.ts';
import './four-hundred.css';
import { NoInventory } from './NoInventory.tsx';
import { OpenedCell } from './OpenedCell.tsx';
import { TwelveCells } from './TwelveCells.tsx';
import { useCampuses } from './use-campuses.ts';

const route = getRouteApi('/four-hundred');
const askEveryMs = 10_000;
const formats = ['csv', 'xlsx', 'json'] as const;

/** The four hundred of one campus: what is so, what each cell is made of, and what that rests on. */
export function FourHundredPage() {
  const speech = useSpeech();
  const { words } = speech;
  const { campus: wanted, item, level, part, at } = route.useSearch();
  const navigate = route.useNavigate();
  const { now } = useLive();
  const { answer, campuses } = useCampuses();
  const campus = wanted ?? campuses[0]?.id;
  const verdict = useAnswer<ApiVerdict>(
    campus === undefined ? null : `four-hundred/campuses/${campus}?${query({ moment: at })}`,
    at === undefined ? askEveryMs : undefined,
  );
  if (answer.state === 'asking') return <Progress />;
  if (answer.state === 'failed' && answer.data === null)
    return <Failure error={answer.error} again={answer.again} />;
  if (campus === undefined) return <NoInventory />;
  const name = campuses.find(({ id }) => id === campus)?.name ?? campus;
  const cellOf = (verdict: ApiVerdict, item: Item, level: Level) =>
    verdict.cells.find((cell) => cell.item === item && cell.level === level)!;

  return (
    <Answered answer={verdict}>
      {(found) => (
        <>
          <TheSentence said={campusSentence(found, name, speech)} />
          <div className="fh-filters">
            <label>
              {words.fourHundredCampus}
              <select
                value={campus}
                onChange={({ currentTarget: { value } }) =>
                  void navigate({ search: ({ part: _part, ...kept }) => ({ ...kept, campus: value }) })
                }
              >
                {campuses.map(({ id, name }) => (
                  <option key={id} value={id}>
                    {name}
                  </option>
                ))}
              </select>
            </label>
            <label>
              {words.fourHundredAt}
              <span className="fh-moment">
                <input
                  type="datetime-local"
                  value={localText(at ?? now)}
                  max={localText(now)}
                  onChange={({ currentTarget: { value } }) => {
                    const then = new Date(value).getTime();
                    if (then <= now) void navigate({ search: (kept) => ({ ...kept, at: then }) });
                  }}
                />
                {at !== undefined && (
                  <button
                    type="button"
                    className="quiet"
                    onClick={() => void navigate({ search: ({ at: _at, ...kept }) => kept })}
                  >
                    {words.fourHundredAtNow}
                  </button>
                )}
              </span>
            </label>
            <p className="fh-downloads">
              {words.fourHundredDownload}
              {formats.map((format) => (
                <a key={format} href={fileOf(found, format)} download={`${campus}.${format}`}>
                  {format.toUpperCase()}
                </a>
              ))}
            </p>
          </div>
          <section className="fh-verdict" aria-label={words.fourHundredTable}>
            <TwelveCells>
              {(one, other) => {
                const { answer, parts } = cellOf(found, one, other);
                const current = one === item && other === level;
                return (
                  <Link
                    from="/four-hundred"
                    search={({ part: _part, ...kept }) => ({ ...kept, item: one, level: other })}
                    resetScroll={false}
                    className="fh-cell"
                    data-answer={answer}
                    data-cell={`${one} ${other}`}
                    aria-current={current ? 'true' : undefined}
                  >
                    <AnswerGlyph answer={answer} />
                    <span>
                      {words.fourHundredAnswer(answer)}
                      <small>
                        {parts.of === 0
                          ? words.fourHundredNoParts
                          : words.fourHundredShare(String(parts.yes), String(parts.of))}
                      </small>
                    </span>
                  </Link>
                );
              }}
            </TwelveCells>
            <p className="note">
              {asOf(found, at !== undefined, speech)} {words.fourHundredMeaning}
            </p>
          </section>
          {item === undefined || level === undefined ? (
            <p className="empty fh-hint">{words.fourHundredOpen}</p>
          ) : (
            <OpenedCell
              key={`${campus} ${item} ${level}`}
              campus={campus}
              cell={cellOf(found, item, level)}
              part={part}
              at={at}
              now={now}
              onPart={(id) =>
                void navigate({
                  search: ({ part: _part, ...kept }) => ({ ...kept, ...(id !== undefined && { part: id }) }),
                  resetScroll: false,
                  replace: true,
                })
              }
            />
          )}
        </>
      )}
    </Answered>
  );
}

/** The same verdict again, whatever becomes known in the meantime. */
function fileOf({ campus, moment, as_of }: ApiVerdict, format: (typeof formats)[number]): string {
  const path = `/api/v1/four-hundred/campuses/${campus}`;
  return format === 'json'
    ? `${path}/parts?${query({ moment, as_of })}`
    : `${path}/export?${query({ moment, as_of, format })}`;
}

function asOf(
  { moment, as_of, revision, rules, inventory_version }: ApiVerdict,
  past: boolean,
  speech: Speech,
) {
  const { words, of } = speech;
  const time = (at: number) => dayAndTime(at, speech);
  const when = past ? words.fourHundredWhen(time(moment), time(as_of)) : words.fourHundredNow(time(moment));
  return [
    when,
    words.fourHundredRevision(String(revision)),
    words.fourHundredRules(of(rules.name), rules.version),
    ...(inventory_version === null ? [] : [words.fourHundredInventory(String(inventory_version))]),
  ].join(' · ');
}

/** What the reader came for: how many of the four hold, and the worst of those that do not. */
function campusSentence({ cells }: ApiVerdict, name: string, speech: Speech): Sentence {
  const { words } = speech;
  const end = speech.language === 'zh' ? '。' : '.';
  const behind = items.flatMap((item) => {
    const open = cells.filter((cell) => cell.item === item && cell.answer !== 'yes');
    return open.length === 0 ? [] : [open[0]!];
  });
  if (behind.length === 0) return { state: 'good', head: words.fourHundredAllUsable(name) + end, rest: null };
  const worst = behind.toSorted((a, b) => rankOf(b.answer) - rankOf(a.answer));
  return {
    state:
      worst[0]!.answer === 'no' ? 'fault' : worst[0]!.answer === 'maintenance' ? 'maintenance' : 'unknown',
    head: words.fourHundredNotUsable(name, String(behind.length)) + end,
    rest:
      worst
        .map(({ item, level, answer }) =>
          words.fourHundredWorst(
            words.fourHundredCell(words.fourHundredItem(item), words.fourHundredLevel(level)),
            words.fourHundredAnswer(answer),
          ),
        )
        .join(speech.language === 'zh' ? '；' : '; ') + end,
  };
}
