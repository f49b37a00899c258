import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import { randomUUID } from 'node:crypto';
import { z } from 'zod';
import { itemsOf } from '#protocols/api.ts';
import { maintenanceOf } from '#protocols/api-four-hundred.ts';
import { type Evidence, evidence } from '#protocols/four-hundred/evidence.ts';
import { devicesOf } from '#protocols/inventory/campus.ts';
import { bilingual } from '#protocols/messages/bilingual.ts';
import { id } from '#protocols/signal.ts';
import type { Draft } from '../four-hundred/evidence-store.ts';
import { needs } from './access.ts';
import type { ApiParts } from './parts.ts';
import { Problem } from './problems.ts';
import { byCampus } from './scope.ts';
import { who } from './waiting.ts';

const dayMs = 86_400_000;
const longestMaintenanceMs = 90 * dayMs;
const params = z.object({ campus: id });
const reason = z.string().trim().min(1).max(500);

/** What people declare: maintenance beforehand, why a gate was opened, that a drill was held. Each needs the token. */
export function fourHundredActs({ fourHundred, clock }: ApiParts): FastifyPluginAsyncZod {
  function inventoryOf(campus: string) {
    const ledger = fourHundred.campus(campus);
    if (ledger === null) throw new Problem(404, `There is no campus ${campus} in the inventory.`);
    return ledger.plan.campus;
  }

  async function declare(campus: string, piece: Draft['piece'], source = `${piece.kind}/${randomUUID()}`) {
    const committed = await fourHundred.declare(campus, source, piece);
    if (committed === null) throw new Problem(409, 'This is declared already.');
    return committed;
  }

  return async (app) => {
    needs(app, 'act');
    byCampus(app);
    const security = [{ token: [] }];
    app.post(
      '/four-hundred/campuses/:campus/maintenance',
      {
        schema: {
          summary: 'Declare maintenance; what is declared late holds from now on',
          security,
          params,
          body: z.strictObject({ of: maintenanceOf, from: z.int(), to: z.int(), reason, by: who }),
          response: { 201: evidence },
        },
      },
      async ({ params: { campus }, body }, reply) => {
        const inventory = inventoryOf(campus);
        const { of, from, to } = body;
        if (to <= from || to - from > longestMaintenanceMs || to <= clock.wall())
          throw new Problem(
            400,
            'Maintenance ends after it begins and after now, and takes 90 days at most.',
          );
        if (of !== 'campus') {
          const there =
            'device' in of
              ? devicesOf(inventory).has(of.device)
              : 'gate' in of
                ? inventory.gates.some(({ id }) => id === of.gate)
                : 'fence' in of
                  ? inventory.fence.some(({ id }) => id === of.fence)
                  : 'post' in of
                    ? inventory.posts.some(({ id }) => id === of.post)
                    : inventory.zones.some(({ id }) => id === of.zone);
          if (!there) throw new Problem(404, `${campus} has no such thing: ${Object.values(of).join()}.`);
        }
        const at = Math.round(clock.wall());
        return reply.code(201).send(await declare(campus, { kind: 'maintenance', at, ...body }));
      },
    );

    app.post(
      '/four-hundred/campuses/:campus/maintenance/:id/end',
      {
        schema: {
          summary: 'End a maintenance now, before its time; one that has not begun is not held at all',
          security,
          params: params.extend({ id: z.coerce.number().int().min(1) }),
          body: z.strictObject({ by: who }),
          response: { 201: evidence },
        },
      },
      async ({ params: { campus, id: maintenance }, body: { by } }, reply) => {
        inventoryOf(campus);
        const [declared] = await fourHundred.evidence.pieces(campus, [maintenance]);
        if (declared?.kind !== 'maintenance')
          throw new Problem(404, `${campus} has no maintenance ${maintenance}.`);
        const at = Math.round(clock.wall());
        if (declared.to <= at) throw new Problem(409, 'This maintenance is over.');
        const piece = { kind: 'maintenance-ended' as const, at, maintenance, by };
        return reply
          .code(201)
          .send(await declare(campus, piece, `maintenance-ended/${campus}/${maintenance}`));
      },
    );

    app.post(
      '/four-hundred/campuses/:campus/explanations',
      {
        schema: {
          summary: 'Explain an opening of a gate or fence: it no longer counts',
          security,
          params,
          body: z.strictObject({
            opening: z.int().min(1).describe('id of its contact evidence'),
            reason,
            by: who,
          }),
          response: { 201: evidence },
        },
      },
      async ({ params: { campus }, body }, reply) => {
        inventoryOf(campus);
        const [opening] = await fourHundred.evidence.pieces(campus, [body.opening]);
        if (opening?.kind !== 'contact' || !opening.open)
          throw new Problem(404, `${campus} has no opening ${body.opening}.`);
        const at = Math.round(clock.wall());
        const source = `explained/${campus}/${body.opening}`;
        return reply.code(201).send(await declare(campus, { kind: 'explained', at, ...body }, source));
      },
    );

    app.post(
      '/four-hundred/campuses/:campus/drills',
      {
        schema: {
          summary: 'Record an emergency drill that was held',
          security,
          params,
          body: z.strictObject({ held_at: z.int().describe('UTC ms'), name: bilingual.strict().optional() }),
          response: { 201: evidence },
        },
      },
      async ({ params: { campus }, body: { held_at: at, name } }, reply) => {
        inventoryOf(campus);
        const now = clock.wall();
        if (at > now || at < now - 100 * dayMs)
          throw new Problem(400, 'A drill is recorded after it was held, and within 100 days.');
        const piece = { kind: 'drill' as const, at, ...(name && { name }) };
        return reply.code(201).send(await declare(campus, piece, `drill/${campus}/${at}`));
      },
    );

    for (const [path, kind] of [
      ['maintenance', 'maintenance'],
      ['explanations', 'explained'],
      ['drills', 'drill'],
    ] as const) {
      app.get(
        `/four-hundred/campuses/:campus/${path}`,
        {
          config: { right: 'view' },
          schema: {
            summary: `What was declared of ${path}, the newest first; what ended early with its real end`,
            params,
            querystring: z.object({ limit: z.coerce.number().int().min(1).max(500).default(100) }),
            response: { 200: itemsOf(evidence) },
          },
        },
        async ({ params: { campus }, query: { limit } }) => {
          inventoryOf(campus);
          const items = await fourHundred.evidence.list(campus, kind, limit);
          if (kind !== 'maintenance') return { items };
          const ended = await fourHundred.evidence.list(campus, 'maintenance-ended', 500);
          return { items: items.map((one) => untilItsEnd(one, ended)) };
        },
      );
    }
  };
}

function untilItsEnd(piece: Evidence, ended: readonly Evidence[]): Evidence {
  const end = ended.find((one) => one.kind === 'maintenance-ended' && one.maintenance === piece.id);
  return piece.kind === 'maintenance' && end !== undefined
    ? { ...piece, to: Math.min(piece.to, end.at) }
    : piece;
}
