import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import type { IncomingMessage } from 'node:http';
import { z } from 'zod';
import { DatabaseError } from '#platform/database-error.ts';
import { NoDecoder } from '#platform/jpeg.ts';
import type { Clock } from '#platform/ports.ts';
import { apiPicture } from '#protocols/api-pictures.ts';
import {
  contentDigest,
  pictureBytesLimit,
  type PictureName,
  pictureName,
  sameSignature,
  shotsLimit,
} from '#protocols/pictures.ts';
import type { ApiParts } from './parts.ts';
import { Problem } from './problems.ts';

/** A body that is not whole by then is cut off. */
const bodyLimitMs = 15_000;
/** Bodies that are read or looked at in the same moment: what they take of the memory is bounded. */
const atOnce = 16;
const aheadLimitMs = 600_000;
/** An edge keeps a picture for no longer (edge.yaml, `pictures.spool_days`), so an older one is a replay. */
const oldestMs = 31 * 86_400_000;

const said = z.object({
  'content-digest': z.string().regex(/^sha-256=:[A-Za-z0-9+/]{43}=:$/, 'expected sha-256=:…:'),
  'belfry-taken-at': z.coerce.number().pipe(z.int().min(0)).describe('UTC ms'),
  'belfry-signature': z.string().max(100).describe('v1=HMAC-SHA256, see docs/pictures.md'),
});

/** Where gateways put pictures. Each PUT is signed with a key of its gateway; no token opens it. */
export function pictureUpload(parts: ApiParts): FastifyPluginAsyncZod {
  const { clock, liveness, pictures } = parts;
  let running = 0;

  /** Everything that can be refused before a body is read. */
  function admit(name: PictureName, headers: z.infer<typeof said>): void {
    if (!pictures) throw new Problem(503, 'This cloud keeps no pictures.');
    const takenAt = headers['belfry-taken-at'];
    const signed = { digest: headers['content-digest'], takenAt, signature: headers['belfry-signature'] };
    if (!pictures.isSigned(name, signed))
      throw new Problem(401, 'This picture is not signed by its gateway.');
    const { gateway, camera, kind, about, n } = name;
    const campus = liveness.gateway(gateway)?.campus;
    if (campus === undefined || liveness.device(gateway, camera)?.report?.kind !== 'camera')
      throw new Problem(404, `There is no camera ${gateway}/${camera}.`);
    const shots = kind === 'alarm' ? shotsLimit : kind === 'request' ? 1 : Infinity;
    if (n > shots) throw new Problem(400, `A camera gives at most ${shots} of these.`);
    if (kind === 'alarm' && liveness.gateway(about.split('.')[0]!)?.campus !== campus)
      throw new Problem(404, 'That is no alarm of this campus.');
    const now = clock.wall();
    if (takenAt > now + aheadLimitMs) throw new Problem(422, 'This picture is of the future.');
    if (takenAt < now - oldestMs) throw new Problem(410, 'This picture is too old to be kept.');
  }

  return async (app) => {
    app.addContentTypeParser('image/jpeg', async (_request: unknown, body: IncomingMessage) =>
      readAll(body, clock),
    );
    app.put(
      '/pictures/:gateway/:camera/:kind/:about/:n',
      {
        config: { right: 'gateway' },
        bodyLimit: pictureBytesLimit,
        schema: {
          summary: "A gateway's picture (JPEG), signed with its key",
          consumes: ['image/jpeg'],
          params: pictureName,
          headers: said,
          response: { 200: apiPicture, 201: apiPicture },
        },
        onRequest: async (request, reply) => {
          // Before the validation, which comes after the body: here it is not read at all.
          const name = pictureName.safeParse(request.params);
          const headers = said.safeParse(request.headers);
          // A body that is refused is not read to its end.
          reply.header('connection', 'close');
          if (!name.success || !headers.success)
            throw new Problem(
              400,
              'The path or the headers are not those of a picture; see docs/pictures.md.',
            );
          if (Number(request.headers['content-length'] ?? 0) > pictureBytesLimit)
            throw new Problem(413, `A picture has at most ${pictureBytesLimit} bytes.`);
          admit(name.data, headers.data);
          if (running >= atOnce) {
            reply.header('retry-after', '5');
            throw new Problem(503, 'Too many pictures come at once; try again later.');
          }
          running += 1;
          reply.raw.once('close', () => (running -= 1));
        },
      },
      async (request, reply) => {
        const jpeg = request.body as Buffer | undefined;
        if (!Buffer.isBuffer(jpeg)) throw new Problem(415, 'A picture is image/jpeg.');
        const headers = request.headers;
        if (!sameSignature(contentDigest(jpeg), headers['content-digest']))
          throw new Problem(400, 'These are not the bytes that were signed.');
        const name = request.params;
        const campus = liveness.gateway(name.gateway)!.campus;
        const accepted = await pictures!.shelf
          .accept({ ...name, campus }, jpeg, headers['belfry-taken-at'])
          .catch((error: unknown) => {
            if (error instanceof NoDecoder) throw new Problem(503, 'This cloud cannot look at pictures.');
            if (error instanceof DatabaseError && error.code === 'full')
              throw new Problem(507, 'There is no room for pictures.');
            throw error;
          });
        switch (accepted.as) {
          case 'stored':
            return reply.code(201).send(accepted.picture);
          case 'known':
            return reply.code(200).send(accepted.picture);
          case 'other':
            throw new Problem(409, 'There is another picture of this name.');
          case 'gone':
            throw new Problem(410, 'This picture was here, and was removed.');
          case 'no-picture':
            throw new Problem(422, 'This is no whole JPEG within the limits.');
          case 'no-room':
            throw new Problem(507, 'There is no room for pictures.');
        }
      },
    );
  };
}

/** The whole body; one that is too long, or too slow, is cut off. */
async function readAll(body: IncomingMessage, clock: Clock): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let size = 0;
  const late = Promise.withResolvers<never>();
  const cancel = clock.after(bodyLimitMs, () =>
    late.reject(new Problem(408, 'The picture came too slowly.')),
  );
  const whole = (async () => {
    for await (const chunk of body as AsyncIterable<Buffer>) {
      size += chunk.length;
      if (size > pictureBytesLimit)
        throw new Problem(413, `A picture has at most ${pictureBytesLimit} bytes.`);
      chunks.push(chunk);
    }
    return Buffer.concat(chunks, size);
  })();
  try {
    return await Promise.race([whole, late.promise]);
  } finally {
    cancel();
    whole.catch(() => {});
  }
}
