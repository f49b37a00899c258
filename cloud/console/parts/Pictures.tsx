import { useEffect, useId, useState } from 'react';
import type { ApiAlarm } from '#protocols/api.ts';
import type { ApiPicture } from '#protocols/api-pictures.ts';
import { timeOfDay } from '../reading/times.ts';
import { useWho } from '../live.tsx';
import { useSpeech } from '../words/language.ts';

interface Props {
  alarm: ApiAlarm;
  now: number;
}

/** How often it is asked for more, and for how long after the alarm: ms. */
const askEveryMs = 3000;
const comingMs = 120_000;

/**
 * What the cameras saw at an alarm. Each look is logged: under the name of who is signed in, else nothing is shown before
 * the reader has given one.
 */
export function Pictures({ alarm, now }: Props) {
  const speech = useSpeech();
  const { words } = speech;
  const [pictures, setPictures] = useState<ApiPicture[]>([]);
  const who = useWho();
  const own = who?.kind === 'person' ? who.name : null;
  const [name, setName] = useState('');
  /** Under which name each was asked for. */
  const [shown, setShown] = useState<ReadonlyMap<number, string>>(new Map());
  const nameField = useId();
  const cameras = alarm.place.cameras ?? [];
  const pictured = cameras.length > 0 && (alarm.mode === 'real' || alarm.mode === 'drill');

  useEffect(() => {
    if (!pictured) return;
    const ending = new AbortController();
    let timer: ReturnType<typeof setTimeout>;
    async function ask(): Promise<void> {
      try {
        const answer = await fetch(`/api/v1/pictures?alarm=${encodeURIComponent(alarm.id)}`, {
          cache: 'no-store',
          signal: ending.signal,
        });
        if (answer.ok) setPictures(((await answer.json()) as { items: ApiPicture[] }).items.toReversed());
      } catch {
        // Asked again; the rest of the alarm does not depend on it.
      }
      if (!ending.signal.aborted && Date.now() - alarm.received_at < comingMs)
        timer = setTimeout(() => void ask(), askEveryMs);
    }
    void ask();
    return () => {
      ending.abort();
      clearTimeout(timer);
    };
  }, [alarm.id, alarm.received_at, pictured]);

  if (!pictured || pictures.length === 0) return null;
  const cameraName = ({ gateway, camera }: ApiPicture) => {
    const known = cameras.find((c) => c.gateway === gateway && c.device === camera);
    return known ? speech.of(known.name) : camera;
  };
  const by = own ?? name.trim();
  return (
    <section className="pictures" aria-label={words.pictures}>
      {own === null && (
        <p>
          <label htmlFor={nameField}>{words.picturesLogged}</label>{' '}
          <input
            id={nameField}
            value={name}
            maxLength={100}
            autoComplete="name"
            onChange={(event) => setName(event.currentTarget.value)}
          />
        </p>
      )}
      <ul>
        {pictures.map((picture) => {
          const label = `${cameraName(picture)} · ${timeOfDay(picture.taken_at, now, speech)}`;
          return (
            <li key={picture.id} data-picture={picture.id}>
              {picture.removed_at !== null ? (
                <span>
                  {label} · {words.pictureGone}
                </span>
              ) : shown.has(picture.id) ? (
                <img
                  src={`/api/v1/pictures/${picture.id}/jpeg?by=${encodeURIComponent(shown.get(picture.id) ?? '')}`}
                  width={picture.width}
                  height={picture.height}
                  alt={label}
                />
              ) : (
                <button
                  type="button"
                  disabled={by === ''}
                  onClick={() => setShown(new Map([...shown, [picture.id, by]]))}
                >
                  {label}
                </button>
              )}
            </li>
          );
        })}
      </ul>
    </section>
  );
}
