import type { ApiSession } from '#protocols/api-access.ts';
import type { Link } from '../feed/store.ts';
import { theme } from '../theme.ts';
import { language, useSpeech } from '../words/language.ts';
import { Choice } from './Choice.tsx';

async function signOut(): Promise<void> {
  await fetch('/api/v1/session', { method: 'DELETE' });
  location.assign('/');
}

export function Bar({ link, who }: { link: Link; who: ApiSession['who'] }) {
  const { words } = useSpeech();
  const state = { starting: words.starting, live: words.live, lost: words.lostShort }[link.state];
  return (
    <header className="bar">
      <span className="brand">
        <svg className="mark" viewBox="0 0 24 24" aria-hidden="true">
          <path
            fill="currentColor"
            d="M12 1 4 8v2h16V8zM6 11v10H4v2h16v-2h-2V11h-2v10H8V11zm6 1a4 4 0 0 0-4 4v2h8v-2a4 4 0 0 0-4-4zm-1.5 7a1.5 1.5 0 0 0 3 0z"
          />
        </svg>
        {words.product}
      </span>
      <span className="link-state" data-link={link.state}>
        {state}
      </span>
      {who?.kind === 'person' && (
        <button type="button" className="choice" title={who.name} onClick={() => void signOut()}>
          {words.signOut(who.name)}
        </button>
      )}
      <Choice
        preference={language}
        label={words.pageLanguage}
        names={{ zh: '中文', en: 'English' }}
        langs={{ zh: 'zh-CN', en: 'en' }}
      />
      <Choice
        preference={theme}
        label={words.theme}
        names={{ auto: words.themeAuto, light: words.themeLight, dark: words.themeDark }}
      />
    </header>
  );
}
