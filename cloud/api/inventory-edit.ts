import type { FastifyReply, FastifyRequest } from 'fastify';
import { z } from 'zod';
import type { CampusEntryFull } from '#protocols/inventory/entry.ts';
import { campusEntry } from '#protocols/inventory/entry.ts';
import type { Path } from '#protocols/inventory/reference.ts';
import { inChinese } from '#protocols/inventory/schema-words.ts';
import { type Act, campusSubject, type Changed, type Mistake } from '../inventory/act.ts';
import type { Inventory } from '../inventory/inventory.ts';
import { whoOf } from './access.ts';
import { type Pointed, Problem } from './problems.ts';

/** Said along with a change; a person's own name stands before whatever `by` says. */
export const saidAlong = z.object({
  by: z.string().trim().min(1).max(100).optional().describe('of a token: for whom it acts'),
  note: z.string().trim().min(1).max(500).optional().describe('why'),
});
export type SaidAlong = z.infer<typeof saidAlong>;

/** Whom a change of the inventory is kept under. */
export function changedBy(request: FastifyRequest, { by }: SaidAlong): string {
  const who = whoOf(request);
  return who.kind === 'person' || by === undefined ? who.name : `${by} (${who.name})`;
}

export function pointerOf(path: Path): string {
  return path.map((step) => `/${String(step).replaceAll('~', '~0').replaceAll('/', '~1')}`).join('');
}

/** A mistake of `campus` by where it is in what was sent; one of another campus by its name. */
export function pointed({ campus, path, text }: Mistake, sent: string | null): Pointed {
  if (campus === sent) return { pointer: pointerOf(path), detail: text.en, text };
  const where = campus === null ? '' : `${campus}${pointerOf(path)}: `;
  const said = { zh: `${where}${text.zh}`, en: `${where}${text.en}` };
  return { pointer: '', detail: said.en, text: said };
}

/** What was sent as a campus. Throws a `Problem` that names each mistake. */
export function campusOf(value: unknown, id: string): CampusEntryFull {
  const parsed = campusEntry.safeParse(value);
  if (!parsed.success) {
    const errors = parsed.error.issues.map((issue) => ({
      pointer: pointerOf(issue.path.map((step) => (typeof step === 'symbol' ? String(step) : step))),
      detail: issue.message,
      text: { zh: inChinese(issue), en: issue.message },
    }));
    throw new Problem(400, 'This is not a campus.', errors);
  }
  if (parsed.data.id !== id)
    throw new Problem(400, 'This is another campus.', [
      {
        pointer: '/id',
        detail: `the path says ${id}`,
        text: { zh: `路径里是 ${id}`, en: `the path says ${id}` },
      },
    ]);
  return parsed.data;
}

export function etagOf(version: number): string {
  return `"${version}"`;
}

/**
 * The version that a change is made from, by If-Match (RFC 9110, 13.1.1); 0 by `If-None-Match: *`. Null: `If-Match: *`,
 * any that is there. Throws 428 (RFC 6585) where neither is sent: who has not read it would overwrite it unseen.
 */
export function madeFrom({ headers }: FastifyRequest): number | null {
  if (headers['if-none-match']?.trim() === '*') return 0;
  const match = headers['if-match']?.trim();
  if (match === '*') return null;
  const [, version] = /^"(\d{1,9})"$/.exec(match ?? '') ?? [];
  if (version !== undefined) return Number(version);
  throw new Problem(
    match === undefined ? 428 : 412,
    'Send If-Match with the ETag that you have read, or If-None-Match: * for what is not there yet.',
  );
}

/** Does it, and answers with the new ETag, or throws the `Problem` that says why not. */
export async function carryOut(
  inventory: Inventory,
  act: Act,
  subject: string,
  reply: FastifyReply,
): Promise<void> {
  const sent = subject.startsWith(campusSubject('')) ? subject.slice(campusSubject('').length) : null;
  const done: Changed = await inventory.change(act);
  if (done.ok) {
    reply.header('etag', etagOf(done.versions.get(subject)!));
    return;
  }
  if ('outdated' in done)
    throw new Problem(
      412,
      done.version === 0
        ? `There is no ${done.outdated} (any more).`
        : `${done.outdated} has changed: it is version ${done.version} now.`,
    );
  throw new Problem(
    400,
    'This would leave mistakes in the inventory; nothing was changed.',
    done.mistakes.map((mistake) => pointed(mistake, sent)),
  );
}
