import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import { z } from 'zod';
import { apiCampusEntry, apiDifference, apiInventoryVersion } from '#protocols/api-inventory.ts';
import { itemsOf } from '#protocols/api.ts';
import { differences } from '#protocols/inventory/differences.ts';
import { id } from '#protocols/signal.ts';
import { campusSubject } from '../inventory/act.ts';
import { needs } from './access.ts';
import { carryOut, changedBy, etagOf, madeFrom, saidAlong } from './inventory-edit.ts';
import type { ApiParts } from './parts.ts';
import { Problem } from './problems.ts';
import { byCampus } from './scope.ts';

const number = z.coerce.number().int().min(1);
const params = z.object({ campus: id });
const one = params.extend({ version: number });

/** What a campus was: each version, what changed between two, and the way back to one. */
export function inventoryVersionRoutes({ inventory }: Pick<ApiParts, 'inventory'>): FastifyPluginAsyncZod {
  async function versionOf(campus: string, version: number) {
    const entry = await inventory.campus(campus, version);
    if (entry === null)
      throw new Problem(404, `${campus} has no version ${version}, or was removed with it.`);
    return entry;
  }

  return async (app) => {
    needs(app, 'configure');
    byCampus(app);
    app.get(
      '/inventory/campuses/:campus/versions',
      {
        schema: {
          summary: 'Every version of a campus: who, when, how; the newest first',
          params,
          querystring: z.object({ limit: number.max(500).default(100) }),
          response: { 200: itemsOf(apiInventoryVersion) },
        },
      },
      async ({ params: { campus }, query: { limit } }) => {
        const items = await inventory.versions(campusSubject(campus), limit);
        if (items.length === 0)
          throw new Problem(404, `There never was a campus ${campus} in the inventory.`);
        return { items };
      },
    );
    app.get(
      '/inventory/campuses/:campus/versions/:version',
      {
        schema: {
          summary: 'A campus as it was in a version',
          params: one,
          response: { 200: apiCampusEntry },
        },
      },
      async ({ params: { campus, version } }, reply) => {
        const entry = await versionOf(campus, version);
        reply.header('etag', etagOf(version));
        return entry;
      },
    );
    app.get(
      '/inventory/campuses/:campus/differences',
      {
        schema: {
          summary: 'What is other in one version than in another',
          params,
          querystring: z.object({ from: number, to: number.optional().describe('left out: as it is now') }),
          response: { 200: itemsOf(apiDifference) },
        },
      },
      async ({ params: { campus }, query }) => {
        const to = query.to ?? inventory.versionOf(campusSubject(campus));
        return { items: differences(await versionOf(campus, query.from), await versionOf(campus, to)) };
      },
    );
    app.post(
      '/inventory/campuses/:campus/versions/:version/restore',
      {
        schema: {
          summary: 'Make a campus again what it was in a version: that is a new version. Needs If-Match',
          params: one,
          querystring: saidAlong,
          response: { 200: apiCampusEntry },
        },
      },
      async (request, reply) => {
        const { campus, version } = request.params;
        const expected = madeFrom(request);
        const entry = await versionOf(campus, version);
        const subject = campusSubject(campus);
        const act = {
          campuses: new Map([[campus, entry]]),
          before: expected === null ? new Map() : new Map([[subject, expected]]),
          by: changedBy(request, request.query),
          source: 'restore' as const,
          note: request.query.note ?? `version ${version}`,
        };
        await carryOut(inventory, act, subject, reply);
        return entry;
      },
    );
  };
}
