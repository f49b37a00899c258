import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import { z } from 'zod';
import {
  accountChange,
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
import { needs, whoOf } from './access.ts';
import { Problem } from './problems.ts';
import { mustSeeAll } from './scope.ts';

/** Accounts, tokens and the audit log, for who administers all campuses; and one's own password. */
export function accountRoutes(access: Access): FastifyPluginAsyncZod {
  return async (app) => {
    needs(app, 'administer');
    // Who could make an account for all campuses must see them all.
    app.addHook('preHandler', async (request) => {
      if (request.routeOptions.config.right === 'administer') mustSeeAll(whoOf(request));
    });

    app.get(
      '/accounts',
      { schema: { summary: 'Who has an account', response: { 200: itemsOf(apiAccount) } } },
      async () => ({ items: await access.accounts() }),
    );
    app.post(
      '/accounts',
      { schema: { summary: 'Make an account', body: newAccount, response: { 201: apiAccount } } },
      async (request, reply) => {
        const { username, role, campuses } = request.body;
        request.about = { username, role, campuses };
        const made = await access.addAccount(request.body);
        if (made === null) throw new Problem(409, `There is an account ${username} already.`);
        return reply.code(201).send(made);
      },
    );
    app.patch(
      '/accounts/:username',
      {
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
        const account = await access.changeAccount(username, request.body);
        if (account === 'unknown') throw new Problem(404, `There is no account ${username}.`);
        if (account === 'last') throw new Problem(409, 'Nobody would be left to administer.');
        return account;
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
            rights: z.array(right.exclude(['administer'])).min(1),
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
