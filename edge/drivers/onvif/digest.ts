import { createHash } from 'node:crypto';

export interface Login {
  username: string;
  password: string;
}

/** The challenges of a 401, from its headers as they came (name, value, name, value). */
export function challengesOf(rawHeaders: readonly string[]): string[] {
  return rawHeaders.filter((_, i) => i % 2 === 1 && /^www-authenticate$/i.test(rawHeaders[i - 1]!));
}

/**
 * The Authorization header that answers the challenges of a 401, or null when none can be answered. Digest
 * (RFC 7616: MD5 or SHA-256, qop auth or none) before Basic, which is for cameras that know nothing else.
 */
export function authorize(
  rawHeaders: readonly string[],
  login: Login,
  request: { method: string; path: string },
  cnonce: string,
): string | null {
  const challenges = challengesOf(rawHeaders);
  const digests = challenges.filter((c) => /^digest\s/i.test(c)).map(parametersOf);
  const digest = digests.find((d) => /sha-256/i.test(d.algorithm ?? '')) ?? digests[0];
  if (digest) return answerDigest(digest, login, request, cnonce);
  if (challenges.some((c) => /^basic\b/i.test(c))) {
    return `Basic ${Buffer.from(`${login.username}:${login.password}`).toString('base64')}`;
  }
  return null;
}

function parametersOf(challenge: string): Record<string, string> {
  const pairs = challenge.matchAll(/([a-z0-9_-]{1,32})=(?:"([^"]{0,512})"|([^\s,"]{1,512}))/gi);
  return Object.fromEntries(
    [...pairs].map(([, name, quoted, bare]) => [name!.toLowerCase(), quoted ?? bare!]),
  );
}

function answerDigest(
  digest: Record<string, string>,
  { username, password }: Login,
  { method, path }: { method: string; path: string },
  cnonce: string,
): string | null {
  const algorithm = digest.algorithm ?? 'MD5';
  const hashName = { md5: 'md5', 'sha-256': 'sha256' }[algorithm.toLowerCase()];
  const qops = digest.qop?.split(',').map((q) => q.trim());
  if (!hashName || !digest.nonce || (qops && !qops.includes('auth'))) return null;
  const hash = (...parts: (string | undefined)[]) =>
    createHash(hashName).update(parts.join(':')).digest('hex');
  const ha1 = hash(username, digest.realm, password);
  const ha2 = hash(method, path);
  const nc = '00000001';
  const response = qops ? hash(ha1, digest.nonce, nc, cnonce, 'auth', ha2) : hash(ha1, digest.nonce, ha2);
  return [
    `Digest username="${username}"`,
    `realm="${digest.realm ?? ''}"`,
    `nonce="${digest.nonce}"`,
    `uri="${path}"`,
    `algorithm=${algorithm}`,
    ...(qops ? ['qop=auth', `nc=${nc}`, `cnonce="${cnonce}"`] : []),
    `response="${response}"`,
    ...(digest.opaque ? [`opaque="${digest.opaque}"`] : []),
  ].join(', ');
}
