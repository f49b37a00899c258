import type { FastifyReply, FastifyRequest } from 'fastify';
import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import { z } from 'zod';
import { type ApiSession, apiSession, password, personName, username } from '#protocols/api-access.ts';
import type { Access, SignIn } from '../access/access.ts';
import { Crowded } from '../access/passwords.ts';
import type { Principal } from '../access/principal.ts';
import type { SingleSignOn } from '../access/single-sign-on.ts';
import { needs } from './access.ts';
import { Problem } from './problems.ts';
import { giveSession, sameOrigin, sessionIn, takeSession } from './session-cookie.ts';

/** Signing in and out, and the first account. */
export function signInRoutes(access: Access | null, sso?: SingleSignOn): FastifyPluginAsyncZod {
  function accounts(): Access {
    if (access) return access;
    throw new Problem(503, 'There are no accounts here.');
  }
  async function shown(who: Principal | null): Promise<ApiSession> {
    return {
      set_up: access !== null && (await access.isSetUp()),
      single_sign_on: sso === undefined ? null : { name: sso.name, url: '/api/v1/session/sso' },
      who: who && { ...who, ...copied(who) },
    };
  }
  async function entered(request: FastifyRequest, reply: FastifyReply, entry: Extract<SignIn, { ok: true }>) {
    giveSession(request, reply, entry.session);
    request.principal = entry.who;
    return shown(entry.who);
  }

  return async (app) => {
    needs(app, 'public');
    app.get(
      '/session',
      { schema: { summary: 'Who asks, and what they may do', response: { 200: apiSession } } },
      (request) => shown(request.principal),
    );

    app.post(
      '/session',
      {
        schema: {
          summary: 'Sign in; the session is a cookie',
          body: z.strictObject({ username: z.string().max(64), password: z.string().max(256) }),
          response: { 200: apiSession },
        },
      },
      async (request, reply) => {
        sameOrigin(request, 'always');
        request.about = { username: request.body.username };
        const entry = await accounts()
          .signIn(request.body.username.trim().toLowerCase(), request.body.password, request.ip)
          .catch(busy);
        if (entry.ok) return entered(request, reply, entry);
        if (entry.retryAfterMs === null) throw new Problem(401, 'The name or the password is wrong.');
        const seconds = Math.ceil(entry.retryAfterMs / 1000);
        reply.header('retry-after', String(seconds));
        throw new Problem(429, `Too many tries: try again in ${seconds} s.`);
      },
    );

    app.delete(
      '/session',
      { schema: { summary: 'Sign out', response: { 204: z.null() } } },
      async (request, reply) => {
        const session = sessionIn(request);
        if (session !== null) await access?.signOut(session);
        takeSession(request, reply);
        return reply.code(204).send(null);
      },
    );

    app.post(
      '/setup',
      {
        schema: {
          summary: 'Make the first account by the set-up link, and sign in',
          body: z.strictObject({ link: z.string().max(100), username, name: personName, password }),
          response: { 200: apiSession },
        },
      },
      async (request, reply) => {
        sameOrigin(request, 'always');
        const { link, ...account } = request.body;
        request.about = { username: account.username };
        if ((await accounts().accounts()).some((other) => other.username === account.username))
          throw new Problem(409, `There is an account ${account.username} already.`);
        const entry = await accounts().setUp(link, account, request.ip).catch(busy);
        if (entry === null)
          throw new Problem(403, 'This link was used or has expired. `belfry setup-link` makes a new one.');
        if (!entry.ok) throw new Problem(403, 'Nobody was signed in.');
        return entered(request, reply, entry);
      },
    );
  };
}

function copied({ rights, campuses }: Principal) {
  return { rights: [...rights], campuses: campuses === null ? null : [...campuses] };
}

/** Of a rejected try of a password. */
export function busy(error: unknown): never {
  if (error instanceof Crowded) throw new Problem(503, 'Too many sign in at this moment; try again.');
  throw error;
}
