import type { Buffer } from 'node:buffer';
import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import type { FastifyRequest } from 'fastify';
import { z } from 'zod';
import { type ApiImportPreview, apiImportPreview } from '#protocols/api-inventory.ts';
import type { Difference } from '#protocols/inventory/differences.ts';
import type { CampusEntryFull, CityEntry } from '#protocols/inventory/entry.ts';
import { givenEntries, type GivenEntries } from '#protocols/inventory/inventory-files.ts';
import { inChinese } from '#protocols/inventory/schema-words.ts';
import { tables } from '#protocols/inventory/tables/tables.ts';
import { id } from '#protocols/signal.ts';
import { sees } from '../access/principal.ts';
import { Imports } from '../inventory/imports.ts';
import { tableFile, xlsxType } from '../inventory/table-file.ts';
import { needs, whoOf } from './access.ts';
import { changedBy, pointed, pointerOf, saidAlong } from './inventory-edit.ts';
import type { ApiParts } from './parts.ts';
import { Problem } from './problems.ts';
import { mustSee } from './scope.ts';
import { fileLimit, sheetsIn, takeSpreadsheets } from './spreadsheet-body.ts';

const differencesLimit = 500;
const tableId = z.enum(tables.map((table) => table.id) as [string, ...string[]]);
const written = z.object({
  format: z.enum(['csv', 'xlsx']).default('xlsx'),
  table: tableId.optional().describe('of a CSV: which table'),
  lang: z.enum(['zh', 'en']).default('zh'),
});

