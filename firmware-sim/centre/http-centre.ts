import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { z } from 'zod';
import type { Clock, Log } from '#platform/ports.ts';
import type { CapAlert } from '#protocols/cap/alert.ts';
import { parseCap } from '#protocols/cap/read.ts';
import { encodeCap } from '#protocols/cap/write.ts';
import { signatureOf } from '#protocols/standard-webhooks.ts';
import type { CentreDocument, DocumentStore } from './document-store.ts';

/** What an HTTP centre can be told to do. A command that names a mode sets count, delay and documents anew. */
export const httpCentreCommand = z.strictObject({
  /**
   * `delay`, `xml` (answers with a CAP Ack), `twice` (something on the way delivers the document twice) and `cut`
   * (written, then the connection breaks before the answer) write the document; all others write nothing.
   */
  mode: z
    .enum([
      'acknowledge',
      'xml',
      'delay',
      'twice',
      'cut',
      'error',
      'busy',
      'refuse',
      'no-reference',
      'other-document',
      'redirect',
      'endless',
      'silent',
    ])
    .optional(),
  delayMs: z.number().min(0).max(600_000).optional(),
  /** The mode holds for so many documents, then the centre acknowledges again. Absent: until the next command. */
  count: z.int().min(1).optional(),
  /** Which documents the mode is for, and counts; those of status System ask whether the centre is there. */
  documents: z.enum(['all', 'alarms', 'system']).optional(),
  /** The centre's clock minus the true one. Holds until changed. */
  clockOffsetMs: z.number().optional(),
});
export type HttpCentreCommand = z.infer<typeof httpCentreCommand>;

export interface HttpCentreCounts {
  /** System messages that were acknowledged. */
  supervision: number;
  /** Requests that were no signed CAP 1.2 document. */
  rejected: number;
  /** Documents that were answered with anything but a reference, or not at all. */
  unacknowledged: number;
  /** Requests to where a redirect has sent them: nobody should come. */
  strayed: number;
}

export interface HttpCentre {
  readonly port: number;
  readonly url: string;
  behave(command: HttpCentreCommand): void;
  /** Every document that was acknowledged, in order, repeats included. System messages are only counted. */
  documents(): readonly CentreDocument[];
  counts(): HttpCentreCounts;
  close(): Promise<void>;
}

/** How far a signature's time may be from the centre's clock (Standard Webhooks). */
const signedWithinMs = 300_000;
const bodyLimit = 262_144;

/**
 * The receiving centre at 110 that takes CAP by HTTP, as a program. It writes a document before it answers, keeps
 * every one that it acknowledged and deduplicates nothing.
 */
