import { useState } from 'react';
import type { ApiAccount } from '#protocols/api-access.ts';
import { Answered, Failure } from '../../asking/Answered.tsx';
import { useAct } from '../../asking/use-act.ts';
import { useAnswer } from '../../asking/use-answer.ts';
import { useSpeech } from '../../words/language.ts';

/** The people whom this reader looks after. */
export function Accounts() {
  const { words } = useSpeech();
  const answer = useAnswer<{ items: ApiAccount[] }>('accounts');
  const act = useAct();
  const [made, setMade] = useState<{ name: string; url: string } | null>(null);
  return (
    <section aria-labelledby="accounts">
      <h2 id="accounts">{words.accountsTitle}</h2>
      {made && (
        <p role="status">
          {words.accountLinkOnce(made.name)} <code>{made.url}</code>
        </p>
      )}
      <Answered answer={answer}>
        {({ items }, again) => (
          <>
            {items.length === 0 && <p className="empty">{words.accountsEmpty}</p>}
            <ul className="settings-rows">
              {items.map(({ username, name, disabled, vouched }) => (
                <li key={username} data-account={username}>
                  <span>
                    {name} <small>{disabled ? `${username} · ${words.accountDisabled}` : username}</small>
                  </span>
                  {!vouched && !disabled && (
                    <button
                      type="button"
                      className="quiet"
                      disabled={act.busy}
                      onClick={() =>
                        void act.send(
                          'POST',
                          `accounts/${username}/reset-link`,
                          {},
                          ({ link }: { link: string }) =>
                            setMade({ name, url: `${location.origin}/reset#${link}` }),
                        )
                      }
                    >
                      {words.accountLink}
                    </button>
                  )}
                  <button
                    type="button"
                    className="quiet"
                    disabled={act.busy}
                    onClick={() =>
                      void act.send('PATCH', `accounts/${username}`, { disabled: !disabled }, again)
                    }
                  >
                    {disabled ? words.accountEnable : words.accountDisable}
                  </button>
                </li>
              ))}
            </ul>
          </>
        )}
      </Answered>
      {act.error && <Failure error={act.error} />}
    </section>
  );
}
