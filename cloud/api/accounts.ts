import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import { z } from 'zod';
import {
  accountChange,
  type ApiAccount,
  apiAccount,
  apiAuditEntry,
  apiToken,
  campusScope,
  newAccount,
  password,
  personName,
  right,
  username,
} from '#protocols/api-access.ts';
import { itemsOf } from '#protocols/api.ts';
import type { Access } from '../access/access.ts';
import { administersAll, manages } from '../access/managing.ts';
import type { Principal } from '../access/principal.ts';
import { needs, whoOf } from './access.ts';
import { Problem } from './problems.ts';
import { mustSeeAll } from './scope.ts';
import { sameOrigin } from './session-cookie.ts';
import { busy } from './sign-in.ts';

const beyond = 'You look after lower roles than your own, on your own campuses.';
const byLink = 'Make a link instead: its owner chooses the password.';

/** Accounts for who looks after them; tokens and the audit log for who administers all campuses; one's own password. */
export function accountRoutes(access: Access): FastifyPluginAsyncZod {
  return async (app) => {
    needs(app, 'administer');
    // Who could make an account for all campuses must see them all.
    app.addHook('preHandler', async (request) => {
      if (request.routeOptions.config.right === 'administer') mustSeeAll(whoOf(request));
    });

    const may = (who: Principal) => (account: ApiAccount) => manages(who, account);
    const config = { right: 'accounts' as const };
    app.get(
      '/accounts',
      {
        config,
        schema: {
          summary: 'The accounts that one looks after',
          response: { 200: itemsOf(apiAccount) },
        },
      },
      async (request) => ({ items: (await access.accounts()).filter(may(whoOf(request))) }),
    );
    app.post(
      '/accounts',
      {
        config,
        schema: {
          summary: 'Make an account, of a lower role than one’s own; without a password a link sets it',
          body: newAccount,
          response: { 201: apiAccount },
        },
      },
      async (request, reply) => {
        const { username, role, campuses, password } = request.body;
        request.about = { username, role, campuses };
        const who = whoOf(request);
        if (!manages(who, request.body)) throw new Problem(403, beyond);
        if (password !== undefined && !administersAll(who)) throw new Problem(403, byLink);
        const made = await access.addAccount(request.body);
        if (made === null) throw new Problem(409, `There is an account ${username} already.`);
        return reply.code(201).send(made);
      },
    );
    app.patch(
      '/accounts/:username',
      {
        config,
        schema: {
          summary: 'Change an account, its password too; ends its sessions',
          params: z.object({ username }),
          body: accountChange,
          response: { 200: apiAccount },
        },
      },
      async (request) => {
        const { username } = request.params;
        const { password: changed, ...rest } = request.body;
        request.about = { ...rest, ...(changed !== undefined && { password: 'changed' }) };
        const who = whoOf(request);
        if (changed !== undefined && !administersAll(who)) throw new Problem(403, byLink);
        const account = await access.changeAccount(username, request.body, may(who));
        if (account === 'unknown') throw new Problem(404, `There is no account ${username}.`);
        if (account === 'beyond') throw new Problem(403, beyond);
        if (account === 'last') throw new Problem(409, 'Nobody would be left to administer.');
        return account;
      },
    );
    app.post(
      '/accounts/:username/reset-link',
      {
        config,
        schema: {
          summary: 'A link, once, for 24 hours, by which its owner chooses a password: /reset#LINK',
          params: z.object({ username }),
          response: { 201: z.object({ link: z.string(), expires_at: z.int() }) },
        },
      },
      async (request, reply) => {
        const { username } = request.params;
        const made = await access.newResetLink(username, may(whoOf(request)));
        if (made === 'unknown') throw new Problem(404, `There is no account ${username}.`);
        if (made === 'disabled') throw new Problem(409, `The account ${username} is disabled.`);
        if (made === 'vouched')
          throw new Problem(
            409,
            `${username} signs in with an organisation’s account, without a password here.`,
          );
        return reply.code(201).send(made);
      },
    );
    app.post(
      '/session/reset',
      {
        config: { right: 'public' },
        schema: {
          summary: 'Choose a password by a link, once; ends all sessions of that account',
          body: z.strictObject({ link: z.string().max(100), password }),
          response: { 204: z.null() },
        },
      },
      async (request, reply) => {
        sameOrigin(request, 'always');
        const username = await access.useResetLink(request.body.link, request.body.password).catch(busy);
        if (username === null) throw new Problem(403, 'This link was used or has expired.');
        request.about = { username };
        return reply.code(204).send(null);
      },
    );
    app.put(
      '/session/password',
      {
        config: { right: 'signed-in' },
        schema: {
          summary: 'Change one’s own password; ends all of one’s sessions',
          body: z.strictObject({ old: z.string().max(256), new: password }),
          response: { 204: z.null() },
        },
      },
      async (request, reply) => {
        const who = whoOf(request);
        if (who.username === null) throw new Problem(403, 'Only people have a password.');
        const entry = await access.signIn(who.username, request.body.old, request.ip);
        if (!entry.ok) throw new Problem(403, 'The old password is wrong, or was wrong too often.');
        await access.changeAccount(who.username, { password: request.body.new });
        return reply.code(204).send(null);
      },
    );
    app.post(
      '/setup-links',
      {
        schema: {
          summary: 'A new set-up link, once, for 24 hours: whoever opens it makes an account of a city admin',
          response: { 201: z.object({ link: z.string() }) },
        },
      },
      async (_request, reply) => reply.code(201).send({ link: await access.newSetupLink() }),
    );

    app.get(
      '/tokens',
      { schema: { summary: 'Tokens of the API', response: { 200: itemsOf(apiToken) } } },
      async () => ({ items: await access.tokens() }),
    );
    app.post(
      '/tokens',
      {
        schema: {
          summary: 'Make a token; it is told this once',
          body: z.strictObject({
            name: personName,
            rights: z.array(right.exclude(['accounts', 'administer'])).min(1),
            campuses: campusScope.default(null),
            expires_at: z.int().nullable().default(null),
          }),
          response: { 201: apiToken.extend({ token: z.string() }) },
        },
      },
      async (request, reply) => {
        const { name, rights, campuses } = request.body;
        request.about = { name, rights, campuses };
        const { token, entry } = await access.newToken({ ...request.body, created_by: whoOf(request).name });
        return reply.code(201).send({ ...entry, token });
      },
    );
    app.delete(
      '/tokens/:id',
      {
        schema: {
          summary: 'Take a token back',
          params: z.object({ id: z.coerce.number().int() }),
          response: { 204: z.null() },
        },
      },
      async ({ params }, reply) => {
        if (!(await access.removeToken(params.id))) throw new Problem(404, `There is no token ${params.id}.`);
        return reply.code(204).send(null);
      },
    );

    app.get(
      '/audit',
      {
        schema: {
          summary: 'What was done, by whom, from where, and what came of it; newest first',
          querystring: z.object({
            limit: z.coerce.number().int().min(1).max(500).default(100),
            before: z.coerce.number().int().min(1).optional(),
            who: z.string().max(100).optional(),
            what: z.string().max(100).optional().describe('a part of method and route'),
            from: z.coerce.number().int().optional().describe('UTC ms'),
            to: z.coerce.number().int().optional().describe('UTC ms'),
            outcome: z.enum(['done', 'refused']).optional(),
          }),
          response: { 200: itemsOf(apiAuditEntry) },
        },
      },
      async ({ query }) => {
        const items = await access.audit.list(query);
        return { items, next: items.length < query.limit ? null : String(items.at(-1)!.id) };
      },
    );
  };
}
