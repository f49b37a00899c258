import { useState } from 'react';
import type { ApiAlert } from '#protocols/api.ts';
import { ask, query } from '../../asking/ask.ts';
import { Answered, Failure } from '../../asking/Answered.tsx';
import { useAnswer } from '../../asking/use-answer.ts';
import { useSpeech } from '../../words/language.ts';
import { AlertRow } from './AlertRow.tsx';

interface Page {
  items: ApiAlert[];
  next: string | null;
}

const pageSize = 50;
const renewMs = 30_000;
const path = (before?: string) => `alerts?${query({ state: 'closed', limit: pageSize, before })}`;

/** What is over, newest first, page after page. */
export function ClosedAlerts({ campus, now }: { campus: string | undefined; now: number }) {
  const { words } = useSpeech();
  const newest = useAnswer<Page>(path(), renewMs);
  const [older, setOlder] = useState<Page[]>([]);
  const [error, setError] = useState<Error | null>(null);
  return (
    <Answered answer={newest}>
      {(first) => {
        const all = new Map(
          [first, ...older].flatMap(({ items }) => items.map((alert) => [alert.id, alert])),
        );
        const shown = [...all.values()].filter((alert) => campus === undefined || alert.campus === campus);
        const next = (older.at(-1) ?? first).next;
        return (
          <>
            {shown.length === 0 && <p className="empty">{words.alertsClosedEmpty}</p>}
            <ul className="alerts-list">
              {shown.map((alert) => (
                <AlertRow key={alert.id} alert={alert} now={now} onActed={() => {}} />
              ))}
            </ul>
            {error && <Failure error={error} />}
            {next !== null && (
              <button
                type="button"
                className="quiet"
                onClick={() => {
                  setError(null);
                  ask<Page>(path(next)).then(
                    (page) => setOlder([...older, page]),
                    (failed: Error) => setError(failed),
                  );
                }}
              >
                {words.alertsMore}
              </button>
            )}
          </>
        );
      }}
    </Answered>
  );
}