export async function startHttpCentre(
  { clock, log, store }: { clock: Clock; log: Log; store: DocumentStore },
  { host, port, secret }: { host: string; port: number; secret: string },
): Promise<HttpCentre> {
  const counts: HttpCentreCounts = { supervision: 0, rejected: 0, unacknowledged: 0, strayed: 0 };
  const timers = new Set<() => void>();
  let told: Required<Omit<HttpCentreCommand, 'clockOffsetMs'>> = plain();
  let clockOffsetMs = 0;

  function next(kind: 'alarms' | 'system'): HttpCentreCommand['mode'] {
    if (told.count === 0 || (told.documents !== 'all' && told.documents !== kind)) return 'acknowledge';
    told.count--;
    return told.mode;
  }

  /** Why a request is not taken; null: it is. */
  function objection(request: IncomingMessage, body: string): { status: number; why: string } | null {
    const { headers } = request;
    const id = String(headers['webhook-id'] ?? '');
    const timestamp = Number(headers['webhook-timestamp']);
    if (headers['webhook-signature'] !== signatureOf(secret, id, timestamp, body)) {
      return { status: 401, why: 'the signature is not right' };
    }
    if (Math.abs(clock.wall() + clockOffsetMs - timestamp * 1000) > signedWithinMs) {
      return { status: 401, why: 'the timestamp is too old or too new' };
    }
    return null;
  }

  async function take(request: IncomingMessage, response: ServerResponse): Promise<void> {
    response.setHeader('date', new Date(clock.wall() + clockOffsetMs).toUTCString());
    if (request.url !== '/cap') {
      counts.strayed++;
      return end(response, 404, { error: 'nothing here' });
    }
    if (request.method !== 'POST') return end(response, 405, { error: 'POST a document' });
    const body = await bodyOf(request);
    if (body === null) return end(response, 413, { error: 'too long' });
    const wrong = objection(request, body);
    const reading = parseCap(body);
    if (wrong !== null || !reading.ok) {
      counts.rejected++;
      const { status, why } = wrong ?? { status: 400, why: reading.ok ? '' : reading.problem };
      log.warn('a request is no signed document', { why });
      return end(response, status, { error: why });
    }
    answer(request, response, reading.alert, body);
  }

  function answer(request: IncomingMessage, response: ServerResponse, alert: CapAlert, body: string): void {
    const isSystem = alert.status === 'System';
    const mode = next(isSystem ? 'system' : 'alarms');
    const refused = refusals[mode as keyof typeof refusals];
    if (refused !== undefined) {
      counts.unacknowledged++;
      return refused(response);
    }
    const reference = `JJ${String(store.all().length + counts.supervision + 1).padStart(8, '0')}`;
    if (isSystem) counts.supervision++;
    else {
      const key = request.headers['idempotency-key'];
      const document = {
        received_at: clock.wall(),
        remote: `${request.socket.remoteAddress}:${request.socket.remotePort}`,
        idempotency_key: typeof key === 'string' ? key : null,
        identifier: alert.identifier,
        status: alert.status,
        reference,
        body,
      };
      try {
        store.append(document);
        if (mode === 'twice') store.append(document);
      } catch (error) {
        // What could not be written is not acknowledged.
        counts.unacknowledged++;
        log.error('a document could not be written', { error: String(error) });
        return end(response, 500, { error: 'not written' });
      }
    }
    if (mode === 'cut') {
      counts.unacknowledged++;
      return void response.socket?.destroy();
    }
    if (mode === 'xml') return acknowledgeInXml(response, alert, reference, clock.wall());
    if (mode !== 'delay') return end(response, 200, { reference, identifier: alert.identifier });
    const cancel = clock.after(told.delayMs, () => {
      timers.delete(cancel);
      end(response, 200, { reference, identifier: alert.identifier });
    });
    timers.add(cancel);
  }

  const server = createServer((request, response) => {
    take(request, response).catch((error: unknown) => {
      log.debug('a request ended early', { error: String(error) });
      response.destroy();
    });
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, resolve);
  });
  const bound = (server.address() as AddressInfo).port;

  return {
    port: bound,
    url: `http://${host}:${bound}/cap`,
    behave(command) {
      clockOffsetMs = command.clockOffsetMs ?? clockOffsetMs;
      if (command.mode === undefined) return;
      const { mode, delayMs, count, documents } = command;
      const { delayMs: noDelay, count: always, documents: all } = plain();
      told = {
        mode,
        delayMs: delayMs ?? noDelay,
        count: count ?? always,
        documents: documents ?? all,
      };
    },
    documents: () => store.all(),
    counts: () => ({ ...counts }),
    async close() {
      for (const cancel of timers) cancel();
      const closed = new Promise((resolve) => server.close(resolve));
      server.closeAllConnections();
      await closed;
    },
  };
}

function plain(): Required<Omit<HttpCentreCommand, 'clockOffsetMs'>> {
  return { mode: 'acknowledge', delayMs: 0, count: Number.POSITIVE_INFINITY, documents: 'all' };
}

/** Every way in which it takes nothing. */
const refusals = {
  error: (response: ServerResponse) => end(response, 500, { error: 'the database is down' }),
  busy: (response: ServerResponse) => end(response, 429, { error: 'too many' }),
  refuse: (response: ServerResponse) => end(response, 403, { error: 'not from you' }),
  'no-reference': (response: ServerResponse) => end(response, 200, { ok: true }),
  'other-document': (response: ServerResponse) =>
    end(response, 200, { reference: 'JJ00000000', identifier: 'another' }),
  redirect: (response: ServerResponse) => {
    response.setHeader('location', '/elsewhere');
    end(response, 307, {});
  },
  endless: (response: ServerResponse) => {
    response.writeHead(200, { 'content-type': 'application/json' });
    const chunk = `{"reference":"JJ1","more":"${' '.repeat(4096)}`;
    const pour = (): void => {
      while (!response.destroyed && response.write(chunk));
    };
    response.on('drain', pour);
    pour();
  },
  silent: () => {},
} satisfies Record<string, (response: ServerResponse) => void>;

function end(response: ServerResponse, status: number, body: object): void {
  response.writeHead(status, { 'content-type': 'application/json' });
  response.end(JSON.stringify(body));
}

function acknowledgeInXml(response: ServerResponse, alert: CapAlert, reference: string, now: number): void {
  response.writeHead(200, { 'content-type': 'application/cap+xml; charset=utf-8' });
  const sent = /<sent>(.*?)<\/sent>/.exec(encodeCap(alert))![1]!;
  response.end(
    encodeCap({
      identifier: reference,
      sender: 'city-110',
      sent: now,
      status: alert.status,
      msgType: 'Ack',
      scope: 'Private',
      addresses: alert.sender,
      references: `${alert.sender},${alert.identifier},${sent}`,
    }),
  );
}

/** Null: too long. Rejects where the request breaks off. */
async function bodyOf(request: IncomingMessage): Promise<string | null> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > bodyLimit) return null;
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}
