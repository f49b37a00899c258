import { Failure } from '../asking/Answered.tsx';
import { useAct } from '../asking/use-act.ts';
import { useSpeech } from '../words/language.ts';

const leastPassword = 12;

/** A new password by a link that works once; then its owner signs in with it. */
export function ResetPassword({ link }: { link: string }) {
  const { words } = useSpeech();
  const act = useAct();
  return (
    <main className="sign-in">
      <form
        onSubmit={(event) => {
          event.preventDefault();
          const password = new FormData(event.currentTarget).get('password');
          void act.send('POST', 'session/reset', { link, password }, () => location.assign('/'));
        }}
      >
        <h1>{words.resetTitle}</h1>
        <label>
          {words.password}
          <input
            name="password"
            type="password"
            required
            autoFocus
            minLength={leastPassword}
            autoComplete="new-password"
          />
          <span className="second">{words.passwordHint(leastPassword)}</span>
        </label>
        {act.error && <Failure error={act.error} />}
        <button type="submit" disabled={act.busy}>
          {words.resetSet}
        </button>
      </form>
    </main>
  );
}
