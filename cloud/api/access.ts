import { createHash, timingSafeEqual } from 'node:crypto';
import type { FastifyInstance } from 'fastify';
import { Problem } from './problems.ts';

const loopback = /^(localhost|127(\.\d{1,3}){3}|\[::1\])$/;

declare module 'fastify' {
  interface FastifyContextConfig {
    /** The route checks the signature of a gateway itself; the token of people does not open it. */
    signedByGateway?: boolean;
  }
}

/** Whether `host` (of a URL: an IPv6 address in brackets) is this machine and nothing else. */
export function isLoopback(host: string): boolean {
  return loopback.test(host.toLowerCase());
}

/**
 * Who may do what until people can sign in: everybody on this machine may read, who holds the token may act.
 * The Host header must name this machine, or a web page anywhere could read us through a name of its own that
 * resolves to 127.0.0.1 (DNS rebinding).
 */
export function guard(app: FastifyInstance, token: string): void {
  app.addHook('onRequest', async (request, reply) => {
    const host = request.headers.host ?? '';
    if (!isLoopback(host.replace(/:\d+$/, ''))) {
      throw new Problem(421, 'Ask for this machine by a loopback name (localhost, 127.0.0.1 or [::1]).');
    }
    if (request.routeOptions.config.signedByGateway) return;
    const { authorization } = request.headers;
    const reads = request.method === 'GET' || request.method === 'HEAD';
    if (authorization === undefined && reads) return;
    if (authorization !== undefined && sameText(authorization, `Bearer ${token}`)) return;
    reply.header('www-authenticate', 'Bearer');
    throw new Problem(
      401,
      authorization === undefined
        ? 'This needs a token: Authorization: Bearer …'
        : 'This token is not valid.',
    );
  });
}

function sameText(a: string, b: string): boolean {
  const digest = (text: string) => createHash('sha256').update(text).digest();
  return timingSafeEqual(digest(a), digest(b));
}
