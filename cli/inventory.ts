import { readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { extname, join } from 'node:path';
import { parse, stringify } from 'yaml';
import { z } from 'zod';
import { tableFile, xlsxType } from '#cloud/inventory/table-file.ts';
import { reasonOf } from '#platform/reason.ts';
import { type ApiImportPreview, apiImportPreview, apiInventory } from '#protocols/api-inventory.ts';
import { campusEntry } from '#protocols/inventory/entry.ts';
import { joinFiles } from '#protocols/inventory/inventory-files.ts';
import { tables } from '#protocols/inventory/tables/tables.ts';
import { UserError } from './service.ts';
import { placeOf } from './user.ts';

/** `belfry inventory check`: every mistake of every file, by file and field. */
export function checkInventory(paths: readonly string[]): void {
  const files = paths.flatMap((path) =>
    statSync(path).isDirectory()
      ? readdirSync(path)
          .filter((name) => name.endsWith('.yaml'))
          .toSorted()
          .map((name) => join(path, name))
      : [path],
  );
  if (files.length === 0) throw new UserError(`${paths.join(', ')}: there are no YAML files.`);
  const { city, complaints } = joinFiles(
    files.map((file) => ({ file, value: parse(readFileSync(file, 'utf8')) as unknown })),
  );
  if (complaints !== null)
    throw new UserError(
      complaints
        .map(({ file, path, text }) => `${file} ${path.join('.')}: ${text.en}\n  ${text.zh}`)
        .join('\n'),
    );
  const devices = city.campuses.flatMap(({ gateways }) => gateways.flatMap((gateway) => gateway.devices));
  process.stdout.write(`ok: ${city.campuses.length} campuses, ${devices.length} devices\n`);
}

/** `belfry inventory template`. */
export async function inventoryTemplate(options: { out: string; table?: string; lang: string }) {
  const table = formatOf(options) === 'csv' ? options.table! : null;
  writeFileSync(options.out, await tableFile(table, { counties: [] }, [], languageOf(options)));
  process.stdout.write(`${options.out}\n`);
}

/** `belfry inventory import`. Mistakes end it; without --apply nothing is changed. */
export async function importInventory(
  file: string,
  options: { table?: string; replace: boolean; apply: boolean; data: string },
): Promise<void> {
  const { query, ...sent } = sentOf(file, options);
  const answer = await ask(options.data, 'POST', `/imports?${query}`, sent);
  const preview = apiImportPreview.parse(await answer.json());
  if (preview.digest === null) throw new UserError(mistakesOf(preview));
  process.stdout.write(told(preview));
  if (!options.apply) {
    process.stdout.write('Nothing is changed yet: say --apply to do it.\n');
    return;
  }
  const done = await ask(options.data, 'POST', `/imports/${preview.digest}/apply`);
  const { campuses } = z
    .object({ campuses: z.array(z.object({ campus: z.string(), version: z.int() })) })
    .parse(await done.json());
  process.stdout.write(campuses.map(({ campus, version }) => `${campus}: version ${version}\n`).join(''));
}

/** `belfry inventory export`. YAML is as the folder `inventory` takes it. */
export async function exportInventory(options: {
  out: string;
  table?: string;
  campus?: string;
  lang: string;
  data: string;
}): Promise<void> {
  const { out, table, campus, data } = options;
  if (/\.ya?ml$/.test(out)) {
    const { city, campuses } = apiInventory.parse(await (await ask(data, 'GET', '')).json());
    const entries = [];
    for (const { id } of campuses)
      if ((campus ?? id) === id)
        entries.push(campusEntry.parse(await (await ask(data, 'GET', `/campuses/${id}`)).json()));
    const { counties = [], ...named } = city ?? {};
    writeFileSync(out, stringify({ city: named, counties, campuses: entries }));
  } else {
    const query = new URLSearchParams({ format: formatOf(options), lang: languageOf(options) });
    if (table !== undefined) query.set('table', table);
    if (campus !== undefined) query.set('campus', campus);
    writeFileSync(out, Buffer.from(await (await ask(data, 'GET', `/export?${query}`)).arrayBuffer()));
  }
  process.stdout.write(`${out}\n`);
}

/** YAML goes as JSON: each campus in it becomes what the file says. */
function sentOf(file: string, options: { table?: string; replace: boolean }) {
  const mode = options.replace ? 'replace' : 'merge';
  if (/\.ya?ml$/.test(file)) {
    const value = yamlIn(file);
    return {
      query: new URLSearchParams({ format: 'json' }),
      bytes: Buffer.from(JSON.stringify(value)),
      type: 'application/json',
    };
  }
  const format = formatOf({ out: file, ...options });
  const query = new URLSearchParams({ format, mode });
  if (format === 'csv') query.set('table', options.table!);
  return { query, bytes: readFileSync(file), type: format === 'csv' ? 'text/csv' : xlsxType };
}

function yamlIn(file: string): unknown {
  try {
    return parse(readFileSync(file, 'utf8')) as unknown;
  } catch (error) {
    throw new UserError(`${file}: ${reasonOf(error)}`);
  }
}

function formatOf({ out, table }: { out: string; table?: string }): 'csv' | 'xlsx' {
  const format = extname(out).slice(1);
  if (format === 'xlsx') return 'xlsx';
  if (format !== 'csv') throw new UserError(`${out}: expected a file that ends in .xlsx, .csv or .yaml`);
  if (!tables.some(({ id }) => id === table))
    throw new UserError(`Of a CSV, say --table: ${tables.map(({ id }) => id).join(', ')}.`);
  return 'csv';
}

function languageOf({ lang }: { lang: string }): 'zh' | 'en' {
  if (lang !== 'zh' && lang !== 'en') throw new UserError('--lang is zh or en.');
  return lang;
}

function told({ campuses, city }: ApiImportPreview): string {
  const lines = campuses.flatMap(
    ({ campus, is_new, added, changed, removed, differences, differences_left }) => [
      `${campus}${is_new ? ' (new)' : ''}: ${added} added, ${changed} changed, ${removed} removed`,
      ...differences.map(({ what, pointer }) => `  ${what} ${pointer}`),
      ...(differences_left > 0 ? [`  and ${differences_left} more`] : []),
    ],
  );
  const counties = city.map(({ what, pointer }) => `city: ${what} ${pointer}`);
  return [...counties, ...lines].map((line) => `${line}\n`).join('') || 'It would change nothing.\n';
}

function mistakesOf({ mistakes, mistakes_left }: ApiImportPreview): string {
  const lines = mistakes.map(({ sheet, row, column, text }) => {
    const where = [sheet, row !== null && `row ${row}`, column].filter(
      (part) => part !== null && part !== false,
    );
    return `${where.join(', ')}: ${text.en}\n  ${text.zh}`;
  });
  return [...lines, ...(mistakes_left > 0 ? [`and ${mistakes_left} more mistakes`] : [])].join('\n');
}

async function ask(data: string, method: string, path: string, file?: { bytes: Buffer; type: string }) {
  const { folder, url, token } = placeOf(data);
  if (url === null || token === null)
    throw new UserError(
      `${folder}: no cloud has run here (its url or cli-token file is not there). Say where with --data.`,
    );
  const answer = await fetch(`${url}/api/v1/inventory${path}`, {
    method,
    headers: { authorization: `Bearer ${token}`, ...(file && { 'content-type': file.type }) },
    ...(file && { body: Buffer.from(file.bytes) }),
  }).catch((error: unknown) => {
    throw new UserError(
      `${url} does not answer (${error instanceof Error ? error.message : String(error)}): is the cloud running?`,
    );
  });
  if (answer.ok) return answer;
  const problem = (await answer.json().catch(() => ({}))) as {
    detail?: string;
    errors?: { detail: string }[];
  };
  const details = (problem.errors ?? []).map(({ detail }) => detail);
  throw new UserError([problem.detail ?? `the cloud answers ${answer.status}`, ...details].join('\n'));
}
