import type { FastifyReply, FastifyRequest } from 'fastify';
import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import { z } from 'zod';
import type { ApiPicture } from '#protocols/api-pictures.ts';
import { shotsLimit } from '#protocols/pictures.ts';
import { id } from '#protocols/signal.ts';
import type { ApiParts } from './parts.ts';
import { type Asked, notYetPage, picturesPage, wordsPage } from './picture-page.ts';
import { sendProblem } from './problems.ts';

const dayMs = 86_400_000;
/** A picture comes within seconds, or when the campus is back: how soon it is worth asking again, seconds. */
const soonS = 2;
const laterS = 30;
const youngMs = 60_000;

const said = {
  params: z.object({ alarm: z.string().max(200), gateway: id, camera: id }),
  querystring: z.object({
    for: id,
    sig: z.string().max(100),
    n: z.coerce.number().pipe(z.int().min(1).max(shotsLimit)).optional(),
  }),
};

/**
 * The links that centres are given. Each is signed, names its centre, and works for its days without an account:
 * a browser gets a page with all shots, everything else the first picture that there is (or the one of `n`). Until
 * there is one the answer is 404 with Retry-After. Each picture that is given out is in the log as that centre's.
 */
export function pictureLinkRoutes(parts: ApiParts): FastifyPluginAsyncZod {
  const { clock, store, pictures } = parts;

  async function answer(link: Asked, n: number | undefined, request: FastifyRequest, reply: FastifyReply) {
    const people = wantsPage(request) && n === undefined;
    const refuse = (status: number, why: keyof typeof refusals) => {
      const { zh, en } = refusals[why];
      if (people) return reply.code(status).type('text/html; charset=utf-8').send(wordsPage(zh, en));
      return sendProblem(reply, status, en);
    };
    const { signature, ...named } = link;
    if (!pictures?.links.isOurs(named, signature)) return refuse(403, 'notOurs');
    const [alarm] = await store.read<{ ingested_at: number }>(
      'SELECT ingested_at FROM signals WHERE name = ? ORDER BY id LIMIT 1',
      [link.alarm],
    );
    if (alarm === undefined) return refuse(404, 'noAlarm');
    const age = clock.wall() - alarm.ingested_at;
    if (age > pictures.linkDays * dayMs) return refuse(410, 'expired');

    const found = await pictures.shelf.find({
      gateway: link.gateway,
      camera: link.camera,
      kind: 'alarm',
      about: await pictures.namesOf(link.alarm),
      limit: 100,
    });
    const shots = found.filter((p) => n === undefined || p.n === n).toSorted((a, b) => a.n - b.n);
    const kept = shots.filter((p) => p.removed_at === null);
    const [first] = kept;
    if (first === undefined) {
      if (shots.length > 0) return refuse(410, 'removed');
      const after = age < youngMs ? soonS : laterS;
      reply.header('retry-after', String(after));
      if (people) return reply.code(404).type('text/html; charset=utf-8').send(notYetPage(after));
      return sendProblem(
        reply,
        404,
        'There is no picture yet; it may still come. Ask again after Retry-After.',
      );
    }
    if (people) return reply.type('text/html; charset=utf-8').send(picturesPage(request.url, distinct(kept)));
    const jpeg = await pictures.views.show(first, { by: 'link', centre: link.reader });
    if (jpeg === null) return refuse(410, 'removed');
    return reply
      .type('image/jpeg')
      .header('last-modified', new Date(first.taken_at).toUTCString())
      .send(jpeg);
  }

  return async (app) => {
    app.get(
      '/pictures/:alarm/:gateway/:camera',
      {
        // A question for the headers alone would be a look that nobody had.
        exposeHeadRoute: false,
        config: { right: 'gateway' },
        schema: { summary: "A centre's link to what a camera saw at an alarm", ...said },
      },
      async (request, reply) => {
        const { for: reader, sig: signature, n } = request.query;
        reply
          .header('cache-control', 'no-store')
          .header('referrer-policy', 'no-referrer')
          // The link is what opens it, wherever it is shown.
          .header('cross-origin-resource-policy', 'cross-origin');
        return answer({ ...request.params, reader, signature }, n, request, reply);
      },
    );
  };
}

/** One of each shot, where an alarm came under two names. */
function distinct(shots: readonly ApiPicture[]): ApiPicture[] {
  return shots.filter((shot, i) => shots.findIndex(({ n }) => n === shot.n) === i);
}

/** A browser that opens the link says text/html first; what fetches an image says image, or anything. */
function wantsPage({ headers: { accept = '' } }: FastifyRequest): boolean {
  return accept.trimStart().startsWith('text/html');
}

const refusals = {
  notOurs: {
    zh: '这个链接无效。请使用警情中的原始链接。',
    en: 'This link is not valid. Use the one from the alarm, unchanged.',
  },
  noAlarm: { zh: '本平台没有这起警情的记录。', en: 'There is no such alarm here.' },
  expired: { zh: '链接已过期。', en: 'This link has expired.' },
  removed: { zh: '图片已超过保存期限，已删除。', en: 'The picture was removed after its days.' },
};
