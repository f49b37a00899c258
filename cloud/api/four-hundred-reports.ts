import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import { z } from 'zod';
import { itemsOf } from '#protocols/api.ts';
import { apiReport, monthlyReport, type MonthlyReport } from '#protocols/api-four-hundred.ts';
import { items, levels, percentOf } from '#protocols/four-hundred/answer.ts';
import { repairsOf } from '#protocols/four-hundred/repairs.ts';
import { id } from '#protocols/signal.ts';
import { reportCsv, reportXlsx } from '../four-hundred/report-table.ts';
import { subjectCalled } from '../inventory/campus-words.ts';
import { called } from '../names.ts';
import { xlsxType } from '../inventory/table-file.ts';
import { fourHundredView, repairOf } from './four-hundred-view.ts';
import type { Principal } from '../access/principal.ts';
import { needs, whoOf } from './access.ts';
import type { ApiParts } from './parts.ts';
import { Problem } from './problems.ts';
import { byCampus, inScope } from './scope.ts';
import { reportPage, reportStyle } from './report-page.ts';

const zoneMs = 8 * 3_600_000;
/** On one page; how many more there are is said. */
const repairsLimit = 200;
const reportId = z.object({ id: z.coerce.number().int().min(1) });

/** A month's first moment and the one after its last, China Standard Time, UTC ms. */
function monthOf(month: string): [from: number, to: number] {
  const [year, number] = month.split('-').map(Number) as [number, number];
  return [Date.UTC(year, number - 1) - zoneMs, Date.UTC(year, number) - zoneMs];
}

