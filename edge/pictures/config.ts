import { z } from 'zod';
import { pictureBytesLimit, pictureSideLimit, shotsLimit } from '#protocols/pictures.ts';

const loopback = /^(localhost|\[::1\]|127(\.\d{1,3}){3})$/;

/** Pictures of the cameras go up only where the file says where to. */
export const picturesConfig = z.strictObject({
  /** The cloud's HTTP address. */
  url: z
    .url({ protocol: /^https?$/, error: 'write https://host or http://127.0.0.1:port' })
    .refine((url) => url.startsWith('https:') || loopback.test(new URL(url).hostname), {
      error: 'plain http only on loopback: pictures of pupils cross no network in the clear',
    })
    .transform((url) => url.replace(/\/+$/, '')),
  /** When after an alarm its cameras are asked for a picture, seconds. */
  at_s: z
    .array(z.number().min(0).max(60))
    .min(1)
    .max(shotsLimit)
    .default([0, 3, 10])
    .transform((at) => at.toSorted((a, b) => a - b)),
  longest_side: z.int().min(160).max(pictureSideLimit).default(1280),
  max_kb: z
    .int()
    .min(16)
    .max(pictureBytesLimit / 1024)
    .default(200),
  /** How often a picture of each camera is kept as evidence that it sees; 0: never. */
  evidence_every_h: z.number().min(0).max(8760).default(24),
  /** What waits for the cloud takes no more of the disk than this, and waits no longer. */
  spool_mb: z.number().min(1).max(4096).default(64),
  spool_days: z.number().min(0.01).max(30).default(7),
});
export type PicturesConfig = z.infer<typeof picturesConfig>;
