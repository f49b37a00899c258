import { Link } from '@tanstack/react-router';
import type { LinkProps } from '@tanstack/react-router';
import { useSpeech } from '../words/language.ts';
import type { Words } from '../words/zh.ts';

/** The pages of the console, in the order of their use. Only what exists stands here. */
const pages: { to: LinkProps['to']; name: (words: Words) => string }[] = [
  { to: '/', name: (words) => words.overview },
  { to: '/alarms', name: (words) => words.alarmsPage },
  { to: '/alerts', name: (words) => words.alertsPage },
  { to: '/city', name: (words) => words.cityPage },
  { to: '/four-hundred', name: (words) => words.fourHundredPage },
  { to: '/drills', name: (words) => words.drillsPage },
  { to: '/reports', name: (words) => words.reportsPage },
  { to: '/settings', name: (words) => words.settingsPage },
];

export function Navigation() {
  const { words } = useSpeech();
  return (
    <nav className="navigation" aria-label={words.navigation}>
      <ul>
        {pages.map(({ to, name }) => (
          <li key={to}>
            <Link to={to} activeOptions={{ exact: to === '/' }}>
              {name(words)}
            </Link>
          </li>
        ))}
      </ul>
    </nav>
  );
}
