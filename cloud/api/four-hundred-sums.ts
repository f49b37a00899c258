import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import type { FastifyRequest } from 'fastify';
import { z } from 'zod';
import { itemsOf } from '#protocols/api.ts';
import {
  apiCityVerdict,
  type ApiDutiesOfCampus,
  apiDutiesOfCampus,
  apiHistory,
  apiRanked,
  apiRepairs,
  apiRollup,
  apiVerdict,
  item,
  level,
} from '#protocols/api-four-hundred.ts';
import { items, levels } from '#protocols/four-hundred/answer.ts';
import { dutiesOf } from '#protocols/four-hundred/duties.ts';
import { repairsOf } from '#protocols/four-hundred/repairs.ts';
import { id } from '#protocols/signal.ts';
import { cityCsv, cityXlsx } from '../four-hundred/city-table.ts';
import { xlsxType } from '../inventory/table-file.ts';
import { historyLengths } from '../four-hundred/history.ts';
import { sees } from '../access/principal.ts';
import { needs, whoOf } from './access.ts';
import { asked, fourHundredView, instant, repairOf, scopeOf } from './four-hundred-view.ts';
import type { ApiParts } from './parts.ts';
import { Problem } from './problems.ts';
import { byCampus } from './scope.ts';

const scope = z.object({ campus: id.optional(), county: id.optional() });
/** Stretches in one answer. */
const stretchesLimit = 2_000;

/**
 * What is summed up over campuses: city and counties, how it was, the worst first, and what would put it right. Who sees
 * only some campuses is given the sums of these, named as such.
 */
