import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import { z } from 'zod';
import { itemsOf } from '#protocols/api.ts';
import {
  apiBlindSpots,
  apiDuty,
  apiEvidence,
  apiParts,
  apiVerdict,
  type ApiPart,
  item,
  level,
} from '#protocols/api-four-hundred.ts';
import { bestPlaceFor } from '#protocols/four-hundred/blind-spots.ts';
import { dutiesOf } from '#protocols/four-hundred/duties.ts';
import type { Evidence } from '#protocols/four-hundred/evidence.ts';
import { sight } from '#protocols/inventory/plan.ts';
import { id } from '#protocols/signal.ts';
import { verdictCsv, verdictXlsx } from '../four-hundred/table.ts';
import { asked, fourHundredView } from './four-hundred-view.ts';
import { needs } from './access.ts';
import type { ApiParts } from './parts.ts';
import { Problem } from './problems.ts';
import { byCampus } from './scope.ts';

const params = z.object({ campus: id });
const xlsxType = 'application/vnd.openxmlformats-officedocument.spreadsheetml.sheet';

/** The four hundred of a campus: what is so, why, and what it rests on. */
export function fourHundredRoutes(parts: ApiParts): FastifyPluginAsyncZod {
  const { fourHundred } = parts;
  const view = fourHundredView(parts);

  function ledgerOf(campus: string) {
    view.inventory();
    const ledger = fourHundred.campus(campus);
    if (ledger === null) throw new Problem(404, `There is no campus ${campus} in the inventory.`);
    return ledger;
  }

  async function evidenceOf(campus: string, moment: number, parts: readonly ApiPart[]): Promise<Evidence[]> {
    const refs = parts.flatMap(({ evidence }) => evidence);
    const ids = (states: boolean) => [
      ...new Set(refs.filter(({ kind }) => (kind === 'state') === states).map(({ id }) => id)),
    ];
    return [
      ...(await fourHundred.evidence.words(campus, ids(true), moment)),
      ...(await fourHundred.evidence.pieces(campus, ids(false))),
    ];
  }

  return async (app) => {
    needs(app, 'view');
    byCampus(app);
    app.get(
      '/four-hundred/campuses/:campus/export',
      {
        schema: {
          summary: 'A verdict with its parts and their evidence, for a spreadsheet',
          params,
          querystring: asked.extend({ format: z.enum(['csv', 'xlsx']).default('csv') }),
          produces: ['text/csv', xlsxType],
        },
      },
      async ({ params: { campus }, query }, reply) => {
        const opened = await view.open(campus, query);
        const shown = view.partsOf(opened);
        const verdict = view.verdict(opened.verdict, opened.plan.campus.county);
        const table = { verdict, parts: shown, evidence: await evidenceOf(campus, verdict.moment, shown) };
        const name = `${campus}-${new Date(verdict.moment).toISOString().slice(0, 10)}.${query.format}`;
        reply.header('content-disposition', `attachment; filename="${name}"`);
        if (query.format === 'csv') return reply.type('text/csv; charset=utf-8').send(verdictCsv(table));
        return reply.type(xlsxType).send(await verdictXlsx(table));
      },
    );

    app.get(
      '/four-hundred/campuses/:campus',
      {
        schema: {
          summary: 'The verdict of a campus: twelve cells, now or at a moment as it was known',
          params,
          querystring: asked,
          response: { 200: apiVerdict },
        },
      },
      async ({ params, query }) => {
        const { verdict, plan } = await view.open(params.campus, query);
        return view.verdict(verdict, plan.campus.county);
      },
    );

    app.get(
      '/four-hundred/campuses/:campus/parts',
      {
        schema: {
          summary: 'What the cells are made of: each part with its answer, why, and the evidence it rests on',
          params,
          querystring: asked.extend({ item: item.optional(), level: level.optional() }),
          response: { 200: apiParts },
        },
      },
      async ({ params, query }) => {
        const opened = await view.open(params.campus, query);
        const { moment, as_of, revision } = opened.verdict;
        const found = view.partsOf(opened, query.item, query.level);
        return { campus: params.campus, moment, as_of, revision, items: found };
      },
    );

    app.get(
      '/four-hundred/campuses/:campus/evidence',
      {
        schema: {
          summary: 'The evidence that a cell, or one part of it, rests on',
          params,
          querystring: asked.extend({
            item: item.optional(),
            level: level.optional(),
            part: z.string().max(80).optional().describe('id of a part'),
          }),
          response: { 200: apiEvidence },
        },
      },
      async ({ params: { campus }, query }) => {
        const opened = await view.open(campus, query);
        const { moment, as_of } = opened.verdict;
        const wanted = view
          .partsOf(opened, query.item, query.level)
          .filter(({ id }) => query.part === undefined || id === query.part);
        const found = await evidenceOf(campus, moment, wanted);
        return { campus, moment, as_of, items: found };
      },
    );

    app.get(
      '/four-hundred/campuses/:campus/blind-spots',
      {
        schema: {
          summary: 'What of the required zones nobody sees now, and which camera would be missed most',
          params,
          response: { 200: itemsOf(apiBlindSpots) },
        },
      },
      ({ params }) => ({ items: view.blindSpots(ledgerOf(params.campus).case) }),
    );

    app.post(
      '/four-hundred/campuses/:campus/blind-spots/best-place',
      {
        schema: {
          summary: 'From which of several places one more camera would close most of what is unseen now',
          security: [{ token: [] }],
          params,
          body: z.strictObject({
            building: id.optional(),
            storey: id.optional(),
            candidates: z.array(sight).min(1).max(50),
          }),
          response: {
            200: z.object({ best: z.object({ candidate: z.int(), closes_m2: z.number() }).nullable() }),
          },
        },
      },
      ({ params, body: { building, storey, candidates } }) => ({
        best: bestPlaceFor(ledgerOf(params.campus).case, { building, storey }, candidates),
      }),
    );

    app.get(
      '/four-hundred/campuses/:campus/duties',
      {
        schema: {
          summary: 'Drills and tests that are due, overdue and done',
          params,
          response: { 200: itemsOf(apiDuty) },
        },
      },
      ({ params }) => ({ items: dutiesOf(ledgerOf(params.campus).case) }),
    );
  };
}
