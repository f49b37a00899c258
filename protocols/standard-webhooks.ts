import { createHmac } from 'node:crypto';

/**
 * `webhook-signature` of Standard Webhooks 1.0 (standardwebhooks.com): HMAC-SHA256 over `id.timestamp.body`,
 * base64. A secret that begins with `whsec_` is base64 after it; any other is taken as its own UTF-8 bytes.
 * `timestamp` is in seconds since 1970.
 */
export function signatureOf(secret: string, id: string, timestamp: number, body: string): string {
  const key = secret.startsWith('whsec_')
    ? Buffer.from(secret.slice(6), 'base64')
    : Buffer.from(secret, 'utf8');
  return `v1,${createHmac('sha256', key).update(`${id}.${timestamp}.${body}`).digest('base64')}`;
}
