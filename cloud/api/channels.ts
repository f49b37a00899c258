import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import { z } from 'zod';
import { apiChannel, apiChannelTrial, apiNotifyRules, itemsOf } from '#protocols/api.ts';
import { id } from '#protocols/signal.ts';
import { nameOf, needs, whoOf } from './access.ts';
import type { ApiParts } from './parts.ts';
import { Problem } from './problems.ts';
import { mustSeeAll } from './scope.ts';
import { by } from './waiting.ts';

/** The channels by which people are told, and how each fares. */
export function channelRoutes({ channels }: ApiParts): FastifyPluginAsyncZod {
  return async (app) => {
    needs(app, 'view');
    app.get(
      '/channels',
      {
        schema: { summary: 'Channels of notification, as they fare', response: { 200: itemsOf(apiChannel) } },
      },
      async (request) => {
        // An answer may name people of any campus.
        mustSeeAll(whoOf(request));
        return { items: await channels.list() };
      },
    );
    app.get(
      '/channels/rules',
      {
        schema: {
          summary: 'Who is told what and when, and who when nobody cares',
          response: { 200: apiNotifyRules },
        },
      },
      async (request) => {
        mustSeeAll(whoOf(request));
        return channels.rules();
      },
    );
    app.post(
      '/channels/:id/test',
      {
        config: { right: 'configure' },
        schema: {
          summary: 'Send a message that says it is a test, and tell what the other side answered',
          security: [{ token: [] }],
          params: z.object({ id }),
          body: z.strictObject({ by }),
          response: { 200: apiChannelTrial },
        },
      },
      async (request) => {
        mustSeeAll(whoOf(request));
        const tried = await channels.try(request.params.id, nameOf(request, request.body.by));
        if (tried === null) throw new Problem(404, `There is no channel ${request.params.id}.`);
        return tried;
      },
    );
  };
}
