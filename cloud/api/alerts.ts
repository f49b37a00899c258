import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import { z } from 'zod';
import { apiAlert, apiAlertGroup, apiAlertLoad, itemsOf } from '#protocols/api.ts';
import { mode } from '#protocols/signal.ts';
import { alertGroups } from '../alerts/groups.ts';
import { alertLoad } from '../alerts/load.ts';
import type { Principal } from '../access/principal.ts';
import { namesOf } from '../names.ts';
import { nameOf, needs, whoOf } from './access.ts';
import type { ApiParts } from './parts.ts';
import { Problem } from './problems.ts';
import { alertsInScope } from './scope.ts';
import type { Views } from './views.ts';
import { by } from './waiting.ts';

const limit = z.coerce.number().int().min(1).max(500).default(100);
/** Open alerts that are grouped at once; beyond that the oldest are left out. */
const groupedLimit = 5_000;
const longestLoadMs = 31 * 86_400_000;

/** Alerts: what is wrong, what is behind it, and who takes care of it. */
export function alertRoutes(parts: ApiParts, views: Views): FastifyPluginAsyncZod {
  const { store, clock, liveness, attention } = parts;
  const names = namesOf(parts.campuses);
  const inScope = (who: Principal) => alertsInScope(who, liveness.gateways());

  async function find(alertId: number, who: Principal) {
    const seen = inScope(who);
    const [alert] = await views.alerts(`id = ? AND ${seen.where}`, [alertId, ...seen.params], 1);
    if (alert === undefined) throw new Problem(404, `There is no alert ${alertId}.`);
    return alert;
  }

  return async (app) => {
    needs(app, 'view');
    app.get(
      '/alerts',
      {
        schema: {
          summary: 'Alerts, the open ones first, each kind newest first',
          querystring: z.object({
            limit,
            before: z
              .string()
              .regex(/^[01]\.\d{1,15}$/, 'is a `next` of ours')
              .optional()
              .describe('`next` of the page before'),
            state: z.enum(['open', 'closed', 'all']).default('all').describe('open: all that is not closed'),
            mode: mode.optional().describe('only alerts about alarms of this mode'),
          }),
          response: { 200: itemsOf(apiAlert) },
        },
      },
      async (request) => {
        const { query } = request;
        const seen = inScope(whoOf(request));
        const conditions = [seen.where];
        const params = [...seen.params];
        if (query.mode !== undefined) {
          conditions.push('mode = ?');
          params.push(query.mode);
        }
        if (query.state !== 'all')
          conditions.push(`closed_at IS ${query.state === 'open' ? '' : 'NOT '}NULL`);
        if (query.before !== undefined) {
          const [closed = 0, last = 0] = query.before.split('.').map(Number);
          conditions.push('((closed_at IS NOT NULL) > ? OR ((closed_at IS NOT NULL) = ? AND id < ?))');
          params.push(closed, closed, last);
        }
        const items = await views.alerts(conditions.join(' AND '), params, query.limit);
        const last = items.length < query.limit ? undefined : items.at(-1);
        const next = last === undefined ? null : `${last.closed_at === null ? 0 : 1}.${last.id}`;
        return { items, next };
      },
    );

    app.get(
      '/alerts/groups',
      {
        schema: {
          summary: 'Open alerts by what lies behind them, the worst first',
          response: { 200: itemsOf(apiAlertGroup) },
        },
      },
      async (request) => {
        const seen = inScope(whoOf(request));
        const open = await views.alerts(`closed_at IS NULL AND ${seen.where}`, seen.params, groupedLimit);
        return { items: alertGroups(open, liveness.gateways(), names) };
      },
    );

    app.get(
      '/alerts/load',
      {
        schema: {
          summary: 'How many alerts opened in each ten minutes',
          querystring: z.object({
            from: z.coerce.number().int().optional().describe('UTC ms; default: a day before `to`'),
            to: z.coerce.number().int().optional().describe('UTC ms; default: now'),
          }),
          response: { 200: apiAlertLoad },
        },
      },
      async (request) => {
        const { to = Math.round(clock.wall()), from = to - 86_400_000 } = request.query;
        if (to <= from) throw new Problem(400, '`to` must be later than `from`.');
        if (to - from > longestLoadMs) throw new Problem(400, 'That is more than 31 days.');
        const { where, params } = inScope(whoOf(request));
        return alertLoad(store, { from, to, where, params });
      },
    );

    app.get(
      '/alerts/:id',
      {
        schema: {
          summary: 'One alert',
          params: z.object({ id: z.coerce.number().int().min(1) }),
          response: { 200: apiAlert },
        },
      },
      async (request) => find(request.params.id, whoOf(request)),
    );

    app.post(
      '/alerts/:id/acknowledge',
      {
        config: { right: 'act', unlimited: true },
        schema: {
          summary: 'A person takes care of it: nobody else is called about it, and it stays open',
          security: [{ token: [] }],
          params: z.object({ id: z.coerce.number().int().min(1) }),
          body: z.strictObject({ by, note: z.string().trim().min(1).max(500).optional() }),
          response: { 200: apiAlert },
        },
      },
      async (request) => {
        const { id } = request.params;
        const who = whoOf(request);
        const before = await find(id, who);
        const note = request.body.note ?? null;
        request.about = { code: before.code, subject: before.subject, note };
        if (!(await attention.acknowledge(id, nameOf(request, request.body.by), note))) {
          const now = await find(id, who);
          const taken =
            now.acknowledged === null ? 'is closed' : `was acknowledged by ${now.acknowledged.by}`;
          throw new Problem(409, `Alert ${id} ${taken} already.`);
        }
        return find(id, who);
      },
    );
  };
}
