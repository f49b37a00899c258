import { z } from 'zod';
import type { Clock } from '#platform/ports.ts';

export const who = z.string().trim().min(1).max(100).describe('the name of who does this');
/** In the body of an act. */
export const by = who.optional().describe('for whom a token acts; a person acts under their own name');
export const wait = z.coerce
  .number()
  .min(0)
  .max(60)
  .optional()
  .describe('seconds to wait for the reply; without it, and after it, answered 202');

/** Resolves after so many seconds at the latest. */
export async function settledWithin(clock: Clock, seconds: number, what: Promise<unknown>): Promise<void> {
  let cancel = () => {};
  const over = new Promise<void>((resolve) => (cancel = clock.after(seconds * 1000, resolve)));
  await Promise.race([what, over]);
  cancel();
}
