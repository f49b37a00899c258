import { Link } from '@tanstack/react-router';
import type { ApiRollup } from '#protocols/api-four-hundred.ts';
import type { Item, Level } from '#protocols/four-hundred/answer.ts';
import { useSpeech } from '../../words/language.ts';
import { percentText } from '../four-hundred/figures.ts';
import { countyName } from './CityPage.tsx';

interface Props {
  counties: readonly ApiRollup[];
  item: Item;
  level: Level;
  title: string;
}

/** The counties side by side in one cell, the worst first; each leads to its own figures. */
export function Counties({ counties, item, level, title }: Props) {
  const speech = useSpeech();
  const { words } = speech;
  const rows = counties
    .map((county) => ({
      county,
      cell: county.cells.find((cell) => cell.item === item && cell.level === level)!,
    }))
    .sort((a, b) => (a.cell.campuses_percent ?? 101) - (b.cell.campuses_percent ?? 101));
  return (
    <section aria-label={words.cityCounties}>
      <h2>
        {words.cityCounties} <span className="beside">{title}</span>
      </h2>
      <ol className="city-counties">
        {rows.map(({ county, cell }) => (
          <li key={county.county} data-county={county.county}>
            <Link from="/city" search={(kept) => ({ ...kept, county: county.county! })}>
              {countyName(county, speech)}
            </Link>
            <span>{percentText(cell.campuses_percent, speech)}</span>
            <meter
              min={0}
              max={100}
              value={cell.campuses_percent ?? 0}
              aria-label={countyName(county, speech)}
            />
            <small>
              {words.cityCampuses(String(cell.campuses.yes), String(cell.campuses.of))}
              {cell.devices_percent !== null &&
                ` · ${words.cityDevices(percentText(cell.devices_percent, speech))}`}
            </small>
          </li>
        ))}
      </ol>
    </section>
  );
}
