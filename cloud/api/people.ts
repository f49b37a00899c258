import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import { z } from 'zod';
import { itemsOf } from '#protocols/api.ts';
import { apiPerson, personGiven, personListed, type PersonListed } from '#protocols/api-people.ts';
import { id } from '#protocols/signal.ts';
import { needs } from './access.ts';
import type { ApiParts } from './parts.ts';
import { Problem } from './problems.ts';
import { byCampus } from './scope.ts';

const peopleLimit = 5_000;
const listLimit = 4 * 1024 * 1024;
const params = z.object({ campus: id });
const one = params.extend({ person: id });

/** Who is behind the ids of rolls and rosters, and which card is whose. Each reading of it is in the audit log. */
export function peopleRoutes({ people }: Pick<ApiParts, 'people'>): FastifyPluginAsyncZod {
  async function put(campus: string, given: readonly PersonListed[], only: boolean) {
    const taken = await people.put(campus, given, only);
    if (taken !== null) throw new Problem(409, `The card ${taken.card} is already that of ${taken.person}.`);
  }

  return async (app) => {
    needs(app, 'configure');
    byCampus(app);
    app.get(
      '/campuses/:campus/people',
      {
        config: { right: 'cards' },
        schema: {
          summary: 'People of a campus with their cards',
          params,
          response: { 200: itemsOf(apiPerson) },
        },
      },
      async (request) => {
        const items = await people.list(request.params.campus);
        request.about = { people: items.length };
        return { items };
      },
    );
    app.put(
      '/campuses/:campus/people',
      {
        bodyLimit: listLimit,
        schema: {
          summary: 'Give all people of a campus anew: who is not named is removed',
          params,
          body: z.strictObject({ people: z.array(personListed).max(peopleLimit) }),
          response: { 204: z.null() },
        },
      },
      async ({ params: { campus }, body }, reply) => {
        const ids = body.people.map(({ id }) => id);
        const twice = ids.find((id, i) => ids.indexOf(id) < i);
        if (twice !== undefined) throw new Problem(400, `There are two people ${twice}.`);
        await put(campus, body.people, true);
        return reply.code(204).send(null);
      },
    );
    app.put(
      '/campuses/:campus/people/:person',
      {
        schema: {
          summary: 'Make or change a person and the cards that are theirs',
          params: one,
          body: personGiven,
          response: { 204: z.null() },
        },
      },
      async ({ params: { campus, person }, body }, reply) => {
        await put(campus, [{ id: person, ...body }], false);
        return reply.code(204).send(null);
      },
    );
    app.delete(
      '/campuses/:campus/people/:person',
      { schema: { summary: 'Remove a person and their cards', params: one, response: { 204: z.null() } } },
      async ({ params: { campus, person } }, reply) => {
        if (!(await people.remove(campus, person)))
          throw new Problem(404, `There is no person ${person} on ${campus}.`);
        return reply.code(204).send(null);
      },
    );
  };
}
