import type { FastifyReply, FastifyRequest } from 'fastify';
import { sessionMostMs } from '../access/access.ts';
import { Problem } from './problems.ts';

/** With TLS the prefix binds it to this host and to TLS (RFC 6265bis, 4.1.3.2). */
const nameOf = (request: FastifyRequest) => (request.protocol === 'https' ? '__Host-belfry' : 'belfry');

export function sessionIn(request: FastifyRequest): string | null {
  const name = nameOf(request);
  for (const part of (request.headers.cookie ?? '').split(';')) {
    const [key, value = ''] = part.trim().split('=');
    if (key === name && /^[\w-]{43}$/.test(value)) return value;
  }
  return null;
}

export function giveSession(request: FastifyRequest, reply: FastifyReply, session: string): void {
  setCookie(request, reply, session, sessionMostMs / 1000);
}

export function takeSession(request: FastifyRequest, reply: FastifyReply): void {
  setCookie(request, reply, '', 0);
}

function setCookie(request: FastifyRequest, reply: FastifyReply, value: string, seconds: number): void {
  const secure = request.protocol === 'https' ? '; Secure' : '';
  reply.header(
    'set-cookie',
    `${nameOf(request)}=${value}; Path=/; Max-Age=${seconds}; HttpOnly; SameSite=Strict${secure}`,
  );
}

/**
 * Refuses what a page of another origin has its reader's browser send (CSRF). Every browser of today says
 * Sec-Fetch-Site, which no page can change; an older one says Origin. `with a cookie`: only browsers have cookies, so
 * what says neither is refused too.
 */
export function sameOrigin({ headers, host }: FastifyRequest, when: 'always' | 'with a cookie'): void {
  const site = headers['sec-fetch-site'];
  const { origin } = headers;
  if (site === undefined && origin === undefined && when === 'always') return;
  const same =
    site === undefined
      ? origin !== undefined && URL.canParse(origin) && new URL(origin).host === host
      : site === 'same-origin';
  if (!same) throw new Problem(403, 'This was sent by a page of another site.');
}
