import helmet from '@fastify/helmet';
import swagger from '@fastify/swagger';
import fastify from 'fastify';
import { jsonSchemaTransform, serializerCompiler, validatorCompiler } from 'fastify-type-provider-zod';
import type { FastifyPluginAsyncZod, ZodTypeProvider } from 'fastify-type-provider-zod';
import type { AddressInfo } from 'node:net';
import { z } from 'zod';
import { apiReadiness } from '#protocols/api.ts';
import type { Access } from '../access/access.ts';
import type { SingleSignOn } from '../access/single-sign-on.ts';
import { guard, isLoopback, needs, whoOf } from './access.ts';
import { accountRoutes } from './accounts.ts';
import { acts } from './acts.ts';
import { alertRoutes } from './alerts.ts';
import { channelRoutes } from './channels.ts';
import { records } from './records.ts';
import { commandRoutes } from './commands.ts';
import { conditional } from './conditional.ts';
import { serveConsole } from './console-files.ts';
import { EventStreams } from './events.ts';
import { fourHundredActs } from './four-hundred-acts.ts';
import { reportRoutes } from './four-hundred-reports.ts';
import { fourHundredRoutes } from './four-hundred.ts';
import { fourHundredSums } from './four-hundred-sums.ts';
import { limits, unlimited } from './limits.ts';
import type { ApiParts } from './parts.ts';
import { inventoryRoutes } from './inventory.ts';
import { inventoryTableRoutes } from './inventory-tables.ts';
import { inventoryVersionRoutes } from './inventory-versions.ts';
import { personalDataRoutes } from './personal-data.ts';
import { peopleRoutes } from './people.ts';
import { pictureLinkRoutes } from './picture-links.ts';
import { pictureUpload } from './picture-upload.ts';
import { pictureRoutes } from './pictures.ts';
import { answerProblems, Problem } from './problems.ts';
import { quietRoutes } from './quiet.ts';
import { readinessOf } from './readiness.ts';
import { reference } from './reference.ts';
import { reads } from './reads.ts';
import { signInRoutes } from './sign-in.ts';
import { singleSignOnRoutes } from './single-sign-on.ts';
import { sessionIn } from './session-cookie.ts';
import { createViews } from './views.ts';

export interface ApiOptions {
  /** Beyond loopback only with TLS or behind a proxy that has it, and once somebody has an account. */
  host: string;
  /** 0 asks for a free one. */
  port: number;
  /** The local token, with all rights, as `Authorization: Bearer`. */
  token: string;
  /** Left out: nobody has an account in this world. `unavailable`: they cannot be read, and only the token opens. */
  access?: Access | 'unavailable';
  /** Sign-in with an organisation's own accounts, where it is configured. */
  singleSignOn?: SingleSignOn;
  /** PEM. */
  tls?: { cert: string; key: string };
  /** Addresses (or networks) of the proxies that end TLS before us, whose X-Forwarded headers are believed. */
  behindProxy?: readonly string[];
  /** The built console; without it a page says how to build it. */
  consoleDir?: string;
}

export interface Api {
  readonly port: number;
  readonly url: string;
  close(): Promise<void>;
}

/**
 * Serves the API, the feed and the console. Rejects with the system's error, code included (EADDRINUSE), when
 * it cannot listen.
 */
