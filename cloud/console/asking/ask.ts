import type { z } from 'zod';
import type { problem } from '#protocols/api.ts';

export type Problem = z.infer<typeof problem>;

/** The cloud answered, and refused: with its own problem (RFC 9457). */
export class Refused extends Error {
  readonly problem: Problem;
  constructor(refusal: Problem) {
    super(refusal.detail ?? refusal.title);
    this.problem = refusal;
  }
}

/** How long an answer may take, ms; commands that wait for a gateway say more. */
const patienceMs = 15_000;

interface Asking {
  method?: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  body?: unknown;
  signal?: AbortSignal;
  timeoutMs?: number;
}

/**
 * Asks the API. `path`: below /api/v1/. Throws `Refused` with the cloud's own words, and what fetch throws when there
 * is no answer in time.
 */
export async function ask<T>(path: string, asking: Asking = {}): Promise<T> {
  const { method = 'GET', body, signal, timeoutMs = patienceMs } = asking;
  const limit = AbortSignal.timeout(timeoutMs);
  const answer = await fetch(`/api/v1/${path}`, {
    method,
    cache: 'no-store',
    signal: signal ? AbortSignal.any([signal, limit]) : limit,
    ...(body !== undefined && {
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
    }),
  });
  if (!answer.ok) throw new Refused(await problemIn(answer));
  return (answer.status === 204 ? undefined : await answer.json()) as T;
}

async function problemIn(answer: Response): Promise<Problem> {
  const unknown = { type: 'about:blank', title: answer.statusText || 'HTTP', status: answer.status };
  if (!answer.headers.get('content-type')?.includes('application/problem+json')) return unknown;
  return answer.json().catch(() => unknown) as Promise<Problem>;
}

/** `a=1&b=2` of what is given; what is undefined or null is left out. */
export function query(given: Record<string, string | number | null | undefined>): string {
  return new URLSearchParams(
    Object.entries(given).flatMap(([name, value]) => (value == null ? [] : [[name, String(value)]])),
  ).toString();
}
