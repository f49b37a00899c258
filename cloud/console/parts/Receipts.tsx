import type { ApiAlarm, ApiCentre } from '#protocols/api.ts';
import { centreName } from '../reading/places.ts';
import { timeOfDay } from '../reading/times.ts';
import { useSpeech } from '../words/language.ts';

interface Props {
  receipts: ApiAlarm['centres'];
  centres: ReadonlyMap<string, ApiCentre>;
  now: number;
}

/** What each centre answered: the evidence that *delivered* rests on. */
export function Receipts({ receipts, centres, now }: Props) {
  const speech = useSpeech();
  const { words } = speech;
  // A receipt outlives its centre in the file: then its own word is all there is.
  const nameOf = ({ centre, primary }: ApiAlarm['centres'][number]) =>
    centreName(centres.get(centre) ?? { id: centre, name: null, primary }, speech);
  if (receipts.length === 0) return null;
  return (
    <ul className="receipts" aria-label={words.receipts}>
      {receipts.map((receipt) => (
        <li key={`${receipt.centre}/${receipt.path}`} title={receipt.raw}>
          {nameOf(receipt)} · {receipt.path === 'cloud' ? words.viaCloud : words.viaDirect} ·{' '}
          {timeOfDay(receipt.at, now, speech)} · {words.reference(receipt.reference)}
        </li>
      ))}
    </ul>
  );
}
