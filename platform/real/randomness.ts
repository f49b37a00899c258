import { randomBytes } from 'node:crypto';
import type { Randomness } from '#platform/ports.ts';

/** Randomness of the operating system, good enough for names that must not collide. */
export const realRandomness: Randomness = {
  fraction: () => (randomBytes(6).readUIntBE(0, 6) as number) / 2 ** 48,
  bytes: (count) => new Uint8Array(randomBytes(count)),
};
