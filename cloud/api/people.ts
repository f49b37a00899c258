import { Buffer } from 'node:buffer';
import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import { z } from 'zod';
import { itemsOf } from '#protocols/api.ts';
import {
  apiPeopleImport,
  apiPerson,
  personGiven,
  personListed,
  type PersonListed,
} from '#protocols/api-people.ts';
import { csvOf } from '#protocols/csv.ts';
import { peopleTable } from '#protocols/inventory/tables/tables.ts';
import { id } from '#protocols/signal.ts';
import { xlsxOf, xlsxType } from '../inventory/table-file.ts';
import { needs } from './access.ts';
import type { ApiParts } from './parts.ts';
import { Problem } from './problems.ts';
import { changesOf, peopleIn } from '../people/people-file.ts';
import { byCampus } from './scope.ts';
import { fileLimit, sheetsIn, takeSpreadsheets } from './spreadsheet-body.ts';

const peopleLimit = 5_000;
const listLimit = 4 * 1024 * 1024;
const params = z.object({ campus: id });
const one = params.extend({ person: id });

/** Who is behind the ids of rolls and rosters, and which card is whose. Each reading of it is in the audit log. */
export function peopleRoutes({
  people,
  spreadsheets,
}: Pick<ApiParts, 'people' | 'spreadsheets'>): FastifyPluginAsyncZod {
  async function put(campus: string, given: readonly PersonListed[], only: boolean) {
    const taken = await people.put(campus, given, only);
    if (taken !== null) throw new Problem(409, `The card ${taken.card} is already that of ${taken.person}.`);
  }

  return async (app) => {
    needs(app, 'configure');
    byCampus(app);
    takeSpreadsheets(app);
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
    app.get(
      '/campuses/:campus/people/template',
      {
        config: { right: 'view' },
        schema: {
          summary: 'An empty list of people to fill in, as the import takes it',
          params,
          querystring: z.object({
            format: z.enum(['csv', 'xlsx']).default('xlsx'),
            lang: z.enum(['zh', 'en']).default('zh'),
          }),
          produces: [xlsxType, 'text/csv'],
        },
      },
      async ({ query: { format, lang } }, reply) => {
        const rows = [peopleTable.columns.map(({ name }) => name[lang])];
        const sheet = { name: peopleTable.name[lang], rows };
        const bytes = format === 'csv' ? Buffer.from(csvOf(rows)) : await xlsxOf([sheet]);
        return reply
          .type(format === 'csv' ? 'text/csv; charset=utf-8' : xlsxType)
          .header('content-disposition', `attachment; filename="belfry-people.${format}"`)
          .send(bytes);
      },
    );
    app.post(
      '/campuses/:campus/people/import',
      {
        bodyLimit: fileLimit,
        schema: {
          summary:
            'People from a file (id, name, role, cards): shown, and with `apply` done, whole or not at all',
          params,
          querystring: z.object({
            format: z.enum(['csv', 'xlsx']),
            mode: z.enum(['merge', 'replace']).default('merge'),
            apply: z.enum(['true', 'false']).default('false'),
          }),
          response: { 200: apiPeopleImport },
        },
      },
      async (request) => {
        const { campus } = request.params;
        const { format, mode, apply } = request.query;
        const only = mode === 'replace';
        const sheets = await sheetsIn(spreadsheets, request.body, format, 'people');
        const { people: given, mistakes } = peopleIn(sheets);
        const applied = apply === 'true' && mistakes.length === 0;
        const changes = changesOf(await people.list(campus), given, only);
        if (applied) await put(campus, given, only);
        request.about = { format, mode, applied, people: given.length };
        return { applied, ...changes, mistakes };
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
