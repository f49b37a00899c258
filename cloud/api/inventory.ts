import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import type { FastifyRequest } from 'fastify';
import { z } from 'zod';
import {
  apiCampusEntry,
  type ApiCampusMap,
  apiCampusMap,
  apiCityEntry,
  apiInventory,
} from '#protocols/api-inventory.ts';
import type { CampusInventory } from '#protocols/inventory/campus.ts';
import { type CampusEntryFull, cityEntry } from '#protocols/inventory/entry.ts';
import type { DeviceKind } from '#protocols/messages/state.ts';
import { id } from '#protocols/signal.ts';
import { sees } from '../access/principal.ts';
import { campusSubject, citySubject } from '../inventory/act.ts';
import { mergePatch } from '../inventory/merge-patch.ts';
import { needs, whoOf } from './access.ts';
import { campusOf, carryOut, changedBy, etagOf, madeFrom, saidAlong } from './inventory-edit.ts';
import type { ApiParts } from './parts.ts';
import { Problem } from './problems.ts';
import { byCampus, mustSeeAll } from './scope.ts';

/** A campus of 5,000 devices with its drawings. */
export const entryLimit = 8 * 1024 * 1024;
const params = z.object({ campus: id });

/** The inventory: what there is, read and changed. Every change is a version with who and when. */
export function inventoryRoutes({ inventory }: Pick<ApiParts, 'inventory'>): FastifyPluginAsyncZod {
  async function entryOf(campus: string): Promise<CampusEntryFull> {
    const entry = await inventory.campus(campus);
    if (entry === null) throw new Problem(404, `There is no campus ${campus} in the inventory.`);
    return entry;
  }
  /** `before`: what an act is held against. */
  function before(request: FastifyRequest, subject: string): ReadonlyMap<string, number> {
    const version = madeFrom(request);
    return version === null ? new Map() : new Map([[subject, version]]);
  }

  function listed(campus: CampusInventory) {
    const devices: Partial<Record<DeviceKind, number>> = {};
    for (const gateway of campus.gateways)
      for (const { kind } of gateway.devices) devices[kind] = (devices[kind] ?? 0) + 1;
    return {
      id: campus.id,
      name: inventory.nameOf(campus.id),
      county: campus.county ?? null,
      type: campus.type,
      pupils: campus.pupils,
      gateways: campus.gateways.length,
      devices,
      zones: campus.zones.length,
      version: inventory.version(campus.id)!,
    };
  }

  const ofTheCity: FastifyPluginAsyncZod = async (open) => {
    open.get(
      '/inventory',
      {
        config: { right: 'view' },
        schema: { summary: 'The city, its counties and its campuses', response: { 200: apiInventory } },
      },
      (request) => {
        const all = inventory.current()?.campuses ?? [];
        const campuses = all.filter((campus) => sees(whoOf(request), campus.id));
        return { city: inventory.city(), campuses: campuses.map(listed) };
      },
    );
    open.get(
      '/inventory/city',
      { schema: { summary: 'The city and its counties; ETag', response: { 200: apiCityEntry } } },
      (request, reply) => {
        mustSeeAll(whoOf(request));
        const city = inventory.city();
        if (city === null) throw new Problem(404, 'There is no city yet.');
        reply.header('etag', etagOf(inventory.versionOf(citySubject)));
        return city;
      },
    );
    open.put(
      '/inventory/city',
      {
        bodyLimit: entryLimit,
        schema: {
          summary: 'Make or change the city and its counties; needs If-Match, or If-None-Match: *',
          querystring: saidAlong,
          body: cityEntry,
          response: { 200: apiCityEntry },
        },
      },
      async (request, reply) => {
        mustSeeAll(whoOf(request));
        const { body: city, query } = request;
        const by = changedBy(request, query);
        const act = {
          city,
          campuses: new Map(),
          before: before(request, citySubject),
          by,
          note: query.note,
        };
        await carryOut(inventory, { ...act, source: 'api' }, citySubject, reply);
        return city;
      },
    );
  };

  const ofCampuses: FastifyPluginAsyncZod = async (one) => {
    byCampus(one);
    one.get(
      '/inventory/campuses/:campus',
      {
        schema: {
          summary: 'All that is kept of a campus; ETag',
          params,
          response: { 200: apiCampusEntry },
        },
      },
      async ({ params: { campus } }, reply) => {
        const entry = await entryOf(campus);
        reply.header('etag', etagOf(inventory.version(campus)!));
        return entry;
      },
    );
    one.get(
      '/inventory/campuses/:campus/map',
      {
        config: { right: 'view' },
        schema: {
          summary: 'What a map of the campus draws: storeys, walls, zones, gates, devices and their views',
          params,
          response: { 200: apiCampusMap },
        },
      },
      async ({ params: { campus } }) => mapOf(await entryOf(campus), inventory.version(campus)!),
    );
    for (const method of ['PUT', 'PATCH'] as const) {
      one.route({
        method,
        url: '/inventory/campuses/:campus',
        bodyLimit: entryLimit,
        schema: {
          summary:
            method === 'PUT'
              ? 'Make or change a campus; needs If-Match, or If-None-Match: *'
              : 'Change a campus by a JSON merge patch (RFC 7396): lists are given whole; needs If-Match',
          params,
          querystring: saidAlong,
          body: z.record(z.string(), z.unknown()),
          response: { 200: apiCampusEntry },
        },
        async handler(request, reply) {
          const { campus } = request.params as z.infer<typeof params>;
          const query = request.query as z.infer<typeof saidAlong>;
          const subject = campusSubject(campus);
          const expected = before(request, subject);
          const given = method === 'PUT' ? request.body : mergePatch(await entryOf(campus), request.body);
          const entry = campusOf(given, campus);
          const act = { campuses: new Map([[campus, entry]]), before: expected, note: query.note };
          const by = changedBy(request, query);
          await carryOut(inventory, { ...act, by, source: 'api' }, subject, reply);
          return entry;
        },
      });
    }
    one.delete(
      '/inventory/campuses/:campus',
      {
        schema: {
          summary: 'Take a campus out of the inventory; its versions stay. Needs If-Match',
          params,
          querystring: saidAlong,
          response: { 204: z.null() },
        },
      },
      async (request, reply) => {
        const { campus } = request.params;
        const subject = campusSubject(campus);
        await entryOf(campus);
        const act = { campuses: new Map([[campus, null]]), before: before(request, subject) };
        const by = changedBy(request, request.query);
        const { note } = request.query;
        await carryOut(inventory, { ...act, by, note, source: 'api' }, subject, reply);
        return reply.code(204).send(null);
      },
    );
  };

  return async (app) => {
    needs(app, 'configure');
    app.addContentTypeParser(
      'application/merge-patch+json',
      { parseAs: 'string' },
      app.getDefaultJsonParser('error', 'error'),
    );
    await app.register(ofTheCity);
    await app.register(ofCampuses);
  };
}

function mapOf(entry: CampusEntryFull, version: number): ApiCampusMap {
  const { id, name, grounds, buildings, gates, zones, gateways } = entry;
  return {
    id,
    name,
    grounds,
    version,
    buildings,
    gates: gates.map((gate) => ({ id: gate.id, name: gate.name ?? null, watched_by: gate.watched_by })),
    zones: zones.map((zone) => ({
      id: zone.id,
      name: zone.name ?? null,
      kind: zone.kind,
      key: zone.key,
      building: zone.building ?? null,
      storey: zone.storey ?? null,
      polygon: zone.polygon ?? null,
      buttons: zone.buttons,
      seen_by: zone.seen_by ?? [],
    })),
    devices: gateways.flatMap((gateway) =>
      gateway.devices.map((device) => ({
        device: `${gateway.id}/${device.id}`,
        name: device.name ?? null,
        kind: device.kind,
        building: device.building ?? null,
        storey: device.storey ?? null,
        required: device.required,
        sight: device.sight ?? null,
      })),
    ),
  };
}
