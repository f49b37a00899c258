import { z } from 'zod';
import { kinds } from '#sim/kinds.ts';
import type { Parts } from '#sim/control.ts';

interface JsonSchema {
  type?: string | string[];
  enum?: unknown[];
  const?: unknown;
  anyOf?: JsonSchema[];
  oneOf?: JsonSchema[];
  properties?: Record<string, JsonSchema>;
  required?: string[];
  items?: JsonSchema;
  minimum?: number;
  exclusiveMinimum?: number;
  maximum?: number;
  default?: unknown;
  description?: string;
}

const code = (value: unknown) =>
  `\`${typeof value === 'string' && value !== '' ? value : JSON.stringify(value)}\``;
const asJson = (schema: z.ZodType) => z.toJSONSchema(schema, { io: 'input' }) as JsonSchema;

/** What a value may be, in a few words. */
function valueOf(schema: JsonSchema): string {
  const choices = schema.anyOf ?? schema.oneOf;
  if (choices) return choices.map(valueOf).join(' or ');
  if (schema.enum) return schema.enum.map(code).join(', ');
  if (schema.const !== undefined) return code(schema.const);
  if (schema.type === 'array')
    return `list of ${schema.items?.properties ? 'entries' : valueOf(schema.items!)}`;
  if (schema.properties) {
    const inner = Object.entries(schema.properties).map(([key, value]) => `${key}: ${valueOf(value)}`);
    return `{ ${inner.join('; ')} }`;
  }
  if (schema.type === 'boolean') return '`true`, `false`';
  if (schema.type === 'null') return '`null`';
  if (schema.type === 'object') return 'by name';
  if (schema.type === 'string') return 'text';
  const low = schema.minimum ?? schema.exclusiveMinimum;
  const bounded = (bound: number | undefined) => bound !== undefined && Math.abs(bound) < 2 ** 53 - 1;
  const from = bounded(low) ? `${schema.exclusiveMinimum === undefined ? 'from' : 'above'} ${low}` : '';
  const to = bounded(schema.maximum) ? `to ${schema.maximum}` : '';
  return ['number', from, to].filter((word) => word !== '').join(' ');
}

function rowsOf(schema: JsonSchema, prefix = ''): string[] {
  return Object.entries(schema.properties ?? {}).flatMap(([key, value]) => {
    const must = schema.required?.includes(key) && value.default === undefined;
    const otherwise = value.default === undefined ? (must ? 'must be given' : '') : code(value.default);
    const row = `| \`${prefix}${key}\` | ${valueOf(value)} | ${otherwise} | ${value.description ?? ''} |`;
    return [row, ...(value.items?.properties ? rowsOf(value.items, `${prefix}${key}[].`) : [])];
  });
}

/** The keys of sim.yaml, as its schemas have them. */
export function keysPage(): string {
  return Object.entries(kinds)
    .map(([list, { entry, group }]) => {
      const rows = rowsOf(asJson(entry));
      return `### \`${list}\`\n\nAt the control door: \`/${group}/{id}\`.\n\n| key | value | without it | |\n|---|---|---|---|\n${rows.join('\n')}\n`;
    })
    .join('\n');
}

/** The acts of the control door, as running parts have them: one part of each group. */
export function actsPage(parts: Parts): string {
  return [...parts]
    .map(([group, members]) => {
      const [part] = members.values();
      if (part === undefined) throw new Error(`give the page's test one part of ${group}`);
      const rows = Object.entries(part.acts).map(([name, { input }]) => {
        const { properties = {}, required = [] } = asJson(input);
        const keys = Object.entries(properties).map(([key, value]) => {
          const optional = required.includes(key) && value.default === undefined ? '' : '?';
          return `\`${key}${optional}\`: ${valueOf(value)}${value.description ? ` (${value.description})` : ''}`;
        });
        return `| \`POST /${group}/{id}/${name}\` | ${keys.join('<br>') || 'nothing'} |`;
      });
      const records = Object.keys(part.records ?? {}).map((name) => `| \`GET /${group}/{id}/${name}\` | |`);
      return [...rows, ...records];
    })
    .flat()
    .join('\n');
}