/** Monthly reports: each keeps the verdict it was made from, whatever becomes known later. */
export function reportRoutes(parts: ApiParts): FastifyPluginAsyncZod {
  const { fourHundred, inventory, store } = parts;
  const view = fourHundredView(parts);

  async function make(month: string, campus: string | undefined, who: Principal): Promise<MonthlyReport> {
    const city = view.inventory();
    const [from, end] = monthOf(month);
    const asOf = fourHundred.now;
    if (from >= asOf) throw new Problem(400, `${month} has not begun yet.`);
    // Of a month that is over its end: a full hour, of which the sums of the city are kept.
    const moment = Math.min(end, asOf);
    const asked = { moment, as_of: asOf };
    const campuses = campus === undefined ? fourHundred.campusesOf() : [campus];
    const spent = await Promise.all(
      Array.from({ length: items.length * levels.length }, (_, cell) =>
        fourHundred.history.spent(campuses, cell, 'day', from, moment),
      ),
    );
    const timeYes = (cell: number) => {
      const all = spent[cell]!.map((stretch) => stretch.spent);
      const whole = all.flatMap((one) => Object.values(one)).reduce((sum, ms) => sum + ms, 0);
      return whole === 0 ? null : (100 * all.reduce((sum, { yes }) => sum + yes, 0)) / whole;
    };
    const repairs = campuses.flatMap((one) => {
      const ledger = fourHundred.campus(one);
      return (ledger === null ? [] : repairsOf(ledger)).map((repair) => {
        const { subject, text, parts } = repairOf(ledger!.plan, repair);
        const what = subjectCalled(subject, inventory.wordsOf(one));
        const where = called({ id: one, name: view.names.campus(one) });
        const both = { zh: `${where.zh}：${what.zh}`, en: `${where.en}: ${what.en}` };
        return { subject: campus === undefined ? both : what, text, parts: parts.length };
      });
    });
    const common = {
      city: city.id,
      month,
      repairs: repairs.slice(0, repairsLimit),
      repairs_left: Math.max(0, repairs.length - repairsLimit),
    };
    if (campus !== undefined) {
      const { verdict } = await view.open(campus, asked);
      return {
        ...common,
        campus,
        name: view.names.campus(campus),
        verdict: {
          moment,
          as_of: asOf,
          revision: verdict.revision,
          rules: `${verdict.rules.id} ${verdict.rules.version}`,
        },
        counties: [],
        cells: verdict.cells.map(({ item, level, answer, parts }, cell) => {
          return {
            item,
            level,
            answer,
            percent: percentOf(parts),
            yes: parts.yes,
            of: parts.of,
            time_yes_percent: timeYes(cell),
          };
        }),
      };
    }
    const { verdict: whole } = await view.city(moment === asOf ? {} : asked, who);
    const counties = whole.counties.map(({ county, name, cells }) => ({
      county: county!,
      name,
      cells: cells.map(({ item, level, campuses, campuses_percent: percent }) => ({
        item,
        level,
        percent,
        yes: campuses.yes,
        of: campuses.of,
      })),
    }));
    const [first] = campuses;
    const rules = first === undefined ? null : fourHundred.campus(first)!.plan.rules;
    return {
      ...common,
      campus: null,
      name: city.name ?? null,
      verdict: {
        moment: whole.moment,
        as_of: asOf,
        revision: null,
        rules: rules === null ? '' : `${rules.id} ${rules.version}`,
      },
      counties,
      cells: whole.cells.map(({ item, level, campuses, campuses_percent: percent }, cell) => {
        return {
          item,
          level,
          answer: null,
          percent,
          yes: campuses.yes,
          of: campuses.of,
          time_yes_percent: timeYes(cell),
        };
      }),
    };
  }

  /** Throws a `Problem` where there is none that they see. */
  async function kept(id: number, who: Principal): Promise<MonthlyReport> {
    const seen = inScope(who, 'scope');
    const [row] = await store.read<{ report: string }>(
      `SELECT report FROM four_hundred_reports WHERE id = ? AND ${seen.where}`,
      [id, ...seen.params],
    );
    if (row === undefined) throw new Problem(404, `There is no report ${id}.`);
    return monthlyReport.parse(JSON.parse(row.report));
  }

  return async (app) => {
    needs(app, 'view');
    byCampus(app);
    app.post(
      '/api/v1/four-hundred/reports',
      {
        config: { right: 'act' },
        schema: {
          summary: 'Make the monthly report of a campus, or of the city; it is kept as it was made',
          security: [{ token: [] }],
          body: z.strictObject({
            campus: id.optional(),
            month: z.string().regex(/^20\d\d-(0[1-9]|1[0-2])$/, 'expected YYYY-MM'),
          }),
          response: { 201: apiReport },
        },
      },
      async (request, reply) => {
        const { campus, month } = request.body;
        const report = await make(month, campus, whoOf(request));
        const madeAt = fourHundred.now;
        const [result] = await store.commit([
          {
            sql: `INSERT INTO four_hundred_reports (scope, month, as_of, made_at, report) VALUES (?, ?, ?, ?, ?) RETURNING id`,
            params: [campus ?? '', month, report.verdict.as_of, madeAt, JSON.stringify(report)],
          },
        ]);
        const made = Number(result!.rows[0]!.id);
        return reply.code(201).send({
          id: made,
          campus: campus ?? null,
          month,
          as_of: report.verdict.as_of,
          made_at: madeAt,
          page: `/reports/${made}`,
        });
      },
    );

    app.get(
      '/api/v1/four-hundred/reports',
      {
        config: { rows: true },
        schema: {
          summary: 'The reports that were made, the newest first, of the campuses that one sees',
          response: { 200: itemsOf(apiReport) },
        },
      },
      async (request) => {
        const seen = inScope(whoOf(request), 'scope');
        const rows = await store.read<{
          id: number;
          scope: string;
          month: string;
          as_of: number;
          made_at: number;
        }>(
          `SELECT id, scope, month, as_of, made_at FROM four_hundred_reports WHERE ${seen.where}
           ORDER BY id DESC LIMIT 500`,
          seen.params,
        );
        return {
          items: rows.map(({ scope, ...row }) => ({
            ...row,
            campus: scope === '' ? null : scope,
            page: `/reports/${row.id}`,
          })),
        };
      },
    );

    app.get(
      '/api/v1/four-hundred/reports/:id',
      {
        config: { rows: true },
        schema: {
          summary: 'A monthly report as it was made: JSON, or its figures for a spreadsheet',
          params: reportId,
          querystring: z.object({ format: z.enum(['json', 'csv', 'xlsx']).default('json') }),
          produces: ['application/json', 'text/csv', xlsxType],
        },
      },
      async (request, reply) => {
        const { format } = request.query;
        const report = await kept(request.params.id, whoOf(request));
        const name = `${report.campus ?? report.city}-${report.month}.${format}`;
        reply.header('content-disposition', `attachment; filename="${name}"`);
        if (format === 'json') return reply.send(report);
        if (format === 'csv') return reply.type('text/csv; charset=utf-8').send(reportCsv(report));
        return reply.type(xlsxType).send(await reportXlsx(report));
      },
    );

    app.get(
      '/reports/style.css',
      { config: { right: 'public' }, schema: { hide: true } },
      (_request, reply) =>
        reply.type('text/css; charset=utf-8').header('cache-control', 'no-cache').send(reportStyle),
    );

    app.get(
      '/reports/:id',
      {
        config: { rows: true },
        schema: {
          summary: 'A monthly report as a page that prints',
          params: reportId,
          querystring: z.object({ lang: z.enum(['zh', 'en']).default('zh') }),
        },
      },
      async (request, reply) => {
        const { params, query } = request;
        const { lang } = query;
        const report = await kept(params.id, whoOf(request));
        return reply
          .type('text/html; charset=utf-8')
          .header('cache-control', 'no-store')
          .send(reportPage(report, params.id, lang));
      },
    );
  };
}
