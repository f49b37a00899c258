import { createHash } from 'node:crypto';
import type { FastifyInstance } from 'fastify';

/** Below this an answer costs less than asking whether it has changed. */
const leastBytes = 2_048;

/**
 * Large answers that anybody who may look sees have an ETag, and are not sent again to who has them (RFC 9110, 13.1.2).
 * They may be kept by the reader's browser alone, and are asked for each time. What is logged (card numbers, pictures)
 * is kept nowhere.
 */
export function conditional(app: FastifyInstance): void {
  app.addHook('onSend', async (request, reply, payload) => {
    const { method, routeOptions, about, headers } = request;
    const isShared = routeOptions.config.right === 'view' && about === null;
    if ((method !== 'GET' && method !== 'HEAD') || reply.statusCode !== 200 || !isShared) return payload;
    if (typeof payload !== 'string' || payload.length < leastBytes) return payload;
    const tag = `"${createHash('sha256').update(payload).digest('base64url').slice(0, 27)}"`;
    reply.header('etag', tag).header('cache-control', 'private, no-cache');
    if (!isHeld(headers['if-none-match'], tag)) return payload;
    reply.code(304).removeHeader('content-type');
    return '';
  });
}

function isHeld(asked: string | undefined, tag: string): boolean {
  if (asked === undefined) return false;
  return asked.split(',').some((one) => {
    const held = one.trim().replace(/^W\//, '');
    return held === '*' || held === tag;
  });
}
