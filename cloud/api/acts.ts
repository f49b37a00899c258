import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import { z } from 'zod';
import { apiAlarm, apiIncident } from '#protocols/api.ts';
import type { Principal } from '../access/principal.ts';
import { nameOf, needs, whoOf } from './access.ts';
import { unlimited } from './limits.ts';
import type { ApiParts } from './parts.ts';
import { Problem } from './problems.ts';
import { mustSee } from './scope.ts';
import { by } from './waiting.ts';
import type { Views } from './views.ts';

const params = z.object({ id: z.coerce.number().int().min(1) });
const body = z.strictObject({ by });

/** What people do to incidents, and to alarms that do not arrive. */
export function acts({ incidents, endDelivery }: ApiParts, views: Views): FastifyPluginAsyncZod {
  async function find(id: number, who: Principal) {
    const [incident] = await views.incidents('id = ?', [id], 1);
    if (incident === undefined) throw new Problem(404, `There is no incident ${id}.`);
    mustSee(who, incident.campus, `incident ${id}`);
    return incident;
  }

  return async (app) => {
    needs(app, 'act');
    unlimited(app);
    app.post(
      '/alarms/:name/end',
      {
        schema: {
          summary: 'A person ends the delivery of an alarm that 110 has not acknowledged',
          security: [{ token: [] }],
          params: z.object({ name: z.string().max(200) }),
          body: body.extend({
            reason: z.string().trim().min(1).max(500),
            /** Of the alarm that is meant, where two have one name (a cloned card). */
            digest: z.string().max(64).optional(),
          }),
          response: { 200: apiAlarm },
        },
      },
      async (request) => {
        const { name } = request.params;
        const ending = { ...request.body, by: nameOf(request, request.body.by) };
        const [meant] = await views.alarmsByName([name]);
        if (meant !== undefined) mustSee(whoOf(request), meant.place.campus, `alarm ${name}`);
        request.about = { reason: ending.reason };
        const ended = await endDelivery(name, ending);
        if (ended === 'unknown') throw new Problem(404, `There is no alarm ${name}.`);
        const named = await views.alarmsByName([name]);
        if (ended === 'ambiguous')
          throw new Problem(
            409,
            `Two alarms have the name ${name}: say the digest of the one that is meant.`,
          );
        const alarm = named.find(({ digest }) => digest === (ending.digest ?? digest));
        if (ended === 'settled')
          throw new Problem(409, `Alarm ${name} is ${alarm?.state ?? 'known under another name'} already.`);
        if (alarm === undefined) throw new Problem(404, `Alarm ${name} is known under another name.`);
        return alarm;
      },
    );
    for (const act of ['acknowledge', 'resolve'] as const) {
      app.post(
        `/incidents/:id/${act}`,
        {
          schema: {
            summary: act === 'acknowledge' ? 'A person has seen it' : 'A person ends it',
            security: [{ token: [] }],
            params,
            body,
            response: { 200: apiIncident },
          },
        },
        async (request) => {
          const { id } = request.params;
          const who = whoOf(request);
          const by = nameOf(request, request.body.by);
          await find(id, who);
          if (!(await incidents[act](id, by))) {
            throw new Problem(
              409,
              `Incident ${id} was already ${act === 'resolve' ? 'resolved' : 'acknowledged or resolved'}.`,
            );
          }
          return find(id, who);
        },
      );
    }
  };
}
