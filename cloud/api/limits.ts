import rateLimit from '@fastify/rate-limit';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { networkOf } from '../access/lockout.ts';
import { isLoopback } from './access.ts';
import { Problem } from './problems.ts';

/** Requests within a minute: far beyond what a page or a program needs, far below what starves the others. */
export const perMinute = { address: 3_000, principal: 1_200 };
const minuteMs = 60_000;
/** Callers that are remembered; beyond that the one that asked longest ago is forgotten. */
const rememberedLimit = 10_000;

declare module 'fastify' {
  interface FastifyContextConfig {
    /** It is never refused for being asked too often: somebody acts on an alarm, or watches for one. */
    unlimited?: true;
  }
}

/**
 * Holds every address and every account or token to so many requests a minute. Gateways, this machine, and whatever an
 * alarm needs are never held up.
 */
export async function limits(app: FastifyInstance): Promise<{ addresses(): void; principals(): void }> {
  await app.register(rateLimit, { global: false, cache: rememberedLimit, timeWindow: minuteMs });
  const checkOf = (max: number, keyGenerator: (request: FastifyRequest) => string) => {
    const check = app.createRateLimit({ max, keyGenerator });
    return async (request: FastifyRequest, reply: FastifyReply) => {
      const found = await check(request);
      if (found.isAllowed || !found.isExceeded) return;
      reply.header('retry-after', String(found.ttlInSeconds));
      throw new Problem(429, `Too many requests: try again in ${found.ttlInSeconds} s.`);
    };
  };
  const ofAddress = checkOf(perMinute.address, ({ ip }) => networkOf(ip));
  const ofPrincipal = checkOf(
    perMinute.principal,
    ({ principal }) => `${principal?.kind} ${principal?.username ?? principal?.name}`,
  );
  const isFree = ({ routeOptions: { config } }: FastifyRequest) =>
    config.unlimited === true || config.right === 'gateway';

  return {
    /** Before anybody is asked who they are. */
    addresses() {
      app.addHook('onRequest', async (request, reply) => {
        const { ip } = request;
        if (isFree(request) || isLoopback(ip.includes(':') ? `[${ip}]` : ip)) return;
        await ofAddress(request, reply);
      });
    },
    /** Once it is known who asks. */
    principals() {
      app.addHook('onRequest', async (request, reply) => {
        const { principal } = request;
        if (isFree(request) || (principal?.kind !== 'person' && principal?.kind !== 'token')) return;
        await ofPrincipal(request, reply);
      });
    },
  };
}

/** No route of this plugin is ever refused for being asked too often. */
export function unlimited(app: { addHook: FastifyInstance['addHook'] }): void {
  app.addHook('onRoute', (route) => {
    route.config = { ...route.config, unlimited: true };
  });
}
