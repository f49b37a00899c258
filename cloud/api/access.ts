import { createHash, timingSafeEqual } from 'node:crypto';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { Log } from '#platform/ports.ts';
import type { Right } from '#protocols/api-access.ts';
import type { Access } from '../access/access.ts';
import { local, open, type Principal } from '../access/principal.ts';
import { Problem } from './problems.ts';
import { sameOrigin, sessionIn } from './session-cookie.ts';

const loopback = /^(localhost|127(\.\d{1,3}){3}|\[::1\])$/;

declare module 'fastify' {
  interface FastifyContextConfig {
    /**
     * What a route needs. `public`: nothing; `signed-in`: only to be somebody; `gateway`: it checks the signature of a
     * gateway or of a link itself. A route that says nothing keeps the API from starting.
     */
    right?: Right | 'public' | 'signed-in' | 'gateway';
  }
  interface FastifyContextConfig {
    /** It gives rows of campuses, to each who asks those that they see; see `byCampus`. */
    rows?: true;
  }
  interface FastifyRequest {
    /** Null on public routes only. */
    principal: Principal | null;
    /** For the audit log, besides the parts of the path. Set on a read, it is logged as well. */
    about: Record<string, unknown> | null;
  }
}

/** Whether `host` (of a URL: an IPv6 address in brackets) is this machine and nothing else. */
export function isLoopback(host: string): boolean {
  return loopback.test(host.toLowerCase());
}

export interface GuardOptions {
  /** The local one, with all rights. */
  token: string;
  /** Null: this world has no accounts. */
  access: Access | null;
  /** Whether this machine may read without signing in while nobody has an account. */
  openBeforeSetUp: boolean;
  /** False: reached from elsewhere, by names of its own. */
  loopbackOnly: boolean;
  log: Log;
}

/**
 * Who may do what. Before anybody has an account this machine may read; after that everything but what is declared
 * public needs a session or a token, and the right that its route declares. Each act is in the audit log.
 */
export function guard(app: FastifyInstance, options: GuardOptions): void {
  const { token, access, openBeforeSetUp, loopbackOnly, log } = options;
  const undeclared = new Set<{ method: string | string[]; url: string; config?: { right?: unknown } }>();
  app.addHook('onRoute', (route) => void undeclared.add(route as never));
  app.addHook('onReady', async () => {
    const missing = [...undeclared].filter(({ config }) => config?.right === undefined);
    const named = missing.map(({ method, url }) => `${String(method)} ${url}`).join(', ');
    if (missing.length > 0) throw new Error(`these routes declare no right: ${named}`);
  });
  app.decorateRequest('principal', null);
  app.decorateRequest('about', null);

  async function principalOf(request: FastifyRequest): Promise<Principal | null> {
    const { authorization } = request.headers;
    if (authorization !== undefined) {
      if (sameText(authorization, `Bearer ${token}`)) return local;
      const [, given] = /^Bearer (\S+)$/i.exec(authorization) ?? [];
      const found = given === undefined ? null : await access?.token(given);
      if (!found) throw new Problem(401, 'This token is not valid.');
      return found;
    }
    const session = sessionIn(request);
    const person = session === null ? null : await access?.session(session);
    if (person) {
      if (!isRead(request)) sameOrigin(request, 'with a cookie');
      return person;
    }
    return isRead(request) && openBeforeSetUp && !(await access?.isSetUp()) ? open : null;
  }

  app.addHook('onRequest', async (request, reply) => {
    const host = request.headers.host ?? '';
    // Or a web page anywhere could reach us through a name of its own that resolves to 127.0.0.1 (DNS rebinding).
    if (loopbackOnly && !isLoopback(host.replace(/:\d+$/, ''))) {
      throw new Problem(421, 'Ask for this machine by a loopback name (localhost, 127.0.0.1 or [::1]).');
    }
    const { right } = request.routeOptions.config;
    if (right === 'gateway') return;
    const needed = right === undefined || right === 'public' ? null : right;
    try {
      request.principal = await principalOf(request);
    } catch (error) {
      // Who may not be judged now is nobody: what is public stays so.
      if (needed === null && !(error instanceof Problem)) return;
      if (error instanceof Problem && error.status === 401) reply.header('www-authenticate', 'Bearer');
      throw error;
    }
    if (needed === null) return;
    if (request.principal === null) {
      reply.header('www-authenticate', 'Bearer');
      throw new Problem(401, 'Sign in, or send a token: Authorization: Bearer …');
    }
    if (needed !== 'signed-in' && !request.principal.rights.includes(needed))
      throw new Problem(
        403,
        `This needs the right to ${needed}, which ${request.principal.name} does not have.`,
      );
  });

  app.addHook('onSend', async (request, reply, payload) => {
    const { config, url } = request.routeOptions;
    if (access === null || config.right === 'gateway' || url === undefined) return payload;
    if (isRead(request) && request.about === null) return payload;
    const { principal } = request;
    // Whoever is refused for asking too often does not fill the log.
    if (reply.statusCode === 429) return payload;
    const about = { ...(request.params as Record<string, unknown>), ...request.about };
    const entry = { from: request.ip, what: `${request.method} ${url}`, about, outcome: reply.statusCode };
    // What was done is done, and its answer must not be lost with the log.
    await access.audit
      .add({ kind: principal?.kind ?? 'nobody', who: principal?.name ?? '', ...entry })
      .catch((error: unknown) => log.error('an action could not be logged', { ...entry, error }));
    return payload;
  });
}

/** Declares the right of every route of this plugin that declares none itself. */
export function needs(app: { addHook: FastifyInstance['addHook'] }, right: Right | 'public'): void {
  app.addHook('onRoute', (route) => {
    route.config = { right, ...route.config };
  });
}

/** Whoever asks, on a route that needs a right. */
export function whoOf(request: FastifyRequest): Principal {
  if (request.principal === null) throw new Problem(401, 'Sign in, or send a token.');
  return request.principal;
}

/** The name that an act is done under: a person's own, whatever the body says; a token says for whom it acts. */
export function nameOf(request: FastifyRequest, by: string | undefined): string {
  const who = whoOf(request);
  if (who.kind === 'person') return who.name;
  if (by === undefined) throw new Problem(400, '`by` is missing: the name of who does this.');
  return who.kind === 'token' ? `${by} (${who.name})` : by;
}

function isRead({ method }: FastifyRequest): boolean {
  return method === 'GET' || method === 'HEAD';
}

function sameText(a: string, b: string): boolean {
  const digest = (text: string) => createHash('sha256').update(text).digest();
  return timingSafeEqual(digest(a), digest(b));
}
