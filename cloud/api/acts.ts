import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import { z } from 'zod';
import { apiAlarm, apiIncident } from '#protocols/api.ts';
import type { ApiParts } from './parts.ts';
import { Problem } from './problems.ts';
import type { Views } from './views.ts';

const params = z.object({ id: z.coerce.number().int().min(1) });
const body = z.strictObject({ by: z.string().trim().min(1).max(100).describe('the name of who does this') });

/** What people do to incidents, and to alarms that do not arrive. Each needs the token. */
export function acts({ incidents, endDelivery }: ApiParts, views: Views): FastifyPluginAsyncZod {
  async function find(id: number) {
    const [incident] = await views.incidents('id = ?', [id], 1);
    if (incident === undefined) throw new Problem(404, `There is no incident ${id}.`);
    return incident;
  }

  return async (app) => {
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
      async ({ params: { name }, body: ending }) => {
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
          await find(id);
          if (!(await incidents[act](id, request.body.by))) {
            throw new Problem(
              409,
              `Incident ${id} was already ${act === 'resolve' ? 'resolved' : 'acknowledged or resolved'}.`,
            );
          }
          return find(id);
        },
      );
    }
  };
}
