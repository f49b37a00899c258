import { z } from 'zod';
import { jsonLines } from './json-lines.ts';

/** A CAP document that the centre has acknowledged, as it came. */
export const centreDocument = z.object({
  /** UTC ms by this machine, whatever the centre's own clock says. */
  received_at: z.number(),
  remote: z.string(),
  idempotency_key: z.string().nullable(),
  identifier: z.string(),
  status: z.string(),
  /** What it was acknowledged under. */
  reference: z.string(),
  /** The document itself. */
  body: z.string(),
});
export type CentreDocument = z.infer<typeof centreDocument>;

/** Where a centre keeps what it acknowledged. `append` returns when it is written, or throws. */
export interface DocumentStore {
  append(document: CentreDocument): void;
  all(): readonly CentreDocument[];
}

export function memoryDocumentStore(): DocumentStore {
  const documents: CentreDocument[] = [];
  return { append: (document) => void documents.push(document), all: () => documents };
}

export function fileDocumentStore(path: string): DocumentStore {
  return jsonLines(path, centreDocument, 'a document of the centre');
}
