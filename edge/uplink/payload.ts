import { reasonOf } from '#platform/reason.ts';
import type { z } from 'zod';

export type Parsed<T> = { ok: true; value: T } | { ok: false; reason: string };

/** A message as its schema says, or why it is not one. */
export function parsePayload<T>(schema: z.ZodType<T>, payload: Uint8Array): Parsed<T> {
  try {
    const result = schema.safeParse(JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(payload)));
    if (result.success) return { ok: true, value: result.data };
    const [issue] = result.error.issues;
    return { ok: false, reason: `${issue?.path.join('.') ?? ''}: ${issue?.message ?? 'not such a message'}` };
  } catch (error) {
    return { ok: false, reason: reasonOf(error) };
  }
}