/** The inventory as spreadsheets: templates, the way out, and the way in by a preview. */
export function inventoryTableRoutes(
  parts: Pick<ApiParts, 'inventory' | 'spreadsheets' | 'clock'>,
): FastifyPluginAsyncZod {
  const { inventory, spreadsheets, clock } = parts;
  const imports = new Imports(clock, inventory);
  const mayOf = (request: FastifyRequest) => {
    const who = whoOf(request);
    return { city: who.campuses === null, sees: (campus: string) => sees(who, campus) };
  };
  const pause = () => new Promise<void>((done) => void setImmediate(done));

  return async (app) => {
    needs(app, 'configure');
    takeSpreadsheets(app);

    app.get(
      '/inventory/template',
      {
        config: { right: 'view' },
        schema: {
          summary: 'Empty tables to fill in',
          querystring: written,
          produces: [xlsxType, 'text/csv'],
        },
      },
      async ({ query }, reply) => {
        const { type, bytes } = await fileOf(query, { counties: [] }, []);
        return reply
          .type(type)
          .header('content-disposition', `attachment; filename="belfry-template.${query.format}"`)
          .send(bytes);
      },
    );
    app.get(
      '/inventory/export',
      {
        schema: {
          summary: 'The inventory as an import would take it back: of one campus, or of all that one sees',
          querystring: written.extend({ campus: id.optional() }),
          produces: [xlsxType, 'text/csv'],
        },
      },
      async (request, reply) => {
        const { query } = request;
        if (query.campus !== undefined) mustSee(whoOf(request), query.campus, `campus ${query.campus}`);
        const seen = (inventory.current()?.campuses ?? []).filter(
          (campus) => (query.campus ?? campus.id) === campus.id && sees(whoOf(request), campus.id),
        );
        const entries: CampusEntryFull[] = [];
        for (const campus of seen) entries.push((await inventory.campus(campus.id))!);
        const counties = whoOf(request).campuses === null ? (inventory.city()?.counties ?? []) : [];
        const { type, bytes } = await fileOf(query, { counties }, entries);
        request.about = { campuses: entries.length };
        return reply
          .type(type)
          .header('content-disposition', `attachment; filename="belfry-inventory.${query.format}"`)
          .send(bytes);
      },
    );
    app.post(
      '/inventory/imports',
      {
        bodyLimit: fileLimit,
        schema: {
          summary: 'Look at what a file would change; nothing is changed yet. The body is the file itself',
          querystring: z.object({
            format: z.enum(['csv', 'xlsx', 'json']).describe('json: whole entries, as a YAML file has them'),
            table: tableId.optional().describe('of a CSV: which table'),
            mode: z
              .enum(['merge', 'replace'])
              .default('merge')
              .describe('replace: what a table no longer lists of a campus that it names is taken out'),
          }),
          consumes: [xlsxType, 'text/csv', 'application/json'],
          response: { 200: apiImportPreview },
        },
      },
      async (request) => {
        const { format, table, mode } = request.query;
        if (format === 'csv' && table === undefined)
          throw new Problem(400, 'Of a CSV file, say with `table` which table it is.');
        const look = async () => {
          if (format === 'json')
            return imports.previewEntries(entriesIn(request.body), mayOf(request), pause);
          const sheets = await sheetsIn(spreadsheets, request.body, format, table ?? '');
          return imports.preview(sheets, mode, mayOf(request), pause);
        };
        const { mistakes, campuses, ...preview } = await look();
        request.about = { format, mode, digest: preview.digest, rows: preview.rows };
        return {
          ...preview,
          mistakes,
          campuses: campuses.map(({ campus, isNew, differences }) => ({
            campus,
            is_new: isNew,
            ...countsOf(differences),
            differences: differences.slice(0, differencesLimit),
            differences_left: Math.max(0, differences.length - differencesLimit),
          })),
        };
      },
    );
    app.post(
      '/inventory/imports/:digest/apply',
      {
        schema: {
          summary: 'Do what was looked at, whole; 409 where the inventory has changed since',
          params: z.object({ digest: z.string().regex(/^[0-9a-f]{64}$/) }),
          querystring: saidAlong,
          response: { 200: z.object({ campuses: z.array(z.object({ campus: id, version: z.int() })) }) },
        },
      },
      async (request) => {
        const by = changedBy(request, request.query);
        const done = await imports.apply(request.params.digest, mayOf(request), {
          by,
          note: request.query.note,
        });
        if (done === null)
          throw new Problem(404, 'There is no such preview (any more): send the file again.');
        if (done.ok) {
          const campuses = [...done.versions].filter(([subject]) => subject.startsWith('campus/'));
          return { campuses: campuses.map(([subject, version]) => ({ campus: subject.slice(7), version })) };
        }
        if ('outdated' in done)
          throw new Problem(
            409,
            `${done.outdated} has changed since; send the file again to see what it would do now.`,
          );
        throw new Problem(
          409,
          'The inventory has changed since, and this would leave mistakes in it; nothing was changed.',
          done.mistakes.map((mistake) => pointed(mistake, null)),
        );
      },
    );
  };
}

function entriesIn(body: unknown): GivenEntries {
  const parsed = givenEntries.safeParse(body);
  if (parsed.success) return parsed.data;
  const errors = parsed.error.issues.map((issue) => ({
    pointer: pointerOf(issue.path.map(String)),
    detail: issue.message,
    text: { zh: inChinese(issue), en: issue.message },
  }));
  throw new Problem(400, 'This is not an inventory.', errors);
}

function countsOf(
  all: readonly Difference[],
): Pick<ApiImportPreview['campuses'][number], 'added' | 'changed' | 'removed'> {
  const count = (wanted: Difference['what']) => all.filter(({ what }) => what === wanted).length;
  return { added: count('added'), changed: count('changed'), removed: count('removed') };
}

async function fileOf(
  { format, table, lang }: z.infer<typeof written>,
  city: Pick<CityEntry, 'counties'>,
  campuses: readonly CampusEntryFull[],
): Promise<{ type: string; bytes: Buffer }> {
  if (format === 'csv' && table === undefined)
    throw new Problem(400, 'Of a CSV file, say with `table` which table.');
  const type = format === 'csv' ? 'text/csv; charset=utf-8' : xlsxType;
  return { type, bytes: await tableFile(format === 'csv' ? table! : null, city, campuses, lang) };
}
