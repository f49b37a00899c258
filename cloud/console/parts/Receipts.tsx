import type { ApiAlarm } from '#protocols/api.ts';
import { timeOfDay } from '../reading/times.ts';
import { useSpeech } from '../words/language.ts';

/** What each centre answered: the evidence that *delivered* rests on. */
export function Receipts({ receipts, now }: { receipts: ApiAlarm['centres']; now: number }) {
  const speech = useSpeech();
  const { words } = speech;
  if (receipts.length === 0) return null;
  return (
    <ul className="receipts" aria-label={words.receipts}>
      {receipts.map((receipt) => (
        <li key={`${receipt.centre}/${receipt.path}`} title={receipt.raw}>
          {receipt.primary ? words.primaryCentre : receipt.centre} ·{' '}
          {receipt.path === 'cloud' ? words.viaCloud : words.viaDirect} · {timeOfDay(receipt.at, now, speech)}{' '}
          · {words.reference(receipt.reference)}
        </li>
      ))}
    </ul>
  );
}
