import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import { z } from 'zod';
import {
  apiAlarm,
  apiAlarmInFull,
  apiCentre,
  apiDevice,
  apiGateway,
  apiIncident,
  apiLatency,
  apiProbe,
  apiQuarantined,
  apiTelemetry,
  itemsOf,
  probeRoute,
} from '#protocols/api.ts';
import { point } from '#protocols/messages/telemetry.ts';
import { id, mode } from '#protocols/signal.ts';
import { sees } from '../access/principal.ts';
import { latencyOf } from '../latency/latency.ts';
import { probeReports } from '../probes/report.ts';
import { TelemetryUnavailable } from '../telemetry/telemetry-store.ts';
import { needs, whoOf } from './access.ts';
import type { ApiParts } from './parts.ts';
import { Problem } from './problems.ts';
import { inScope, mustSee, mustSeeAll } from './scope.ts';
import type { Views } from './views.ts';

const limit = z.coerce.number().int().min(1).max(500).default(100);
const serial = z.coerce.number().int().min(1);
/** Buckets that one question of telemetry may ask for. */
const bucketLimit = 10_000;

/** All that can be read of the cloud. Lists are newest first; `next` is the `before` of the following page. */
export function reads(parts: ApiParts, views: Views): FastifyPluginAsyncZod {
  const { store, clock, liveness, boundMs } = parts;
  return async (app) => {
    needs(app, 'view');
    app.get(
      '/alarms',
      {
        schema: {
          summary: 'Alarms, newest first, each with its waterfall',
          querystring: z.object({
            limit,
            before: z.string().optional().describe('`next` of the page before'),
            mode: mode.optional(),
            campus: id.optional(),
          }),
          response: { 200: itemsOf(apiAlarm) },
        },
      },
      async (request) => {
        const { query } = request;
        const before = query.before === undefined ? null : Number(query.before);
        if (before !== null && !Number.isSafeInteger(before))
          throw new Problem(400, '`before` is a `next` of ours.');
        const { conditions, params } = filters({
          'id <': before,
          'mode =': query.mode,
          'campus =': query.campus,
        });
        const seen = inScope(whoOf(request), 'campus');
        const where = `${conditions} AND ${seen.where}`;
        const page = await views.alarmPage(where, [...params, ...seen.params], query.limit);
        return { items: page.items, next: page.next };
      },
    );
    app.get(
      '/alarms/:id',
      {
        schema: {
          summary: 'One alarm by its name',
          params: z.object({ id: z.string().max(200) }),
          response: { 200: apiAlarmInFull },
        },
      },
      async (request) => {
        const { params } = request;
        const [alarm] = await views.alarmsByName([params.id]);
        if (alarm === undefined) throw new Problem(404, `There is no alarm ${params.id}.`);
        mustSee(whoOf(request), alarm.place.campus, `alarm ${params.id}`);
        return { ...alarm, attempts: await views.attempts(params.id) };
      },
    );
    app.get(
      '/devices',
      { schema: { summary: 'Every device and its state now', response: { 200: itemsOf(apiDevice) } } },
      async (request) => {
        const who = whoOf(request);
        return { items: await views.devices(liveness.devices().filter((d) => sees(who, d.gateway.campus))) };
      },
    );
    app.get(
      '/gateways',
      { schema: { summary: 'Every gateway and its state now', response: { 200: itemsOf(apiGateway) } } },
      async (request) => {
        const who = whoOf(request);
        return {
          items: liveness
            .gateways()
            .filter((g) => sees(who, g.campus))
            .map(views.gateway),
        };
      },
    );
    app.get(
      '/incidents',
      {
        schema: {
          summary: 'What people handle, newest first',
          querystring: z.object({
            limit,
            before: serial.optional(),
            state: z.enum(['open', 'all']).default('all'),
          }),
          response: { 200: itemsOf(apiIncident) },
        },
      },
      async (request) => {
        const { query } = request;
        const { conditions, params } = filters({ 'id <': query.before });
        const seen = inScope(whoOf(request), 'campus');
        const open = query.state === 'open' ? 'resolved_at IS NULL' : 'true';
        const where = `${conditions} AND ${open} AND ${seen.where}`;
        const items = await views.incidents(where, [...params, ...seen.params], query.limit);
        return { items, next: nextOf(items, query.limit) };
      },
    );
    app.get(
      '/latency',
      {
        schema: {
          summary:
            'Percentiles (nearest rank) of press to 110; an alarm without a receipt counts with its age so far',
          querystring: z.object({
            campus: id.optional(),
            window_s: z.coerce
              .number()
              .positive()
              .max(31 * 86_400)
              .default(86_400),
            mode: mode.default('real'),
          }),
          response: { 200: apiLatency },
        },
      },
      async (request) => {
        const { query } = request;
        const who = whoOf(request);
        // Who sees one campus means that one.
        const campus = query.campus ?? (who.campuses?.length === 1 ? who.campuses[0] : undefined);
        if (campus === undefined) mustSeeAll(who);
        else mustSee(who, campus, `campus ${campus}`);
        return latencyOf(
          { store, clock, boundMs },
          { campus: campus ?? null, windowMs: query.window_s * 1000, mode: query.mode },
        );
      },
    );
    app.get(
      '/centres',
      {
        schema: { summary: 'Centres and whether their doors answer', response: { 200: itemsOf(apiCentre) } },
      },
      async () => ({ items: parts.centres() }),
    );
    app.get(
      '/probes',
      {
        schema: {
          summary: 'Scheduled probes, newest first, and how far each was proved',
          querystring: z.object({
            limit,
            before: serial.optional(),
            campus: id.optional(),
            gateway: id.optional(),
            device: id.optional(),
            route: probeRoute.optional(),
          }),
          response: { 200: itemsOf(apiProbe) },
        },
      },
      async (request) => {
        const { query } = request;
        const seen = inScope(whoOf(request), 'p.campus');
        const { conditions, params } = filters({
          'p.id <': query.before,
          'p.campus =': query.campus,
          'p.gateway =': query.gateway,
          'p.device =': query.device,
          'p.route =': query.route,
        });
        const where = `${conditions} AND ${seen.where}`;
        const items = await probeReports(
          store,
          views.placeOf,
          where,
          [...params, ...seen.params],
          query.limit,
        );
        return { items, next: nextOf(items, query.limit) };
      },
    );
    app.get(
      '/quarantine',
      {
        schema: {
          summary: 'Messages that could not be read, newest first',
          querystring: z.object({ limit, before: serial.optional() }),
          response: { 200: itemsOf(apiQuarantined) },
        },
      },
      async (request) => {
        mustSeeAll(whoOf(request));
        const { limit, before = Number.MAX_SAFE_INTEGER } = request.query;
        const items = await views.quarantine(before, limit);
        return { items, next: nextOf(items, limit) };
      },
    );
    app.get(
      '/telemetry',
      {
        schema: {
          summary: 'One measured field of a device, in buckets',
          querystring: z.object({
            device: z.string().regex(/^[a-z0-9-]{1,64}\/[a-z0-9-]{1,64}$/, 'use gateway/device'),
            field: point.shape.field,
            from: z.coerce
              .number()
              .int()
              .optional()
              .describe('UTC ms, included; default: an hour before `to`'),
            to: z.coerce.number().int().optional().describe('UTC ms, excluded; default: now'),
            every_s: z.coerce.number().int().min(1).max(86_400).default(60),
          }),
          response: { 200: itemsOf(apiTelemetry) },
        },
      },
      async (request) => {
        const { query } = request;
        mustSee(
          whoOf(request),
          liveness.gateway(query.device.split('/')[0]!)?.campus,
          `device ${query.device}`,
        );
        const { device, field, to = Math.round(clock.wall()), from = to - 3_600_000 } = query;
        const everyMs = query.every_s * 1000;
        if (to <= from) throw new Problem(400, '`to` must be later than `from`.');
        if ((to - from) / everyMs > bucketLimit) {
          throw new Problem(
            400,
            `That would be more than ${bucketLimit} buckets: raise every_s or narrow the time.`,
          );
        }
        try {
          return { items: await parts.telemetry.query({ device, field, from, to, everyMs }) };
        } catch (error) {
          if (error instanceof TelemetryUnavailable) throw new Problem(503, error.message);
          throw error;
        }
      },
    );
  };
}

/** The `before` of the following page; null: there is none. */
function nextOf(items: readonly { id: number }[], most: number): string | null {
  const last = items.length < most ? undefined : items.at(-1);
  return last === undefined ? null : String(last.id);
}

/** `{ 'mode =': x }` as SQL; what is undefined or null does not filter. */
function filters(wanted: Record<string, string | number | null | undefined>) {
  const given = Object.entries(wanted).flatMap(([column, value]) =>
    value == null ? [] : [[column, value] as const],
  );
  return {
    conditions: ['true', ...given.map(([column]) => `${column} ?`)].join(' AND '),
    params: given.map(([, value]) => value),
  };
}
