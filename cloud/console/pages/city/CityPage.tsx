import { getRouteApi, Link } from '@tanstack/react-router';
import type { ApiCityVerdict, ApiRollup } from '#protocols/api-four-hundred.ts';
import { type Item, items, type Level, levels } from '#protocols/four-hundred/answer.ts';
import { Refused } from '../../asking/ask.ts';
import { Answered } from '../../asking/Answered.tsx';
import { useAnswer } from '../../asking/use-answer.ts';
import { useLive } from '../../live.tsx';
import { TheSentence } from '../../parts/TheSentence.tsx';
import type { Sentence } from '../../reading/sentence.ts';
import { type Speech, useSpeech } from '../../words/language.ts';
import { dayAndTime, percentText } from '../four-hundred/figures.ts';
import '../four-hundred/four-hundred.css';
import { History } from '../four-hundred/History.tsx';
import { NoInventory } from '../four-hundred/NoInventory.tsx';
import { TwelveCells } from '../four-hundred/TwelveCells.tsx';
import './city.css';
import { Counties } from './Counties.tsx';
import { WorstFirst } from './WorstFirst.tsx';

const route = getRouteApi('/city');
const askEveryMs = 15_000;
const hourMs = 3_600_000;
const dayMs = 24 * hourMs;

/** The four hundred of a city and of its counties: the share of campuses, the worst first, and down to each campus. */
export function CityPage() {
  const speech = useSpeech();
  const { words } = speech;
  const { county, item, level } = route.useSearch();
  const { now } = useLive();
  const answer = useAnswer<ApiCityVerdict>('four-hundred', askEveryMs);
  if (answer.state === 'failed' && answer.error instanceof Refused && answer.error.problem.status === 404)
    return <NoInventory />;
  return (
    <Answered answer={answer}>
      {(city) => {
        const of: ApiRollup = city.counties.find((one) => one.county === county) ?? city;
        const chosen = item && level ? { item, level } : lowestOf(of);
        const title = words.fourHundredCell(
          words.fourHundredItem(chosen.item),
          words.fourHundredLevel(chosen.level),
        );
        const to = Math.floor(now / hourMs) * hourMs;
        return (
          <>
            <TheSentence said={citySentence(of, speech)} />
            {city.scope === 'own' && <p className="city-own">{words.cityOwnNote}</p>}
            <nav className="city-path" aria-label={words.cityCounty}>
              {of === city ? (
                <span aria-current="true">{words.cityHere}</span>
              ) : (
                <>
                  <Link from="/city" search={({ county: _county, ...kept }) => kept}>
                    {words.cityHere}
                  </Link>
                  {' › '}
                  <span aria-current="true">{countyName(of, speech)}</span>
                </>
              )}
            </nav>
            <p className="fh-downloads city-downloads">
              {words.fourHundredDownload}
              {(['csv', 'xlsx'] as const).map((format) => (
                <a key={format} href={`/api/v1/four-hundred/export?format=${format}`} download>
                  {format.toUpperCase()}
                </a>
              ))}
            </p>
            <section className="fh-verdict" aria-label={words.cityFigures}>
              <h2>{words.cityFigures}</h2>
              <TwelveCells>
                {(one, other) => {
                  const cell = cellOf(of, one, other);
                  const current = one === chosen.item && other === chosen.level;
                  const { campuses, campuses_percent: percent, devices_percent: devices } = cell;
                  return (
                    <Link
                      from="/city"
                      search={(kept) => ({ ...kept, item: one, level: other })}
                      resetScroll={false}
                      className="fh-cell city-cell"
                      data-answer={percent === 100 ? 'yes' : 'open'}
                      data-cell={`${one} ${other}`}
                      aria-current={current ? 'true' : undefined}
                    >
                      <span>
                        <b className="city-percent">{percentText(percent, speech)}</b>
                        <small>
                          {words.cityCampuses(String(campuses.yes), String(campuses.of))}
                          {devices !== null && ` · ${words.cityDevices(percentText(devices, speech))}`}
                        </small>
                      </span>
                    </Link>
                  );
                }}
              </TwelveCells>
              <p className="note">
                {words.fourHundredNow(dayAndTime(of.moment, speech))} · {words.cityFiguresNote}{' '}
                {words.fourHundredMeaning}
              </p>
            </section>
            <div className="fh-opened" key={`${chosen.item} ${chosen.level} ${county ?? ''}`}>
              <WorstFirst {...chosen} county={of.county} title={title} />
              <div className="side">
                <section aria-label={words.cityTrend}>
                  <h2>
                    {words.cityTrend} <span className="beside">{title}</span>
                  </h2>
                  <p className="note">{words.fourHundredPast30}</p>
                  <History
                    of={{ county: of.county ?? undefined }}
                    {...chosen}
                    length="day"
                    from={to - 30 * dayMs}
                    to={to}
                  />
                </section>
                {of === city && <Counties counties={city.counties} {...chosen} title={title} />}
              </div>
            </div>
          </>
        );
      }}
    </Answered>
  );
}

function cellOf({ cells }: ApiRollup, item: Item, level: Level) {
  return cells.find((cell) => cell.item === item && cell.level === level)!;
}

/** Of the highest level the item that fewest campuses have: what the page opens with. */
function lowestOf(of: ApiRollup): { item: Item; level: Level } {
  const level = levels.at(-1)!;
  const [item] = items.toSorted(
    (a, b) => (cellOf(of, a, level).campuses_percent ?? 100) - (cellOf(of, b, level).campuses_percent ?? 100),
  );
  return { item: item!, level };
}

export function countyName({ county, name }: Pick<ApiRollup, 'county' | 'name'>, speech: Speech): string {
  return name === null ? (county ?? '') : speech.of(name);
}

function citySentence(of: ApiRollup, speech: Speech): Sentence {
  const { words } = speech;
  const end = speech.language === 'zh' ? '。' : '.';
  const count = String(of.cells[0]!.campuses.of);
  const whose = of.scope === 'own' ? words.cityOwn(count) : words.cityAll(count);
  const { item, level } = lowestOf(of);
  const { campuses } = cellOf(of, item, level);
  const where = of.county === null ? null : countyName(of, speech) + end;
  if (campuses.yes === campuses.of)
    return { state: 'good', head: words.cityAllUsable(whose) + end, rest: where };
  const cell = words.fourHundredCell(words.fourHundredItem(item), words.fourHundredLevel(level));
  return {
    state: campuses.no > 0 ? 'fault' : 'unknown',
    head: words.cityNotUsable(whose, cell, String(campuses.yes)) + end,
    rest: where,
  };
}
