import type { Link } from '../feed/store.ts';
import { timeOfDay } from '../reading/times.ts';
import { useSpeech } from '../words/language.ts';

/** Says that what stands below is the past, and since when. `now`: browser UTC ms. */
export function LostBanner({ link, now }: { link: Link; now: number }) {
  const speech = useSpeech();
  if (link.state !== 'lost') return null;
  const { words } = speech;
  return (
    <div className="lost" role="status">
      <strong>
        {link.since === null ? words.lostNever : words.lostTitle(timeOfDay(link.since, now, speech))}
      </strong>{' '}
      {words.lostDetail(link.tries)}
    </div>
  );
}
