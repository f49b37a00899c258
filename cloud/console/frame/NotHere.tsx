import { Link } from '@tanstack/react-router';
import { useSpeech } from '../words/language.ts';

/** For an address that leads nowhere: what to do next. */
export function NotHere() {
  const { words } = useSpeech();
  return (
    <div className="sentence">
      <h1>{words.notHere}</h1>
      <p>
        <Link to="/">{words.toOverview}</Link>
      </p>
    </div>
  );
}
