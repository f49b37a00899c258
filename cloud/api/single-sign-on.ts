import type { FastifyReply, FastifyRequest } from 'fastify';
import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import type { Log } from '#platform/ports.ts';
import { reasonOf } from '#platform/reason.ts';
import type { Access } from '../access/access.ts';
import { NoRole, type SingleSignOn, ticketMs } from '../access/single-sign-on.ts';
import { needs } from './access.ts';
import { giveSession } from './session-cookie.ts';

const refusals = {
  unset: [409, '请先用设置链接建立第一个账号。', 'Make the first account by the set-up link first.'],
  away: [
    502,
    '统一身份认证没有应答，请稍后再试。',
    'The provider of the accounts does not answer; try again later.',
  ],
  failed: [
    403,
    '这次登录无效或已过期，请重新登录。',
    'This sign-in is not valid or has expired; begin again.',
  ],
  'no-role': [
    403,
    '您的账号在钟楼没有任何角色，请联系管理员。',
    'Your account has no role in Belfry; ask an administrator.',
  ],
  disabled: [403, '您的账号已停用。', 'Your account is disabled.'],
  taken: [
    409,
    '这个用户名已属于别人，请联系管理员。',
    'This username belongs to somebody else; ask an administrator.',
  ],
} as const;

/** Signing in with an organisation's own accounts: there and back again. */
export function singleSignOnRoutes(sso: SingleSignOn, access: Access, log: Log): FastifyPluginAsyncZod {
  function refuse(reply: FastifyReply, why: keyof typeof refusals) {
    const [status, zh, en] = refusals[why];
    const page = `<!doctype html><html lang="zh-CN"><meta charset="utf-8"><title>Belfry 钟楼</title>
<h1>${zh}</h1><p lang="en">${en}</p><p><a href="/">返回 · Back</a></p></html>`;
    return reply.code(status).type('text/html; charset=utf-8').send(page);
  }

  return async (app) => {
    needs(app, 'public');
    app.get(
      '/session/sso',
      { schema: { summary: 'Sign in with the organisation’s own account: leads to its provider' } },
      async (request, reply) => {
        if (!(await access.isSetUp())) return refuse(reply, 'unset');
        try {
          const { url, ticket } = await sso.begin();
          setTicket(request, reply, ticket, ticketMs / 1000);
          return reply.redirect(url, 303);
        } catch (error) {
          log.error('the provider of accounts does not answer', { issuer: sso.issuer, error });
          return refuse(reply, 'away');
        }
      },
    );

    app.get(
      '/session/sso/callback',
      { schema: { summary: 'Where the provider sends the browser back' } },
      async (request, reply) => {
        const [, query = ''] = request.url.split('?', 2);
        const ticket = ticketIn(request);
        setTicket(request, reply, '', 0);
        request.about = { issuer: sso.issuer };
        try {
          const identity = await sso.finish(query, ticket);
          request.about = { issuer: sso.issuer, subject: identity.subject, username: identity.username };
          const entry = await access.identities.enter(identity, request.ip);
          if (typeof entry === 'string') return refuse(reply, entry);
          request.principal = entry.who;
          giveSession(request, reply, entry.session);
          return reply.redirect('/', 303);
        } catch (error) {
          log.warn('a sign-in by the provider was refused', { issuer: sso.issuer, reason: reasonOf(error) });
          if (!(error instanceof NoRole)) return refuse(reply, 'failed');
          request.about = { issuer: sso.issuer, subject: error.subject };
          await access.identities.leave(sso.issuer, error.subject);
          return refuse(reply, 'no-role');
        }
      },
    );
  };
}

const ticketName = 'belfry-sso';

function ticketIn(request: FastifyRequest): string | null {
  const found = (request.headers.cookie ?? '').split(';').map((part) => part.trim().split('='));
  return found.find(([key]) => key === ticketName)?.[1] ?? null;
}

/** Lax: the browser comes back from another site, and must bring it. */
function setTicket(request: FastifyRequest, reply: FastifyReply, ticket: string, seconds: number): void {
  const secure = request.protocol === 'https' ? '; Secure' : '';
  reply.header(
    'set-cookie',
    `${ticketName}=${ticket}; Path=/api/v1/session/sso; Max-Age=${seconds}; HttpOnly; SameSite=Lax${secure}`,
  );
}