export async function startApi(parts: ApiParts, options: ApiOptions): Promise<Api> {
  const { host, token } = options;
  const inUrl = host.includes(':') ? `[${host}]` : host;
  const access = options.access === 'unavailable' ? null : (options.access ?? null);
  const onLoopback = isLoopback(inUrl);
  const behindProxy = options.behindProxy ?? [];
  if (!onLoopback) await mayBeReached(host, access, options);

  const app = fastify({
    // Over TLS it is the same server; the types of the two differ.
    ...((options.tls && { https: options.tls }) as object),
    trustProxy: behindProxy.length === 0 ? false : [...behindProxy],
    forceCloseConnections: true,
    bodyLimit: 64 * 1024,
    // Names of alarms stand in paths.
    routerOptions: { maxParamLength: 256 },
  }).withTypeProvider<ZodTypeProvider>();
  app.setValidatorCompiler(validatorCompiler);
  app.setSerializerCompiler(serializerCompiler);
  answerProblems(app, parts.log);
  const limit = await limits(app);
  limit.addresses();
  guard(app, {
    token,
    access,
    openBeforeSetUp: onLoopback && options.access !== 'unavailable',
    loopbackOnly: onLoopback && behindProxy.length === 0,
    log: parts.log,
  });
  limit.principals();
  await app.register(helmet, {
    contentSecurityPolicy: {
      useDefaults: false,
      directives: {
        defaultSrc: ["'self'"],
        baseUri: ["'self'"],
        formAction: ["'self'"],
        frameAncestors: ["'none'"],
        objectSrc: ["'none'"],
        // Plain http within one's own network must keep working.
        upgradeInsecureRequests: null,
      },
    },
    strictTransportSecurity: false,
  });
  await app.register(swagger, {
    openapi: {
      openapi: '3.1.0',
      info: { title: 'Belfry', description: 'Alarms, devices and latency of one cloud', version: '1' },
      components: { securitySchemes: { token: { type: 'http', scheme: 'bearer' } } },
    },
    transform: jsonSchemaTransform,
  });

  const views = createViews(parts);
  const streams = new EventStreams(parts, views);
  await app.register(health(parts));
  await app.register(
    async (v1) => {
      v1.addHook('onRequest', async (_request, reply) => void reply.header('cache-control', 'no-store'));
      conditional(v1);
      await v1.register(reads(parts, views));
      await v1.register(acts(parts, views));
      await v1.register(alertRoutes(parts, views));
      await v1.register(quietRoutes(parts, views));
      await v1.register(channelRoutes(parts));
      await v1.register(commandRoutes(parts));
      await v1.register(records(parts));
      await v1.register(fourHundredRoutes(parts));
      await v1.register(fourHundredSums(parts));
      await v1.register(fourHundredActs(parts));
      await v1.register(inventoryRoutes(parts));
      await v1.register(inventoryVersionRoutes(parts));
      await v1.register(inventoryTableRoutes(parts));
      await v1.register(peopleRoutes(parts));
      await v1.register(personalDataRoutes(parts));
      await v1.register(pictureRoutes(parts));
      await v1.register(pictureUpload(parts));
      await v1.register(feed(streams, access));
      await v1.register(signInRoutes(access, options.singleSignOn));
      if (access !== null && options.singleSignOn)
        await v1.register(singleSignOnRoutes(options.singleSignOn, access, parts.log));
      if (access !== null) await v1.register(accountRoutes(access));
      v1.get('/openapi.json', { config: { right: 'view' }, schema: { hide: true } }, async () =>
        app.swagger(),
      );
    },
    { prefix: '/api/v1' },
  );
  await app.register(reference, { prefix: '/api' });
  await app.register(pictureLinkRoutes(parts));
  await app.register(reportRoutes(parts));
  await app.register(async (files) => {
    needs(files, 'public');
    await serveConsole(files, options.consoleDir);
  });
  app.addHook('preClose', async () => streams.close());

  try {
    await app.listen({ host, port: options.port });
  } catch (error) {
    await app.close();
    throw error;
  }
  const { port } = app.server.address() as AddressInfo;
  return { port, url: `${options.tls ? 'https' : 'http'}://${inUrl}:${port}`, close: () => app.close() };
}

/** Rejects with a sentence where listening beyond this machine would let in whoever comes, or tell passwords. */
async function mayBeReached(host: string, access: Access | null, { tls, behindProxy = [] }: ApiOptions) {
  if (tls === undefined && behindProxy.length === 0) {
    throw new Error(
      `the API listens on loopback only, not on ${host}, unless http.tls is set, or http.behind_proxy to the address of a proxy that ends TLS`,
    );
  }
  if (access === null || !(await access.isSetUp())) {
    throw new Error(
      `the API listens on loopback only, not on ${host}, until somebody has an account: \`belfry user add\` makes the first`,
    );
  }
}

function health(parts: ApiParts): FastifyPluginAsyncZod {
  return async (app) => {
    needs(app, 'public');
    unlimited(app);
    app.get(
      '/healthz',
      { schema: { summary: 'The process answers', response: { 200: z.object({ ok: z.literal(true) }) } } },
      async () => ({ ok: true as const }),
    );
    app.get(
      '/readyz',
      {
        schema: {
          summary: 'Whether a press would get through now',
          response: { 200: apiReadiness, 503: apiReadiness },
        },
      },
      async (_request, reply) => {
        const readiness = readinessOf(parts);
        return reply
          .code(readiness.ready ? 200 : 503)
          .header('cache-control', 'no-store')
          .send(readiness);
      },
    );
  };
}

const eventId = z.coerce.number().int().min(0);

function feed(streams: EventStreams, access: Access | null): FastifyPluginAsyncZod {
  return async (app) => {
    needs(app, 'view');
    unlimited(app);
    app.get(
      '/events',
      {
        schema: {
          summary: 'What changes, as it changes (SSE); resumes after Last-Event-ID without a gap',
          produces: ['text/event-stream'],
          headers: z.object({ 'last-event-id': eventId.optional() }),
          querystring: z.object({ last_event_id: eventId.optional() }),
        },
      },
      (request, reply) => {
        if (streams.full) throw new Problem(503, 'Too many readers of the feed; try again later.');
        // A browser that reconnects says where it was in the header; the URL keeps what it was opened with.
        const after = request.headers['last-event-id'] ?? request.query.last_event_id ?? null;
        const who = whoOf(request);
        const session = sessionIn(request);
        // Who is signed out, or has lost the right, is cut off at the next heartbeat.
        const stillMay = async () => {
          if (who.kind === 'open') return !(await access?.isSetUp());
          if (who.kind !== 'person' || session === null) return true;
          const now = await access?.session(session);
          return now?.role === who.role && String(now.campuses) === String(who.campuses);
        };
        reply.hijack();
        reply.raw.writeHead(200, {
          ...(reply.getHeaders() as Record<string, string>),
          'content-type': 'text/event-stream; charset=utf-8',
          'cache-control': 'no-store',
          'x-accel-buffering': 'no',
        });
        streams.serve(reply.raw, after, who, stillMay);
      },
    );
  };
}
