import { scrypt, timingSafeEqual } from 'node:crypto';

/** 16 MiB and some 30 ms for each try: for passwords that we make ourselves, with 160 bits of chance. */
const cost = 14;
const hashBytes = 32;

/** `scrypt:log2 N:r:p:salt:hash`, both base64url: no character that a YAML file or a shell would change. */
export const credentialForm = /^scrypt:1[0-7]:8:1:[\w-]{16,64}:[\w-]{43}$/;

/** What is kept of a password (RFC 7914). `salt` must be random, 16 bytes. */
export async function hashOf(password: string, salt: Uint8Array): Promise<string> {
  const hash = await derived(password, salt, cost);
  return ['scrypt', cost, 8, 1, text(salt), text(hash)].join(':');
}

/** Whether this is the password behind a hash of `credentialForm`. */
export async function fits(password: string | Uint8Array, hash: string): Promise<boolean> {
  const [, log2, , , salt = '', kept = ''] = hash.split(':');
  const derivedNow = await derived(password, Buffer.from(salt, 'base64url'), Number(log2));
  return timingSafeEqual(derivedNow, Buffer.from(kept, 'base64url'));
}

function derived(password: string | Uint8Array, salt: Uint8Array, log2: number): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const options = { N: 2 ** log2, r: 8, p: 1, maxmem: 2 ** (log2 + 11) };
    scrypt(password, salt, hashBytes, options, (error, hash) => (error ? reject(error) : resolve(hash)));
  });
}

function text(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('base64url');
}
