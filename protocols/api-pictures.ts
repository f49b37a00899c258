import { z } from 'zod';
import { pictureKind } from './pictures.ts';
import { id } from './signal.ts';

/** What is known of a picture; the picture itself is asked for by name of who looks, and each look is logged. */
export const apiPicture = z.object({
  id: z.int(),
  campus: id,
  gateway: id,
  camera: id,
  kind: pictureKind,
  /** The alarm's name, the id of the request, or the verdict (`good`, `bad`). */
  about: z.string(),
  n: z.int(),
  /** UTC ms by the cloud's clock. */
  taken_at: z.int(),
  received_at: z.int(),
  bytes: z.int(),
  width: z.int(),
  height: z.int(),
  sha256: z.string(),
  /** Null while it is kept; then only this entry is left of it. */
  removed_at: z.int().nullable(),
});
export type ApiPicture = z.infer<typeof apiPicture>;

/** One look at a picture: `link`: by a centre's link; `person`: by the name that a person gave. */
export const apiPictureView = z.object({
  id: z.int(),
  picture: z.int(),
  at: z.int(),
  by: z.enum(['link', 'person']),
  who: z.string(),
  /** What was looked at, also when the picture is long gone. */
  gateway: id,
  camera: id,
  kind: pictureKind,
  about: z.string(),
  n: z.int(),
});
export type ApiPictureView = z.infer<typeof apiPictureView>;

/** For how many days each kind of personal data is kept. */
export const apiPersonalData = z.object({
  items: z.array(
    z.object({
      kind: z.enum([
        'alarm-pictures',
        'asked-pictures',
        'evidence-pictures',
        'picture-links',
        'picture-views',
        'audit',
      ]),
      days: z.number(),
    }),
  ),
});
export type ApiPersonalData = z.infer<typeof apiPersonalData>;
