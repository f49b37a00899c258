import { timingSafeEqual } from 'node:crypto';
import { fastify } from 'fastify';
import { z } from 'zod';
import type { SimulatedPart } from './kind.ts';

/** Everything that runs: by group, by id. */
export type Parts = ReadonlyMap<string, ReadonlyMap<string, SimulatedPart>>;

/** What was asked for is not here. Its message says what is. */
export class NotHere extends Error {
  readonly statusCode = 404;
}

export function found<T>(things: ReadonlyMap<string, T> | Readonly<Record<string, T>>, name: string): T {
  const map = things instanceof Map ? things : new Map(Object.entries(things));
  const thing = map.get(name) as T | undefined;
  if (thing !== undefined) return thing;
  throw new NotHere(`there is no ${name} here; there are: ${[...map.keys()].join(', ') || 'none'}`);
}

/**
 * The simulator's control door: HTTP on loopback, one bearer token. This is the hand that presses and the fault
 * that breaks; edge and cloud know nothing of it. `GET /` says what there is to be done; `GET /{group}` and
 * `GET /{group}/{id}` give states, `GET /{group}/{id}/{record}` the longer lists, and
 * `POST /{group}/{id}/{act}` acts.
 */
export async function startControl(
  parts: Parts,
  token: string,
  at: { host: string; port: number },
): Promise<{ port: number; url: string; close(): Promise<void> }> {
  const app = fastify({ forceCloseConnections: true });
  const expected = Buffer.from(`Bearer ${token}`);
  app.addHook('onRequest', async (request, reply) => {
    const given = Buffer.from(request.headers.authorization ?? '');
    if (given.length !== expected.length || !timingSafeEqual(given, expected)) {
      return reply.code(401).send({ detail: 'send the token of sim.json as Authorization: Bearer' });
    }
  });
  app.setErrorHandler((error: Error & { statusCode?: number }, _request, reply) => {
    if (error instanceof z.ZodError) return reply.code(400).send({ detail: z.prettifyError(error) });
    return reply.code(error.statusCode ?? 500).send({ detail: error.message });
  });
  app.setNotFoundHandler((request, reply) =>
    reply.code(404).send({ detail: `there is nothing at ${request.method} ${request.url}` }),
  );

  app.get('/', () =>
    Object.fromEntries(
      [...parts].map(([group, members]) => [
        group,
        Object.fromEntries(
          [...members].map(([id, { acts, records = {} }]) => [
            id,
            {
              acts: Object.fromEntries(
                Object.entries(acts).map(([name, { input }]) => [
                  name,
                  z.toJSONSchema(input, { io: 'input' }),
                ]),
              ),
              records: Object.keys(records),
            },
          ]),
        ),
      ]),
    ),
  );
  app.get<{ Params: { group: string } }>('/:group', async ({ params }) => ({
    items: [...found(parts, params.group).values()].map((part) => part.state()),
  }));
  const partAt = ({ group, id }: { group: string; id: string }) => found(found(parts, group), id);
  app.get<{ Params: { group: string; id: string } }>('/:group/:id', async ({ params }) =>
    partAt(params).state(),
  );
  app.get<{ Params: { group: string; id: string; record: string } }>(
    '/:group/:id/:record',
    async ({ params }) => found(partAt(params).records ?? {}, params.record)(),
  );
  app.post<{ Params: { group: string; id: string; act: string } }>(
    '/:group/:id/:act',
    async ({ params, body }) =>
      (await found(partAt(params).acts, params.act).run(body ?? {})) ?? { ok: true },
  );

  const url = await app.listen(at);
  return { port: Number(new URL(url).port), url, close: () => app.close() };
}
