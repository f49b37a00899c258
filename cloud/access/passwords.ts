import { Buffer } from 'node:buffer';
import { scrypt, timingSafeEqual } from 'node:crypto';
import type { Randomness } from '#platform/ports.ts';

/** OWASP Password Storage Cheat Sheet: scrypt with N=2^15, r=8, p=3 (32 MiB a try). */
const cost = { log2: 15, r: 8, p: 3 };
const hashBytes = 32;
/** Tries that run at once, so that sign-ins take at most 64 MiB and leave a core to alarms. */
const atOnce = 2;
const waitingLimit = 16;

/** Too many sign in at once; nothing was tried. */
export class Crowded extends Error {}

/** Hashes and checks passwords off the loop, a few at a time. */
export interface Passwords {
  /** `scrypt:log2 N:r:p:salt:hash`. Rejects with `Crowded`. */
  hash(password: string): Promise<string>;
  /** Against no hash (null: there is no such account) it takes as long, and is false. Rejects with `Crowded`. */
  fits(password: string, hash: string | null): Promise<boolean>;
}

export function createPasswords(random: Randomness): Passwords {
  let running = 0;
  const waiting: (() => void)[] = [];

  async function derived(password: string, salt: Uint8Array, log2: number, r: number, p: number) {
    if (running >= atOnce) {
      if (waiting.length >= waitingLimit) throw new Crowded('too many sign in at once');
      await new Promise<void>((go) => waiting.push(go));
    } else running += 1;
    try {
      return await new Promise<Buffer>((resolve, reject) => {
        const options = { N: 2 ** log2, r, p, maxmem: 2 ** (log2 + 11) };
        // One password is one text, however it was typed (NIST SP 800-63B-4, 3.1.1.2).
        scrypt(password.normalize('NFKC'), salt, hashBytes, options, (error, hash) =>
          error ? reject(error) : resolve(hash),
        );
      });
    } finally {
      const next = waiting.shift();
      if (next === undefined) running -= 1;
      else next();
    }
  }

  const text = (bytes: Uint8Array) => Buffer.from(bytes).toString('base64url');
  return {
    async hash(password) {
      const salt = random.bytes(16);
      const { log2, r, p } = cost;
      return ['scrypt', log2, r, p, text(salt), text(await derived(password, salt, log2, r, p))].join(':');
    },
    async fits(password, hash) {
      const [, log2 = cost.log2, r = cost.r, p = cost.p, salt = '', kept = ''] = hash?.split(':') ?? [];
      const now = await derived(password, Buffer.from(salt, 'base64url'), Number(log2), Number(r), Number(p));
      return hash !== null && timingSafeEqual(now, Buffer.from(kept, 'base64url'));
    },
  };
}
