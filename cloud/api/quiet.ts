import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import { z } from 'zod';
import { apiMaintenance, apiSilence, isAboutAlarm, itemsOf } from '#protocols/api.ts';
import { id } from '#protocols/signal.ts';
import { longestMaintenanceMs, longestSilenceMs, maintenanceAheadMs } from '../alerts/attention.ts';
import { endOnRecord, putOnRecord } from '../alerts/on-record.ts';
import { readMaintenance, readSilences } from '../alerts/reading.ts';
import { namedBy } from '../alerts/subjects.ts';
import type { Principal } from '../access/principal.ts';
import { nameOf, needs, whoOf } from './access.ts';
import type { ApiParts } from './parts.ts';
import { Problem } from './problems.ts';
import { alertsInScope, inScope, mustSee } from './scope.ts';
import type { Views } from './views.ts';
import { by } from './waiting.ts';

const limit = z.coerce.number().int().min(1).max(500).default(100);
const serial = z.coerce.number().int().min(1);
const before = serial.optional().describe('`next` of the page before');
const state = z.enum(['current', 'all']).default('current').describe('current: what is not over');
const reason = z.string().trim().min(1).max(500);
const until = z.int().describe('UTC ms');
const params = z.object({ id: serial });
const token = [{ token: [] }];

/** What keeps people from being called for nothing: silences of one alert, and declared maintenance. */
export function quietRoutes(parts: ApiParts, views: Views): FastifyPluginAsyncZod {
  const { store, clock, liveness, attention } = parts;
  const now = () => Math.round(clock.wall());
  const nextOf = (items: readonly { id: number }[], most: number) =>
    items.length < most ? null : String(items.at(-1)!.id);
  const campusOf = (code: Parameters<typeof namedBy>[0], subject: string) => {
    const { campus, gateway } = namedBy(code, subject);
    return campus ?? (gateway === null ? null : (liveness.gateway(gateway)?.campus ?? null));
  };

  async function silences(who: Principal, where: string, values: (string | number)[], most: number) {
    const seen = alertsInScope(who, liveness.gateways());
    const found = await readSilences(store, `${where} AND ${seen.where}`, [...values, ...seen.params], most);
    return found.map((silence) => ({ ...silence, campus: campusOf(silence.code, silence.subject) }));
  }
  async function findSilence(silenceId: number, who: Principal) {
    const [found] = await silences(who, 'id = ?', [silenceId], 1);
    if (found === undefined) throw new Problem(404, `There is no silence ${silenceId}.`);
    return found;
  }
  async function findWindow(windowId: number, who: Principal) {
    const [found] = await readMaintenance(store, 'id = ?', [windowId], 1);
    if (found === undefined) throw new Problem(404, `There is no maintenance ${windowId}.`);
    mustSee(who, found.campus, `maintenance ${windowId}`);
    return found;
  }
  const gatewaysOf = (campus: string, gateway: string | null) =>
    liveness
      .gateways()
      .filter((one) => one.campus === campus && (gateway === null || one.id === gateway))
      .map((one) => one.id);

  return async (app) => {
    needs(app, 'act');
    app.post(
      '/alerts/:id/silence',
      {
        schema: {
          summary:
            'Call nobody about this code and subject for a while; alerts about alarms cannot be silenced',
          security: token,
          params,
          body: z.strictObject({ until, reason, by }),
          response: { 201: apiSilence },
        },
      },
      async (request, reply) => {
        const who = whoOf(request);
        const seen = alertsInScope(who, liveness.gateways());
        const alertId = request.params.id;
        const [alert] = await views.alerts(`id = ? AND ${seen.where}`, [alertId, ...seen.params], 1);
        if (alert === undefined) throw new Problem(404, `There is no alert ${alertId}.`);
        const { until, reason } = request.body;
        request.about = { code: alert.code, subject: alert.subject, until, reason };
        if (isAboutAlarm(alert))
          throw new Problem(409, 'It is about an alarm: acknowledge it; nothing silences an alarm.');
        if (alert.closed_at !== null) throw new Problem(409, `Alert ${alertId} is closed already.`);
        if (until <= now()) throw new Problem(400, '`until` must be later than now.');
        if (until - now() > longestSilenceMs) throw new Problem(400, 'A silence lasts at most 30 days.');
        const made = await attention.silence(alert, { until, reason, by: nameOf(request, request.body.by) });
        return reply.code(201).send({ ...made, campus: alert.campus });
      },
    );

    app.get(
      '/silences',
      {
        config: { right: 'view' },
        schema: {
          summary: 'Silences, newest first',
          querystring: z.object({ limit, before, state }),
          response: { 200: itemsOf(apiSilence) },
        },
      },
      async (request) => {
        const { query } = request;
        const current = query.state === 'current' ? 'ended_at IS NULL AND until_at > ?' : '? IS NOT NULL';
        const where = `${current} AND id < ?`;
        const values = [now(), query.before ?? Number.MAX_SAFE_INTEGER];
        const items = await silences(whoOf(request), where, values, query.limit);
        return { items, next: nextOf(items, query.limit) };
      },
    );

    app.post(
      '/silences/:id/end',
      {
        schema: {
          summary: 'End a silence before its time: what it kept quiet is told now',
          security: token,
          params,
          body: z.strictObject({ by }),
          response: { 200: apiSilence },
        },
      },
      async (request) => {
        const who = whoOf(request);
        const { id } = request.params;
        await findSilence(id, who);
        if (!(await attention.endSilence(id, nameOf(request, request.body.by))))
          throw new Problem(409, `Silence ${id} is over already.`);
        return findSilence(id, who);
      },
    );

    app.get(
      '/maintenance',
      {
        config: { right: 'view' },
        schema: {
          summary: 'Declared maintenance, newest first',
          querystring: z.object({ limit, before, state, campus: id.optional() }),
          response: { 200: itemsOf(apiMaintenance) },
        },
      },
      async (request) => {
        const { query } = request;
        const seen = inScope(whoOf(request), 'campus');
        const current = query.state === 'current' ? 'ended_at IS NULL AND until_at > ?' : '? IS NOT NULL';
        const where = `${current} AND id < ? AND (? IS NULL OR campus = ?) AND ${seen.where}`;
        const campus = query.campus ?? null;
        const values = [now(), query.before ?? Number.MAX_SAFE_INTEGER, campus, campus, ...seen.params];
        const items = await readMaintenance(store, where, values, query.limit);
        return { items, next: nextOf(items, query.limit) };
      },
    );

    app.post(
      '/maintenance',
      {
        schema: {
          summary: 'Declare work on site beforehand: its faults are shown and nobody is called; alarms go on',
          security: token,
          body: z.strictObject({
            campus: id,
            gateway: id.optional().describe('left out: the whole campus'),
            devices: z
              .array(id)
              .min(1)
              .max(1000)
              .optional()
              .describe('left out: all, and the gateway itself'),
            from: z.int().optional().describe('UTC ms; default: now'),
            until,
            reason,
            by,
          }),
          response: { 201: apiMaintenance },
        },
      },
      async (request, reply) => {
        const { campus, gateway = null, devices = null, from = now(), until, reason } = request.body;
        mustSee(whoOf(request), campus, `campus ${campus}`);
        request.about = { campus, gateway, devices, from, until, reason };
        const gateways = gatewaysOf(campus, gateway);
        if (gateways.length === 0)
          throw new Problem(
            404,
            `There is no ${gateway === null ? '' : `gateway ${gateway} on `}campus ${campus}.`,
          );
        if (devices !== null && gateway === null) throw new Problem(400, '`devices` need their `gateway`.');
        const strangers = (devices ?? []).filter((device) => liveness.device(gateway ?? '', device) === null);
        if (strangers.length > 0) throw new Problem(400, `${gateway} has no device ${strangers.join(', ')}.`);
        if (until <= from || until <= now())
          throw new Problem(400, '`until` must be later than `from` and than now.');
        if (from < now() - 60_000) throw new Problem(400, 'Maintenance is declared beforehand.');
        if (until - from > longestMaintenanceMs) throw new Problem(400, 'Maintenance lasts at most 7 days.');
        if (from - now() > maintenanceAheadMs)
          throw new Problem(400, 'Maintenance is declared at most 60 days ahead.');
        const work = { campus, gateway, devices, from, until, reason, by: nameOf(request, request.body.by) };
        const declared = await attention.declare(work, gateways);
        await putOnRecord(parts, declared);
        return reply.code(201).send(declared);
      },
    );

    app.post(
      '/maintenance/:id/end',
      {
        schema: {
          summary: 'End maintenance before its time, or before it begins',
          security: token,
          params,
          body: z.strictObject({ by }),
          response: { 200: apiMaintenance },
        },
      },
      async (request) => {
        const who = whoOf(request);
        const { id } = request.params;
        const found = await findWindow(id, who);
        const gateways = gatewaysOf(found.campus, found.gateway);
        const by = nameOf(request, request.body.by);
        if (!(await attention.endMaintenance(found, by, gateways)))
          throw new Problem(409, `Maintenance ${id} is over already.`);
        await endOnRecord(parts, found, by);
        return findWindow(id, who);
      },
    );
  };
}