export function fourHundredSums(parts: ApiParts): FastifyPluginAsyncZod {
  const { fourHundred } = parts;
  const view = fourHundredView(parts);

  /** Those asked for that one sees. A county of which one sees nothing is as if it was not there. */
  function campusesOf({ campus, county }: z.infer<typeof scope>, request: FastifyRequest): string[] {
    const city = view.inventory();
    if (campus !== undefined) {
      if (fourHundred.campus(campus) !== null) return [campus];
      throw new Problem(404, `There is no campus ${campus} in the inventory.`);
    }
    const who = whoOf(request);
    const seen = fourHundred.campusesOf(county).filter((one) => sees(who, one));
    const hidden = who.campuses !== null && seen.length === 0;
    if (county !== undefined && (hidden || !city.counties.some(({ id }) => id === county)))
      throw new Problem(404, `There is no county ${county} in the inventory.`);
    return seen;
  }

  return async (app) => {
    needs(app, 'view');
    byCampus(app);
    app.get(
      '/four-hundred',
      {
        config: { rows: true },
        schema: {
          summary:
            'The four hundred of the city and of each county: now, or of the last full hour before a moment, as it was known',
          querystring: asked,
          response: { 200: apiCityVerdict },
        },
      },
      async (request) => (await view.city(request.query, whoOf(request))).verdict,
    );

    app.get(
      '/four-hundred/export',
      {
        config: { rows: true },
        schema: {
          summary: 'The city, its counties and each campus that one sees, for a spreadsheet',
          querystring: asked.extend({ format: z.enum(['csv', 'xlsx']).default('csv') }),
          produces: ['text/csv', xlsxType],
        },
      },
      async (request, reply) => {
        const { format, ...when } = request.query;
        const { verdict, campuses } = await view.city(when, whoOf(request));
        const table = { verdict, campuses, nameOf: (id: string) => view.names.campus(id) };
        const name = `${verdict.city}-${new Date(verdict.moment).toISOString().slice(0, 10)}.${format}`;
        reply.header('content-disposition', `attachment; filename="${name}"`);
        if (format === 'csv') return reply.type('text/csv; charset=utf-8').send(cityCsv(table));
        return reply.type(xlsxType).send(await cityXlsx(table));
      },
    );

    app.get(
      '/four-hundred/counties/:county',
      {
        config: { rows: true },
        schema: {
          summary: 'The four hundred of a county; of the past as those of the city',
          params: z.object({ county: id }),
          querystring: asked,
          response: { 200: apiRollup },
        },
      },
      async (request) => {
        const { county } = request.params;
        campusesOf({ county }, request);
        const { verdict } = await view.city(request.query, whoOf(request));
        const found = verdict.counties.find((one) => one.county === county);
        if (found === undefined) throw new Problem(404, `There is no county ${county} in the inventory.`);
        return found;
      },
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
        items: campusesOf(request.query, request).map((campus) => {
          const { county } = fourHundred.campus(campus)!.plan.campus;
          return view.verdict(fourHundred.verdict(campus)!, county);
        }),
      }),
    );

    app.get(
      '/four-hundred/history',
      {
        config: { rows: true },
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
      async (request) => {
        const { query } = request;
        const { item, level, length, from } = query;
        const to = Math.min(query.to, fourHundred.now);
        if (from >= to) throw new Problem(400, '`from` is before `to`, and not in the future.');
        if ((to - from) / historyLengths[length] > stretchesLimit)
          throw new Problem(
            400,
            `That is more than ${stretchesLimit} stretches: ask for longer ones, or for less.`,
          );
        const campuses = campusesOf(query, request);
        const cell = items.indexOf(item) * levels.length + levels.indexOf(level);
        const stretches = await fourHundred.history.spent(campuses, cell, length, from, to);
        return {
          item,
          level,
          length,
          scope: query.campus === undefined ? scopeOf(whoOf(request)) : 'all',
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
        campusesOf({ county }, request);
        const worst = fourHundred.city.worstFirst(item, level, county);
        return {
          items: worst
            .filter(({ campus }) => sees(whoOf(request), campus))
            .map(({ campus, cell }) => ({
              campus,
              name: view.names.campus(campus),
              county: fourHundred.campus(campus)?.plan.campus.county ?? null,
              cell,
            })),
        };
      },
    );

    app.get(
      '/four-hundred/repairs',
      {
        config: { rows: true },
        schema: {
          summary:
            'What would lift a campus, a county or the city to 100 %: nothing on the list could be left out',
          querystring: scope.extend({ item: item.optional(), level: level.default('usable') }),
          response: { 200: itemsOf(apiRepairs) },
        },
      },
      (request) => {
        const { query } = request;
        const found = campusesOf(query, request).map((campus) => {
          const ledger = fourHundred.campus(campus)!;
          const repairs = repairsOf(ledger, query.item, query.level).map((one) => repairOf(ledger.plan, one));
          return { campus, name: view.names.campus(campus), repairs };
        });
        const needing = found.filter(({ repairs }) => repairs.length > 0);
        return { items: needing.sort((a, b) => a.repairs.length - b.repairs.length) };
      },
    );

    app.get(
      '/four-hundred/duties',
      {
        config: { rows: true },
        schema: {
          summary: 'What each campus that one sees has to do: drills and tests, what is overdue first',
          querystring: z.object({ county: id.optional() }),
          response: { 200: itemsOf(apiDutiesOfCampus) },
        },
      },
      (request) => {
        const found = campusesOf(request.query, request).map((campus) => {
          const { plan, case: now } = fourHundred.campus(campus)!;
          const duties = dutiesOf(now);
          const tests = { done: 0, due: 0, overdue: 0 };
          for (const { what, state } of duties) if ('test' in what) tests[state] += 1;
          return {
            campus,
            name: view.names.campus(campus),
            county: plan.campus.county ?? null,
            drill: duties.find(({ what }) => 'drill' in what) ?? null,
            tests,
          };
        });
        return { items: found.sort((a, b) => urgency(b) - urgency(a)) };
      },
    );
  };
}

/** What is overdue stands before what is due, and that before what is done. */
function urgency({ drill, tests }: Pick<ApiDutiesOfCampus, 'drill' | 'tests'>): number {
  if (drill?.state === 'overdue' || tests.overdue > 0) return 2;
  return drill?.state === 'due' || tests.due > 0 ? 1 : 0;
}
