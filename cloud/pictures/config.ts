import { z } from 'zod';

const days = (standard: number) => z.number().min(0.01).max(3650).default(standard);
const loopback = /^(localhost|\[::1\]|127(\.\d{1,3}){3})$/;

/** How long and how many pictures are kept, and how a centre reaches them. */
export const picturesConfig = z.strictObject({
  /** Where a centre reaches this cloud; without it no links are made. */
  link_base: z
    .url({ protocol: /^https?$/, error: 'write https://host' })
    .refine((url) => url.startsWith('https:') || loopback.test(new URL(url).hostname), {
      error: 'plain http only on loopback: a link shows pupils to whoever reads along',
    })
    .transform((url) => url.replace(/\/+$/, ''))
    .optional(),
  /** A link shows its alarm's pictures for so long after the alarm. */
  link_days: days(7),
  keep_days: z.strictObject({ alarm: days(90), request: days(7), evidence: days(30) }).prefault({}),
  /** The log of who looked at what. */
  views_days: z.number().min(180, 'at least 180 days: it is the proof of who looked').max(3650).default(400),
  max_mb: z.number().min(1).default(4096),
  /** No gateway may crowd out the others. */
  max_mb_per_gateway: z.number().min(1).default(512),
});
export type PicturesConfig = z.infer<typeof picturesConfig>;
