import { useEffect, useRef, useState } from 'react';
import { ask } from './ask.ts';

/** What is known of a question: `failed` keeps the last good answer, which is then no longer news. */
export type Answer<T> =
  | { state: 'asking' }
  | { state: 'answered'; data: T; again(): void }
  | { state: 'failed'; error: Error; data: T | null; again(): void };

/**
 * Keeps the answer to a GET of the API. `path` null: nothing to ask yet. `everyMs`: asked anew at this pace while the
 * page is seen. A new path drops the old answer; an answer that comes too late for its path is dropped too.
 */
export function useAnswer<T>(path: string | null, everyMs?: number): Answer<T> {
  const [kept, keep] = useState<{ path: string; data: T | null; error: Error | null } | null>(null);
  const askAgain = useRef(() => {});
  useEffect(() => {
    if (path === null) return;
    const ending = new AbortController();
    const { signal } = ending;
    let timer: ReturnType<typeof setTimeout> | undefined;
    async function once(asked: string): Promise<void> {
      try {
        if (document.visibilityState === 'visible' || everyMs === undefined) {
          const data = await ask<T>(asked, { signal });
          keep({ path: asked, data, error: null });
        }
      } catch (error) {
        if (signal.aborted) return;
        keep((before) => ({
          path: asked,
          data: before?.path === asked ? before.data : null,
          error: error instanceof Error ? error : new Error(String(error)),
        }));
      }
      if (everyMs !== undefined && !signal.aborted) timer = setTimeout(() => void once(asked), everyMs);
    }
    askAgain.current = () => {
      clearTimeout(timer);
      void once(path);
    };
    askAgain.current();
    return () => {
      ending.abort();
      clearTimeout(timer);
    };
  }, [path, everyMs]);

  const again = () => askAgain.current();
  if (kept === null || kept.path !== path) return { state: 'asking' };
  if (kept.error !== null) return { state: 'failed', error: kept.error, data: kept.data, again };
  return { state: 'answered', data: kept.data as T, again };
}
