import type { FastifyInstance } from 'fastify';
import type { SqlValue } from '#platform/ports.ts';
import { type Principal, sees } from '../access/principal.ts';
import { whoOf } from './access.ts';
import { Problem } from './problems.ts';

/** Refuses what is on a campus that somebody does not see, as if it was not there. */
export function mustSee(who: Principal, campus: string | null | undefined, what: string): void {
  if (!sees(who, campus)) throw new Problem(404, `There is no ${what}.`);
}

/** Refuses what is about all campuses to who sees only some. */
export function mustSeeAll(who: Principal): void {
  if (who.campuses !== null) throw new Problem(403, 'This is about all campuses; you see only some of them.');
}

/** A condition on the campus of a row. */
export function inScope({ campuses }: Principal, column: string): { where: string; params: SqlValue[] } {
  if (campuses === null) return { where: 'true', params: [] };
  return { where: `${column} IN (SELECT value FROM json_each(?))`, params: [JSON.stringify(campuses)] };
}

/** What an alert is about begins with a gateway, is a drill, or concerns everybody. */
export function alertsInScope(
  { campuses }: Principal,
  gateways: readonly { id: string; campus: string }[],
): { where: string; params: SqlValue[] } {
  if (campuses === null) return { where: 'true', params: [] };
  const theirs = gateways.filter(({ campus }) => campuses.includes(campus)).map(({ id }) => id);
  const first = `substr(subject, 1, instr(replace(replace(subject, '/', '.'), ' ', '.') || '.', '.') - 1)`;
  return {
    where: `(code IN ('centre-silent', 'centre-refused', 'overloaded')
      OR (code = 'latency-breach' AND ${first} IN (SELECT value FROM json_each(?)))
      OR ${first} IN (SELECT value FROM json_each(?))
      OR subject IN (SELECT id FROM drills WHERE campus IN (SELECT value FROM json_each(?))))`,
    params: [JSON.stringify(campuses), JSON.stringify(theirs), JSON.stringify(campuses)],
  };
}

/**
 * Holds each route of this plugin to the campus that it names; one that names none is about all of them, unless it
 * says (`rows`) that it gives of each campus a row, and only to who sees it.
 */
export function byCampus(app: { addHook: FastifyInstance['addHook'] }): void {
  app.addHook('preHandler', async (request) => {
    if (request.routeOptions.config.right === 'public') return;
    const said = [request.params, request.query, request.body] as ({ campus?: string } | undefined)[];
    const named = said.flatMap((part) => part?.campus ?? []);
    for (const campus of named) mustSee(whoOf(request), campus, `campus ${campus}`);
    if (named.length === 0 && !request.routeOptions.config.rows) mustSeeAll(whoOf(request));
  });
}
