import type { FastifyInstance, FastifyReply } from 'fastify';
import { hasZodFastifySchemaValidationErrors, isResponseSerializationError } from 'fastify-type-provider-zod';
import { STATUS_CODES } from 'node:http';
import type { Log } from '#platform/ports.ts';
import type { Bilingual } from '#protocols/messages/bilingual.ts';

/** An answer other than success, told as RFC 9457 says. */
export class Problem extends Error {
  readonly status: number;
  readonly errors: readonly Pointed[] | undefined;
  constructor(status: number, detail: string, errors?: readonly Pointed[]) {
    super(detail);
    this.status = status;
    this.errors = errors;
  }
}

/** One mistake in what was sent: where (JSON pointer), what, and in both languages where people are told of it. */
export type Pointed = { pointer: string; detail: string; text?: Bilingual };

export function sendProblem(
  reply: FastifyReply,
  status: number,
  detail: string,
  errors?: readonly Pointed[],
): FastifyReply {
  const body = { type: 'about:blank', title: STATUS_CODES[status] ?? 'Error', status, detail, errors };
  // Serialised here: the route's own schemas describe its successes.
  return reply.code(status).header('content-type', 'application/problem+json').send(JSON.stringify(body));
}

/** Every error of a route leaves as problem+json; what is our own fault is logged and says nothing of itself. */
export function answerProblems(app: FastifyInstance, log: Log): void {
  app.setErrorHandler((error: Error & { statusCode?: number }, request, reply) => {
    if (hasZodFastifySchemaValidationErrors(error)) {
      const errors = error.validation.map((issue) => ({
        pointer: issue.instancePath,
        detail: issue.message ?? 'not valid',
      }));
      return sendProblem(reply, 400, 'The request is not valid.', errors);
    }
    if (error instanceof Problem) return sendProblem(reply, error.status, error.message, error.errors);
    const status = error.statusCode ?? 500;
    if (status < 500 && !isResponseSerializationError(error))
      return sendProblem(reply, status, error.message);
    log.error('a request failed', { method: request.method, url: request.url, error });
    return sendProblem(reply, 500, 'The cloud could not answer; its log says why.');
  });
}
