import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import { z } from 'zod';
import { apiCommand, itemsOf } from '#protocols/api.ts';
import { apiPicture, apiPictureView } from '#protocols/api-pictures.ts';
import { pictureKind } from '#protocols/pictures.ts';
import { id } from '#protocols/signal.ts';
import { nameOf, needs, whoOf } from './access.ts';
import type { ApiParts } from './parts.ts';
import { Problem } from './problems.ts';
import { mustSee } from './scope.ts';
import { by, settledWithin, wait } from './waiting.ts';

const limit = z.coerce.number().int().min(1).max(500).default(100);
const serial = z.coerce.number().int().min(1);

/** Pictures for people on this machine: what there is, one to look at, who looked, and one taken now. */
export function pictureRoutes(parts: ApiParts): FastifyPluginAsyncZod {
  const { clock, commands, liveness } = parts;

  function kept() {
    if (parts.pictures) return parts.pictures;
    throw new Problem(503, 'This cloud keeps no pictures.');
  }
  const page = <T extends { id: number }>(items: T[], limit: number) => ({
    items,
    next: items.length < limit ? null : String(items.at(-1)!.id),
  });

  return async (app) => {
    needs(app, 'pictures');
    app.get(
      '/pictures',
      {
        schema: {
          summary: 'What pictures there are, newest first; looking at one is a view, and logged',
          querystring: z.object({
            limit,
            before: serial.optional(),
            alarm: z.string().max(200).optional().describe('those of this alarm'),
            gateway: id.optional(),
            camera: id.optional(),
            kind: pictureKind.optional(),
          }),
          response: { 200: itemsOf(apiPicture) },
        },
      },
      async (request) => {
        const { alarm, ...asked } = request.query;
        const about = alarm === undefined ? undefined : await kept().namesOf(alarm);
        const found = await kept().shelf.find({
          ...asked,
          campuses: whoOf(request).campuses,
          ...(about && { about, kind: 'alarm' as const }),
        });
        return page(found, asked.limit);
      },
    );

    app.get(
      '/pictures/views',
      {
        config: { right: 'audit' },
        schema: {
          summary: 'Who looked at which picture, newest first',
          querystring: z.object({
            limit,
            before: serial.optional(),
            picture: serial.optional(),
            about: z.string().max(200).optional().describe('an alarm, a request'),
          }),
          response: { 200: itemsOf(apiPictureView) },
        },
      },
      async (request) => {
        const { query } = request;
        return page(await kept().views.log({ ...query, campuses: whoOf(request).campuses }), query.limit);
      },
    );

    app.get(
      '/pictures/:id/jpeg',
      {
        exposeHeadRoute: false,
        schema: {
          summary: 'The picture; `by` is logged with it',
          params: z.object({ id: serial }),
          querystring: z.object({ by }),
          produces: ['image/jpeg'],
        },
      },
      async (request, reply) => {
        const { params, query } = request;
        const name = nameOf(request, query.by);
        const { campuses } = whoOf(request);
        const [picture] = await kept().shelf.find({ id: params.id, campuses, limit: 1 });
        if (picture === undefined) throw new Problem(404, `There is no picture ${params.id}.`);
        const jpeg = await kept().views.show(picture, { by: 'person', name });
        if (jpeg === null) throw new Problem(410, `Picture ${params.id} was removed after its days.`);
        return reply.type('image/jpeg').send(jpeg);
      },
    );

    app.post(
      '/gateways/:gateway/devices/:device/picture',
      {
        schema: {
          summary:
            'Have a camera take a picture now; answered 200 with the reply, or 202 while there is none',
          security: [{ token: [] }],
          params: z.object({ gateway: id, device: id }),
          querystring: z.object({ wait }),
          body: z.strictObject({ by }),
          response: {
            200: z.object({ command: apiCommand, picture: apiPicture.nullable() }),
            202: z.object({ command: apiCommand, picture: apiPicture.nullable() }),
          },
        },
      },
      async (request, reply) => {
        const { gateway, device: camera } = request.params;
        const device = liveness.device(gateway, camera);
        if (device === null) throw new Problem(404, `There is no device ${gateway}/${camera}.`);
        mustSee(whoOf(request), device.gateway.campus, `device ${gateway}/${camera}`);
        if (!device.report?.acts.includes('snapshot'))
          throw new Problem(409, `${gateway}/${camera} cannot be asked for a picture.`);
        const to = { campus: device.gateway.campus, gateway, camera };
        const asked = await kept().asking.now(to, nameOf(request, request.body.by));
        if (request.query.wait !== undefined) await settledWithin(clock, request.query.wait, asked.settled);
        const command = (await commands.get(asked.id))!;
        const [picture = null] = await kept().shelf.find({
          gateway,
          camera,
          kind: 'request',
          about: [asked.request],
          limit: 1,
        });
        return reply.code(command.state === 'waiting' ? 202 : 200).send({ command, picture });
      },
    );
  };
}
