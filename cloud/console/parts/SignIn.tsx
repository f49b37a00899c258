import { type SubmitEvent, useEffect, useId, useState } from 'react';
import type { ApiSession } from '#protocols/api-access.ts';
import { theme } from '../theme.ts';
import { language, useSpeech } from '../words/language.ts';
import type { Words } from '../words/zh.ts';
import { Choice } from './Choice.tsx';

interface Props {
  /** Of the set-up, for the first account; null: somebody with an account signs in. */
  link: string | null;
  /** The way in with an organisation's own account. */
  other?: ApiSession['single_sign_on'];
  onEntered(session: ApiSession): void;
}

const leastPassword = 12;

/** The first account, or the way in for everybody after. */
export function SignIn({ link, other = null, onEntered }: Props) {
  const { words, locale, of } = useSpeech();
  const [wrong, setWrong] = useState<string | null>(null);
  const [sending, setSending] = useState(false);
  const wrongId = useId();
  const first = link !== null;
  const title = first ? words.setUpTitle : words.signIn;
  useEffect(() => {
    document.documentElement.lang = locale;
    document.title = `${title} – ${words.product}`;
  }, [locale, title, words]);

  async function enter(event: SubmitEvent<HTMLFormElement>): Promise<void> {
    event.preventDefault();
    const fields = Object.fromEntries(new FormData(event.currentTarget)) as Record<string, string>;
    setSending(true);
    setWrong(null);
    try {
      const answer = await fetch(first ? '/api/v1/setup' : '/api/v1/session', {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify(first ? { link, ...fields } : fields),
      });
      if (answer.ok) return onEntered((await answer.json()) as ApiSession);
      setWrong(refusal(answer, first, words));
    } catch {
      setWrong(words.notReached);
    }
    setSending(false);
  }

  return (
    <main className="sign-in">
      <form onSubmit={(event) => void enter(event)} aria-describedby={wrong === null ? undefined : wrongId}>
        <h1>{title}</h1>
        {first && <p className="second">{words.setUpHint}</p>}
        <label>
          {words.username}
          <input
            name="username"
            required
            autoFocus
            autoComplete="username"
            autoCapitalize="none"
            pattern="[a-z0-9][a-z0-9._@\-]{0,63}"
            title={words.usernameHint}
          />
        </label>
        {first && (
          <label>
            {words.personName}
            <input name="name" required maxLength={100} autoComplete="name" />
          </label>
        )}
        <label>
          {words.password}
          <input
            name="password"
            type="password"
            required
            minLength={first ? leastPassword : undefined}
            autoComplete={first ? 'new-password' : 'current-password'}
          />
          {first && <span className="second">{words.passwordHint(leastPassword)}</span>}
        </label>
        <p id={wrongId} className="wrong" role="alert">
          {wrong}
        </p>
        <button type="submit" disabled={sending}>
          {first ? words.setUp : words.signIn}
        </button>
        {other && (
          <a className="other-way-in" href={other.url}>
            {of(other.name)}
          </a>
        )}
      </form>
      <p className="sign-in-choices">
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
      </p>
    </main>
  );
}

function refusal({ status, headers }: Response, first: boolean, words: Words): string {
  if (status === 429) return words.tooManyTries(Number(headers.get('retry-after') ?? 60));
  if (first) return status === 409 ? words.nameTaken : words.setUpRefused;
  return status === 401 ? words.wrongPassword : words.notReached;
}
