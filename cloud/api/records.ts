import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import { z } from 'zod';
import { itemsOf } from '#protocols/api.ts';
import { apiLoad, apiRecord } from '#protocols/api-records.ts';
import { type DeviceRecord, recordKind } from '#protocols/messages/telemetry.ts';
import { id } from '#protocols/signal.ts';
import { needs, whoOf } from './access.ts';
import type { ApiParts } from './parts.ts';

/** What happened at devices and is evidence, and how busy the cloud is. */
export function records(parts: Pick<ApiParts, 'records' | 'load'>): FastifyPluginAsyncZod {
  return async (app) => {
    needs(app, 'view');
    app.get(
      '/records',
      {
        schema: {
          summary: 'What happened at devices: check-ins, doors, duty polls; newest first',
          querystring: z.object({
            gateway: id.optional(),
            device: id.optional(),
            kind: recordKind.optional(),
            from: z.coerce.number().int().optional().describe('UTC ms, included'),
            to: z.coerce.number().int().optional().describe('UTC ms, not included'),
            before: z.coerce.number().int().min(1).optional().describe('`next` of the page before'),
            limit: z.coerce.number().int().min(1).max(500).default(100),
          }),
          response: { 200: itemsOf(apiRecord) },
        },
      },
      async (request) => {
        const { query } = request;
        const who = whoOf(request);
        const found = await parts.records.query({ ...query, campuses: who.campuses });
        const named = found.filter(({ details }) => 'card' in details);
        const mayName = who.rights.includes('cards');
        // A card is a person: whoever is told which, is in the log.
        if (mayName && named.length > 0) request.about = { cards: named.length, ...query };
        const items = mayName ? found : found.map(withoutCard);
        return { items, next: items.length < query.limit ? null : String(items.at(-1)!.id) };
      },
    );

    app.get(
      '/load',
      {
        schema: {
          summary: 'How much telemetry waits, and what gateways are asked for it',
          response: { 200: apiLoad },
        },
      },
      () => parts.load(),
    );
  };
}

function withoutCard<T extends { details: DeviceRecord['details'] }>(record: T): T {
  if (!('card' in record.details)) return record;
  return { ...record, details: { ...record.details, card: '•••' } };
}
