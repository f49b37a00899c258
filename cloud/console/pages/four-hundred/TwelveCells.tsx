import type { ReactNode } from 'react';
import { type Item, items, type Level, levels } from '#protocols/four-hundred/answer.ts';
import { useSpeech } from '../../words/language.ts';

/** Four items by three levels, the same on a campus and of a city. `children` gives what stands in one of them. */
export function TwelveCells({ children }: { children: (item: Item, level: Level) => ReactNode }) {
  const { words } = useSpeech();
  return (
    <table className="fh-cells">
      <caption className="fh-hidden">{words.fourHundredTable}</caption>
      <thead>
        <tr>
          <th scope="col">
            <span className="fh-hidden">{words.fourHundredItemHead}</span>
          </th>
          {levels.map((level) => (
            <th key={level} scope="col">
              {words.fourHundredLevel(level)}
            </th>
          ))}
        </tr>
      </thead>
      <tbody>
        {items.map((item) => (
          <tr key={item}>
            <th scope="row">{words.fourHundredItem(item)}</th>
            {levels.map((level) => (
              <td key={level}>{children(item, level)}</td>
            ))}
          </tr>
        ))}
      </tbody>
    </table>
  );
}
