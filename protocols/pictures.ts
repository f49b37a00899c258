import { createHash, createHmac, timingSafeEqual } from 'node:crypto';
import { z } from 'zod';
import { id } from './signal.ts';

/** Why a picture was taken: by an alarm that its camera looks at, because a person asked, or to prove the camera. */
export const pictureKind = z.enum(['evidence', 'request', 'alarm']);
export type PictureKind = z.infer<typeof pictureKind>;

/**
 * What names a picture, and its path. `about`: the alarm's name, the id of the request, or the verdict on the
 * picture (`good`, `bad`). `n`: the shot, from 1; of evidence, when it was taken (UTC ms).
 */
export const pictureName = z.object({
  gateway: id,
  camera: id,
  kind: pictureKind,
  about: z.string().regex(/^[a-z0-9][a-z0-9.-]{0,199}$/, 'use a-z, 0-9, hyphens and dots'),
  n: z.coerce.number().pipe(z.int().min(1)),
});
export type PictureName = z.infer<typeof pictureName>;

/** Bytes of a picture that goes up, and its longest side; its gateway makes it smaller than that. */
export const pictureBytesLimit = 512 * 1024;
export const pictureSideLimit = 2048;
/** Shots of one camera at one alarm. */
export const shotsLimit = 6;

/** Where a picture goes on the cloud's HTTP address. */
export function picturePath({ gateway, camera, kind, about, n }: PictureName): string {
  return `/api/v1/pictures/${gateway}/${camera}/${kind}/${about}/${n}`;
}

/** The key of one gateway, from the secret that only the cloud knows (hex). */
export function gatewayKey(secret: string, gateway: string): string {
  return createHmac('sha256', secret).update(`gateway ${gateway}`).digest('hex');
}

/** Opens one path for one gateway (hex): made by the gateway from its key, or given to it with a request. */
export function ticketFor(key: string, path: string): string {
  return createHmac('sha256', key).update(`PUT ${path}`).digest('hex');
}

/** `Content-Digest` of RFC 9530. */
export function contentDigest(bytes: Uint8Array): string {
  return `sha-256=:${createHash('sha256').update(bytes).digest('base64')}:`;
}

/**
 * Headers of a PUT that its ticket signs: path, bytes and the time that it was taken (UTC ms by the cloud's clock).
 * The ticket itself is not sent, so whoever reads along can put nothing else there.
 */
export function signedHeaders(ticket: string, jpeg: Uint8Array, takenAt: number): Record<string, string> {
  const digest = contentDigest(jpeg);
  return {
    'content-type': 'image/jpeg',
    'content-digest': digest,
    'belfry-taken-at': String(takenAt),
    'belfry-signature': pictureSignature(ticket, digest, takenAt),
  };
}

/** Version and HMAC-SHA256 (hex) over what a PUT says of its picture. */
export function pictureSignature(ticket: string, digest: string, takenAt: number): string {
  return `v1=${createHmac('sha256', ticket).update(`${digest}\n${takenAt}`).digest('hex')}`;
}

/** Whose link to which alarm's pictures from which camera. */
export interface PictureLink {
  alarm: string;
  gateway: string;
  camera: string;
  /** Who was given it: the centre's id. */
  reader: string;
}

/** The path of a link, with its signature: nobody can make one from another. */
export function linkPath(secret: string, link: PictureLink): string {
  const { alarm, gateway, camera, reader } = link;
  return `/pictures/${alarm}/${gateway}/${camera}?for=${reader}&sig=${linkSignature(secret, link)}`;
}

export function linkSignature(secret: string, { alarm, gateway, camera, reader }: PictureLink): string {
  return createHmac('sha256', secret)
    .update(['link', alarm, gateway, camera, reader].join('\n'))
    .digest('base64url');
}

/** Compares in constant time. */
export function sameSignature(a: string, b: string): boolean {
  const hash = (text: string) => createHash('sha256').update(text).digest();
  return timingSafeEqual(hash(a), hash(b));
}

/** What a gateway needs to take pictures by itself, also while it is cut off. */
export const picturePlan = z.object({
  /** `gatewayKey` of it. */
  key: z.string().regex(/^[0-9a-f]{64}$/),
  /** The cameras of this gateway that look at each of its devices, nearest first. */
  cameras: z.record(id, z.array(id).max(8)),
});
export type PicturePlan = z.infer<typeof picturePlan>;

/** Tells two plans apart, and says nothing of the key. */
export function planDigest({ key, cameras }: PicturePlan): string {
  const sorted = Object.entries(cameras).sort(([a], [b]) => (a < b ? -1 : 1));
  return createHash('sha256')
    .update(JSON.stringify([key, sorted]))
    .digest('hex');
}
