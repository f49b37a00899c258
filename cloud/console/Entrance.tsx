import { type ReactNode, useEffect, useState } from 'react';
import type { ApiSession } from '#protocols/api-access.ts';
import { ResetPassword } from './parts/ResetPassword.tsx';
import { SignIn } from './parts/SignIn.tsx';

/** A session that ended elsewhere is noticed within this time. */
const askEveryMs = 30_000;

type Who = NonNullable<ApiSession['who']>;

/**
 * Who stands before the page. `null`: the cloud has not answered yet, or cannot be reached; then the page shows that it
 * cannot by its own means.
 */
async function sessionNow(): Promise<ApiSession | null> {
  try {
    const answer = await fetch('/api/v1/session', { cache: 'no-store' });
    return answer.ok ? ((await answer.json()) as ApiSession) : null;
  } catch {
    return null;
  }
}

/** Lets in who is signed in, or anybody while nobody has an account and this machine reads freely. */
export function Entrance({ children }: { children: (who: Who | null) => ReactNode }) {
  const [session, setSession] = useState<ApiSession | null>(null);
  const [asked, setAsked] = useState(false);
  useEffect(() => {
    const take = (now: ApiSession | null) => {
      if (now !== null) setSession(now);
      setAsked(true);
    };
    void sessionNow().then(take);
    const timer = setInterval(() => void sessionNow().then(take), askEveryMs);
    return () => clearInterval(timer);
  }, []);

  if (!asked) return null;
  if (location.pathname === '/reset' && location.hash !== '')
    return <ResetPassword link={location.hash.slice(1)} />;
  const link = location.pathname === '/setup' ? location.hash.slice(1) : '';
  if (session !== null && !session.set_up && link !== '') {
    return (
      <SignIn
        link={link}
        onEntered={(entered) => {
          history.replaceState(null, '', '/');
          setSession(entered);
        }}
      />
    );
  }
  if (session !== null && session.set_up && session.who === null)
    return <SignIn link={null} other={session.single_sign_on} onEntered={setSession} />;
  return children(session?.who ?? null);
}
