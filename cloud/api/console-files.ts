import fastifyStatic from '@fastify/static';
import type { FastifyInstance } from 'fastify';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { sendProblem } from './problems.ts';

const notBuilt = `<!doctype html><html lang="zh-CN"><meta charset="utf-8"><title>Belfry 钟楼</title>
<h1>控制台还没有构建 · The console is not built yet</h1>
<p>运行 <code>npm run prepare</code> 后刷新本页。接口在 <a href="/api/v1/openapi.json">/api/v1/openapi.json</a>。</p>
<p>Run <code>npm run prepare</code>, then reload this page. The API is at <a href="/api/v1/openapi.json">/api/v1/openapi.json</a>.</p>
</html>`;

/** Serves the built console from `folder` (with its .br and .gz files); every path that is none of ours is its page. */
export async function serveConsole(app: FastifyInstance, folder: string | undefined): Promise<void> {
  const built = folder !== undefined && existsSync(join(folder, 'index.html'));
  if (built) {
    await app.register(fastifyStatic, {
      root: folder,
      preCompressed: true,
      // Names of assets carry their hash; the page itself must be asked for again.
      setHeaders: (reply, path) =>
        void reply.header(
          'cache-control',
          /[\\/]assets[\\/]/.test(path) ? 'public, max-age=31536000, immutable' : 'no-cache',
        ),
      cacheControl: false,
    });
  }
  app.setNotFoundHandler((request, reply) => {
    const path = request.url.split('?')[0]!;
    // What has a file's name and is not there is missing; the rest are places within the console.
    const place =
      request.method === 'GET' && !/^\/(api|docs)(\/|$)/.test(path) && !/\.[a-z0-9]+$/i.test(path);
    if (!place) return sendProblem(reply, 404, `There is no ${request.method} ${path} here.`);
    if (built) return reply.sendFile('index.html');
    return reply
      .code(503)
      .header('cache-control', 'no-store')
      .type('text/html; charset=utf-8')
      .send(notBuilt);
  });
}
