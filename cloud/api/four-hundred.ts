import { Buffer } from 'node:buffer';
import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import { z } from 'zod';
import { itemsOf } from '#protocols/api.ts';
import {
  apiBlindSpots,
  apiCityVerdict,
  apiDuty,
  apiEvidence,
  apiHistory,
  apiParts,
  apiRanked,
  apiRepairs,
  apiRollup,
  apiVerdict,
  type ApiPart,
  item,
  level,
} from '#protocols/api-four-hundred.ts';
import { items, levels } from '#protocols/four-hundred/answer.ts';
import { bestPlaceFor } from '#protocols/four-hundred/blind-spots.ts';
import { dutiesOf } from '#protocols/four-hundred/duties.ts';
import type { Evidence } from '#protocols/four-hundred/evidence.ts';
import { repairsOf } from '#protocols/four-hundred/repairs.ts';
import { sight } from '#protocols/inventory/plan.ts';
import { id } from '#protocols/signal.ts';
import { historyLengths } from '../four-hundred/history.ts';
import { verdictCsv, verdictXlsx } from '../four-hundred/table.ts';
import { fourHundredView, repairOf } from './four-hundred-view.ts';
import { sees } from '../access/principal.ts';
import { needs, whoOf } from './access.ts';
import type { ApiParts } from './parts.ts';
import { Problem } from './problems.ts';
import { byCampus } from './scope.ts';

const instant = z.coerce.number().int().min(0);
const when = z.object({
  moment: instant.optional().describe('UTC ms; left out: now'),
  as_of: instant.optional().describe('UTC ms: what was known then; left out: now'),
});
const params = z.object({ campus: id });
const scope = z.object({ campus: id.optional(), county: id.optional() });
/** Stretches in one answer. */
const stretchesLimit = 2_000;
const xlsxType = 'application/vnd.openxmlformats-officedocument.spreadsheetml.sheet';

/** The four hundred: what is so, why, how it was, and what would put it right. */
export function fourHundredRoutes(parts: ApiParts): FastifyPluginAsyncZod {
  const { fourHundred } = parts;
  const view = fourHundredView(parts);

  function ledgerOf(campus: string) {
    view.inventory();
    const ledger = fourHundred.campus(campus);
    if (ledger === null) throw new Problem(404, `There is no campus ${campus} in the inventory.`);
    return ledger;
  }

  function campusesOf({ campus, county }: z.infer<typeof scope>): string[] {
    if (campus !== undefined) return [ledgerOf(campus).plan.campus.id];
    if (county !== undefined && !view.inventory().counties.some(({ id }) => id === county))
      throw new Problem(404, `There is no county ${county} in the inventory.`);
    return fourHundred.campusesOf(county);
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
          querystring: when.extend({ format: z.enum(['csv', 'xlsx']).default('csv') }),
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
        return reply.type(xlsxType).send(Buffer.from(await verdictXlsx(table)));
      },
    );

    app.get(
      '/four-hundred',
      {
        schema: {
          summary: 'The four hundred of the city and of each county, now or at a moment as it was known',
          querystring: when,
          response: { 200: apiCityVerdict },
        },
      },
      async ({ query }) => {
        const whole = await view.rollUp(null, query);
        // All of one moment, however long they take.
        const asked =
          query.moment === undefined && query.as_of === undefined
            ? {}
            : { moment: whole.moment, as_of: whole.as_of };
        const counties = [];
        for (const { id } of view.inventory().counties) counties.push(await view.rollUp(id, asked));
        return { ...whole, counties };
      },
    );

    app.get(
      '/four-hundred/counties/:county',
      {
        schema: {
          summary: 'The four hundred of a county',
          params: z.object({ county: id }),
          querystring: when,
          response: { 200: apiRollup },
        },
      },
      ({ params, query }) => view.rollUp(params.county, query),
    );

    app.get(
      '/four-hundred/campuses',
      {
        config: { rows: true },
        schema: {
          summary: 'The verdict of each campus now, of those that one sees',
          querystring: z.object({ county: id.optional() }),
          response: { 200: itemsOf(apiVerdict) },
        },
      },
      (request) => ({
        items: campusesOf(request.query)
          .filter((campus) => sees(whoOf(request), campus))
          .map((campus) => view.verdict(fourHundred.verdict(campus)!, ledgerOf(campus).plan.campus.county)),
      }),
    );

    app.get(
      '/four-hundred/campuses/:campus',
      {
        schema: {
          summary: 'The verdict of a campus: twelve cells, now or at a moment as it was known',
          params,
          querystring: when,
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
          querystring: when.extend({ item: item.optional(), level: level.optional() }),
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
          querystring: when.extend({
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
      '/four-hundred/history',
      {
        schema: {
          summary: 'How long a cell had each answer: by minute for weeks, by hour for a year, by day for ten',
          querystring: scope.extend({
            item,
            level,
            length: z.enum(['minute', 'hour', 'day']).default('hour'),
            from: instant,
            to: instant,
          }),
          response: { 200: apiHistory },
        },
      },
      async ({ query }) => {
        const { item, level, length, from } = query;
        const to = Math.min(query.to, fourHundred.now);
        if (from >= to) throw new Problem(400, '`from` is before `to`, and not in the future.');
        if ((to - from) / historyLengths[length] > stretchesLimit)
          throw new Problem(
            400,
            `That is more than ${stretchesLimit} stretches: ask for longer ones, or for less.`,
          );
        const campuses = campusesOf(query);
        const cell = items.indexOf(item) * levels.length + levels.indexOf(level);
        const stretches = await fourHundred.history.spent(campuses, cell, length, from, to);
        return {
          item,
          level,
          length,
          campuses: campuses.length,
          items: stretches.map(({ from, to, spent }) => {
            const whole = Object.values(spent).reduce((sum, ms) => sum + ms, 0);
            return { from, to, spent_ms: spent, yes_percent: whole === 0 ? null : (100 * spent.yes) / whole };
          }),
        };
      },
    );

    app.get(
      '/four-hundred/ranking',
      {
        config: { rows: true },
        schema: {
          summary: 'Campuses that are not yes in a cell, the worst first, of those that one sees',
          querystring: z.object({ item, level, county: id.optional() }),
          response: { 200: itemsOf(apiRanked) },
        },
      },
      (request) => {
        const { item, level, county } = request.query;
        campusesOf({ county });
        const worst = fourHundred.city.worstFirst(item, level, county);
        return {
          items: worst
            .filter(({ campus }) => sees(whoOf(request), campus))
            .map(({ campus, cell }) => ({
              campus,
              name: view.names.campus(campus),
              county: ledgerOf(campus).plan.campus.county ?? null,
              cell,
            })),
        };
      },
    );

    app.get(
      '/four-hundred/repairs',
      {
        schema: {
          summary:
            'What would lift a campus, a county or the city to 100 %: nothing on the list could be left out',
          querystring: scope.extend({ item: item.optional(), level: level.default('usable') }),
          response: { 200: itemsOf(apiRepairs) },
        },
      },
      ({ query }) => {
        const found = campusesOf(query).map((campus) => {
          const ledger = ledgerOf(campus);
          const repairs = repairsOf(ledger, query.item, query.level).map((one) => repairOf(ledger.plan, one));
          return { campus, name: view.names.campus(campus), repairs };
        });
        const needing = found.filter(({ repairs }) => repairs.length > 0);
        return { items: needing.sort((a, b) => a.repairs.length - b.repairs.length) };
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
