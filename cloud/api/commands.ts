import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import { z } from 'zod';
import { apiCommand, apiDrill, itemsOf } from '#protocols/api.ts';
import { deviceAct } from '#protocols/messages/command.ts';
import { id } from '#protocols/signal.ts';
import { declaredAheadMs, longestDrillMs } from '../drills/drills.ts';
import { drillReports } from '../drills/report.ts';
import { namesOf } from '../names.ts';
import type { Principal } from '../access/principal.ts';
import { nameOf, needs, whoOf } from './access.ts';
import type { ApiParts } from './parts.ts';
import { Problem } from './problems.ts';
import { inScope, mustSee } from './scope.ts';
import { by, settledWithin, wait } from './waiting.ts';

const limit = z.coerce.number().int().min(1).max(500).default(100);
/** An act that was not answered by then does not run any more. */
const actExpiresMs = 30_000;

/** What people ask gateways to do, and the drills that they declare. */
export function commandRoutes(parts: ApiParts): FastifyPluginAsyncZod {
  const { clock, commands, drills, liveness, store, campuses } = parts;
  const names = namesOf(campuses);

  async function drill(drillId: string, who: Principal) {
    const [found] = await drillReports(
      { store, names },
      { where: 'id = ?', params: [drillId], limit: 1, now: clock.wall() },
    );
    if (found === undefined) throw new Problem(404, `There is no drill ${drillId}.`);
    mustSee(who, found.campus, `drill ${drillId}`);
    return found;
  }

  return async (app) => {
    needs(app, 'act');
    app.post(
      '/gateways/:gateway/devices/:device/acts',
      {
        schema: {
          summary: 'Ask a device to do something; answered 200 with its reply, or 202 while there is none',
          security: [{ token: [] }],
          params: z.object({ gateway: id, device: id }),
          querystring: z.object({ wait }),
          body: z.intersection(deviceAct, z.object({ by })),
          response: { 200: apiCommand, 202: apiCommand },
        },
      },
      async (request, reply) => {
        const { gateway, device: deviceId } = request.params;
        const device = liveness.device(gateway, deviceId);
        if (device === null) throw new Problem(404, `There is no device ${gateway}/${deviceId}.`);
        mustSee(whoOf(request), device.gateway.campus, `device ${gateway}/${deviceId}`);
        const { by, ...rest } = request.body;
        const act = deviceAct.parse(rest);
        const offered = device.report?.acts ?? [];
        if (!offered.includes(act.do)) {
          const list = offered.length === 0 ? 'nothing' : offered.join(', ');
          throw new Problem(409, `${gateway}/${deviceId} cannot do ${act.do}; it offers ${list}.`);
        }
        const asked = await commands.send(
          { campus: device.gateway.campus, gateway },
          { kind: 'act', device: deviceId, act },
          {
            by: whoOf(request).kind === 'person' ? nameOf(request, by) : (by ?? null),
            expiresInMs: actExpiresMs,
          },
        );
        if (request.query.wait !== undefined) await settledWithin(clock, request.query.wait, asked.settled);
        const now = (await commands.get(asked.id))!;
        return reply.code(now.state === 'waiting' ? 202 : 200).send(now);
      },
    );

    app.get(
      '/commands/:id',
      {
        config: { right: 'view' },
        schema: {
          summary: 'A command and what came of it',
          params: z.object({ id: z.string().max(64) }),
          response: { 200: apiCommand },
        },
      },
      async (request) => {
        const { params } = request;
        const found = await commands.get(params.id);
        if (found === null) throw new Problem(404, `There is no command ${params.id}.`);
        mustSee(whoOf(request), found.campus, `command ${params.id}`);
        return found;
      },
    );

    app.get(
      '/drills',
      {
        config: { right: 'view' },
        schema: {
          summary: 'Drills, newest first, with what came of each',
          querystring: z.object({
            limit,
            before: z
              .string()
              .regex(/^\d{1,15}\.[a-z0-9-]{1,64}$/, 'is a `next` of ours')
              .optional()
              .describe('`next` of the page before'),
            gateway: id.optional(),
            campus: id.optional(),
          }),
          response: { 200: itemsOf(apiDrill) },
        },
      },
      async (request) => {
        const { query } = request;
        const seen = inScope(whoOf(request), 'campus');
        const wanted = [
          ...(query.gateway === undefined ? [] : [['gateway = ?', query.gateway] as const]),
          ...(query.campus === undefined ? [] : [['campus = ?', query.campus] as const]),
        ];
        const [at, last = ''] = query.before?.split('.') ?? [];
        const page = at === undefined ? 'true' : '(declared_at < ? OR (declared_at = ? AND id > ?))';
        const items = await drillReports(
          { store, names },
          {
            where: [page, ...wanted.map(([sql]) => sql), seen.where].join(' AND '),
            params: [
              ...(at === undefined ? [] : [Number(at), Number(at), last]),
              ...wanted.map(([, value]) => value),
              ...seen.params,
            ],
            limit: query.limit,
            now: clock.wall(),
          },
        );
        const end = items.length < query.limit ? undefined : items.at(-1);
        return { items, next: end === undefined ? null : `${end.declared_at}.${end.id}` };
      },
    );

    app.get(
      '/drills/:id',
      {
        config: { right: 'view' },
        schema: { summary: 'One drill', params: z.object({ id }), response: { 200: apiDrill } },
      },
      async (request) => drill(request.params.id, whoOf(request)),
    );

    app.post(
      '/drills',
      {
        schema: {
          summary: 'Declare a drill of at most 2 hours; it holds only once its gateway has confirmed it',
          security: [{ token: [] }],
          querystring: z.object({ wait }),
          body: z.strictObject({
            gateway: id,
            campus: id.optional().describe('only checked: a gateway has one'),
            devices: z.array(id).min(1).max(1000),
            from: z.int().optional().describe('UTC ms; default: now'),
            to: z.int().describe('UTC ms'),
            reason: z.string().trim().min(1).max(500),
            by,
          }),
          response: { 201: apiDrill },
        },
      },
      async (request, reply) => {
        const now = Math.round(clock.wall());
        const { gateway: gatewayId, campus, devices, from = now, to, reason } = request.body;
        const by = nameOf(request, request.body.by);
        const who = whoOf(request);
        const gateway = liveness.gateway(gatewayId);
        if (gateway === null || (campus !== undefined && gateway.campus !== campus))
          throw new Problem(404, `There is no gateway ${gatewayId}${campus ? ` on campus ${campus}` : ''}.`);
        mustSee(who, gateway.campus, `gateway ${gatewayId}`);
        request.about = { gateway: gatewayId, devices, from, to, reason };
        const strangers = devices.filter((device) => !gateway.devices.has(device));
        if (strangers.length > 0)
          throw new Problem(400, `${gatewayId} has no device ${strangers.join(', ')}.`);
        if (to <= from || to <= now) throw new Problem(400, '`to` must be later than `from` and than now.');
        if (to - Math.max(from, now) > longestDrillMs || to - from > longestDrillMs)
          throw new Problem(400, 'A drill lasts at most 2 hours.');
        if (from - now > declaredAheadMs) throw new Problem(400, 'A drill is declared at most 7 days ahead.');
        const drillId = await drills.declare({
          campus: gateway.campus,
          gateway: gatewayId,
          devices: [...new Set(devices)],
          from,
          to,
          reason,
          by,
        });
        if (request.query.wait !== undefined)
          await settledWithin(clock, request.query.wait, drills.answered(drillId));
        return reply.code(201).send(await drill(drillId, who));
      },
    );

    app.post(
      '/drills/:id/end',
      {
        schema: {
          summary: 'End a drill before its time; the gateway must confirm that too',
          security: [{ token: [] }],
          params: z.object({ id }),
          querystring: z.object({ wait }),
          body: z.strictObject({ by }),
          response: { 200: apiDrill },
        },
      },
      async (request) => {
        const { query } = request;
        const drillId = request.params.id;
        await drill(drillId, whoOf(request));
        if (!(await drills.end(drillId, nameOf(request, request.body.by))))
          throw new Problem(409, `Drill ${drillId} was refused or is over already.`);
        if (query.wait !== undefined) await settledWithin(clock, query.wait, drills.answered(drillId));
        return drill(drillId, whoOf(request));
      },
    );
  };
}
