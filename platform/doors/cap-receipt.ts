import { z } from 'zod';
import type { CapAlert } from '#protocols/cap/alert.ts';
import { parseCap } from '#protocols/cap/read.ts';

const jsonAnswer = z.object({
  /** Under which the centre finds it again. */
  reference: z.string().trim().min(1).max(200),
  /** Of the document that is answered. */
  identifier: z.string(),
});

/**
 * The centre's own reference in the body of a 2xx: `reference` of a JSON object, or the identifier of a CAP `Ack`
 * that names our document among its references. An answer that names another document or none, or hands our own
 * identifier back as its reference, may come from anything on the way, and is none.
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
    return names.includes(identifier)
      ? ownReference(reference, identifier)
      : { problem: 'an Ack for another document' };
  }
  let plain: unknown;
  try {
    plain = JSON.parse(body);
  } catch {
    return { problem: 'neither JSON nor XML' };
  }
  const answer = jsonAnswer.safeParse(plain);
  if (!answer.success) return { problem: 'JSON without a reference and our identifier' };
  if (answer.data.identifier !== identifier) return { problem: 'an answer for another document' };
  return ownReference(answer.data.reference, identifier);
}

function ownReference(reference: string, identifier: string): { reference: string } | { problem: string } {
  return reference === identifier ? { problem: 'our own identifier for a reference' } : { reference };
}
