import { z } from 'zod';
import type { CapAlert } from '#protocols/cap/alert.ts';
import { parseCap } from '#protocols/cap/read.ts';

const jsonAnswer = z.object({
  /** Under which the centre finds it again. */
  reference: z.string().trim().min(1).max(200),
  /** Of the document that is answered, where the centre says it. */
  identifier: z.string().optional(),
});

/**
 * The centre's own reference in the body of a 2xx: `reference` of a JSON object, or the identifier of a CAP `Ack`
 * that names our document among its references. An answer that names another document is none.
 */
export function referenceIn(
  body: string,
  { identifier }: Pick<CapAlert, 'identifier'>,
): { reference: string } | { problem: string } {
  if (body.trimStart().startsWith('<')) {
    const reading = parseCap(body);
    if (!reading.ok) return { problem: reading.problem };
    const { msgType, references = '', identifier: reference } = reading.alert;
    if (msgType !== 'Ack') return { problem: `a CAP document of type ${msgType}, not Ack` };
    // `sender,identifier,sent`, separated by white space (CAP 3.2.1, references).
    const names = references.split(/\s+/).map((each) => each.split(',')[1]);
    return names.includes(identifier) ? { reference } : { problem: 'an Ack for another document' };
  }
  let plain: unknown;
  try {
    plain = JSON.parse(body);
  } catch {
    return { problem: 'neither JSON nor XML' };
  }
  const answer = jsonAnswer.safeParse(plain);
  if (!answer.success) return { problem: 'JSON without a reference' };
  const named = answer.data.identifier;
  if (named !== undefined && named !== identifier) return { problem: 'an answer for another document' };
  return { reference: answer.data.reference };
}
