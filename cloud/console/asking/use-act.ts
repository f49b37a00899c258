import { useState } from 'react';
import { ask } from './ask.ts';

/** An act under way, or refused: each form has one. */
export interface Act {
  busy: boolean;
  error: Error | null;
  /** Sends it; `then` is called with the answer where it was done. Never rejects. */
  send<T>(
    method: 'POST' | 'PUT' | 'PATCH' | 'DELETE',
    path: string,
    body: unknown,
    then: (done: T) => void,
  ): Promise<void>;
}

/** `timeoutMs`: how long the answer may take, where somebody else must answer first. */
export function useAct(timeoutMs?: number): Act {
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<Error | null>(null);
  return {
    busy,
    error,
    async send<T>(
      method: 'POST' | 'PUT' | 'PATCH' | 'DELETE',
      path: string,
      body: unknown,
      then: (done: T) => void,
    ) {
      setBusy(true);
      setError(null);
      try {
        then(await ask<T>(path, { method, body, ...(timeoutMs !== undefined && { timeoutMs }) }));
      } catch (failed) {
        setError(failed instanceof Error ? failed : new Error(String(failed)));
      } finally {
        setBusy(false);
      }
    },
  };
}
