import { z } from 'zod';
import type { CentreClock, Door, DoorResult } from '#platform/doors/door.ts';
import type { HttpAnswer, HttpPort } from '#platform/http.ts';
import type { Clock, Log, Randomness } from '#platform/ports.ts';
import { reasonOf } from '#platform/reason.ts';
import type { CapAlert } from '#protocols/cap/alert.ts';
import { encodeCap } from '#protocols/cap/write.ts';
import { id } from '#protocols/signal.ts';
import { signatureOf } from '#protocols/standard-webhooks.ts';
import { capOfSignal, capOfSupervision } from './cap-alert.ts';
import { referenceIn } from './cap-receipt.ts';
import { type Asked, DoorSupervision } from './supervision.ts';
import { Turns } from './turns.ts';

/** A centre that takes CAP 1.2 documents by HTTP POST. */
export const httpCapDoorConfig = z.strictObject({
  id,
  kind: z.literal('http-cap'),
  url: z
    .url({ protocol: /^https?$/, error: 'expected an http:// or https:// URL' })
    .refine(withoutUser, 'no user and password in the URL: documents are signed with secret'),
  /** Key of the HMAC over each document; as for webhooks. */
  secret: z.string().min(16, 'use at least 16 characters'),
  /** CAP's sender: who we are to the centre. */
  sender: z
    .string()
    .regex(/^[^\s,<&]{1,100}$/, 'use no spaces, commas, < or &')
    .default('belfry'),
  /** Documents on their way at once. */
  connections: z.int().min(1).max(16).default(4),
  /** From the first byte out to the last byte of the answer. */
  timeout_ms: z.int().min(10).max(60_000).default(2000),
  /** CAP System messages, which the centre answers with a reference as well. */
  supervision: z.strictObject({ interval_s: z.int().min(1).max(86_400).default(30) }).optional(),
});
export type HttpCapDoorConfig = z.infer<typeof httpCapDoorConfig>;

export interface HttpCapDoorPorts {
  clock: Clock;
  random: Randomness;
  http: HttpPort;
  log: Log;
  /** Shared by the doors of one centre. */
  centreClock: CentreClock;
}

/** An answer is a reference, not a story; one that is longer is not read. */
const answerLimit = 16_384;
/** A signature older than that is refused by careful receivers (Standard Webhooks asks for five minutes). */
const clockSlackMs = 60_000;
/** 408, 425 and 429 are 4xx that mean "later", not "never". */
const passing = new Set([408, 425, 429]);

/** Opens the door: supervision begins at once. An alarm waits its turn where all are taken, never behind supervision. */
export function httpCapDoor(config: HttpCapDoorConfig, ports: HttpCapDoorPorts): Door {
  const { clock, random, http, centreClock } = ports;
  const log = ports.log.child({ door: config.id });
  const turns = new Turns(config.connections, clock, config.timeout_ms);
  let closed = false;

  async function post(alert: CapAlert, key: string): Promise<DoorResult> {
    const body = encodeCap(alert);
    const first = await exchange(body, key);
    // A kept connection that the centre had just closed looks the same as a centre that is gone: ask once more.
    const isWorthAnother = first.kind === 'answer' ? clockCorrected(first.answer) : first.kind === 'broken';
    const last = isWorthAnother ? await exchange(body, key) : first;
    if (last.kind === 'answer') return judged(last.answer, alert, clock);
    return { kind: 'next', fault: last.kind === 'silent' ? 'silent' : 'unreachable', reason: last.reason };
  }

  async function exchange(body: string, key: string): Promise<Exchanged> {
    const timestamp = Math.floor((clock.wall() + centreClock.offsetMs) / 1000);
    try {
      const answer = await http.request({
        method: 'POST',
        url: config.url,
        headers: {
          'content-type': 'application/cap+xml; charset=utf-8',
          accept: 'application/json, application/cap+xml',
          'user-agent': 'belfry',
          'idempotency-key': key,
          'webhook-id': key,
          'webhook-timestamp': String(timestamp),
          'webhook-signature': signatureOf(config.secret, key, timestamp, body),
        },
        body,
        timeoutMs: config.timeout_ms,
        maxBytes: answerLimit,
      });
      return { kind: 'answer', answer };
    } catch (error) {
      const late = error instanceof Error && error.name === 'TimeoutError';
      return { kind: late ? 'silent' : 'broken', reason: detailOf(error) };
    }
  }

  /** A refusal whose Date is far from ours is most likely about our timestamp: from then on we go by the centre's. */
  function clockCorrected({ status, headers }: HttpAnswer): boolean {
    const theirs = Date.parse(headers['date'] ?? '');
    if (status < 400 || status > 499 || Number.isNaN(theirs)) return false;
    const offsetMs = theirs - clock.wall();
    if (Math.abs(offsetMs - centreClock.offsetMs) <= clockSlackMs) return false;
    centreClock.offsetMs = offsetMs;
    log.warn('the centre refused, and its clock is another', { status, offset_ms: offsetMs });
    return true;
  }

  const supervision =
    config.supervision &&
    new DoorSupervision({ clock, random, log }, ask, config.supervision.interval_s * 1000);

  async function ask(): Promise<Asked> {
    const now = clock.wall();
    const salt = Buffer.from(random.bytes(4)).toString('hex');
    const name = `supervision.${Math.floor(now / 1000)}.${salt}`;
    const sentAt = clock.monotonic();
    const result = await post(capOfSupervision(name, config.sender, now), name);
    return result.kind === 'receipt'
      ? { kind: 'answered', roundTripMs: clock.monotonic() - sentAt }
      : { kind: 'missed', reason: `${result.fault}: ${result.reason}` };
  }

  return {
    id: config.id,
    async deliver(signal) {
      if (closed) return closedDoor;
      if (!(await turns.take())) {
        if (closed) return closedDoor;
        return { kind: 'next', fault: 'silent', reason: `no turn within ${config.timeout_ms} ms` };
      }
      let result: DoorResult;
      try {
        const alert = capOfSignal(signal, config.sender, clock.wall());
        result = await post(alert, `${signal.name}.${signal.digest}`);
      } catch (error) {
        // A turn that is not passed on is gone for every alarm to come.
        result = {
          kind: 'next',
          fault: 'refused',
          reason: `this door has no words for it: ${reasonOf(error)}`,
        };
      } finally {
        turns.pass();
      }
      if (closed) return closedDoor;
      if (result.kind === 'next' && result.fault !== 'refused') supervision?.doubt();
      return result;
    },
    supervision: () => supervision?.state ?? { state: 'unknown' },
    async close() {
      closed = true;
      supervision?.close();
      turns.close();
    },
  };
}

const closedDoor: DoorResult = { kind: 'next', fault: 'closed', reason: 'the door is closed' };

type Exchanged =
  | { kind: 'answer'; answer: HttpAnswer }
  /** Nothing in time. */
  | { kind: 'silent'; reason: string }
  /** Nobody to ask, or the connection broke. */
  | { kind: 'broken'; reason: string };

/** Only a 2xx with the centre's own reference is a receipt. */
function judged(answer: HttpAnswer, alert: CapAlert, clock: Clock): DoorResult {
  const { status, body } = answer;
  if (status >= 200 && status <= 299) {
    const found = answer.cut
      ? { problem: `an answer of more than ${answerLimit} bytes` }
      : referenceIn(body, alert);
    if ('problem' in found) {
      return {
        kind: 'next',
        fault: 'failed',
        reason: `answered ${status} without a reference: ${found.problem}`,
      };
    }
    const raw = new TextEncoder().encode(body);
    return { kind: 'receipt', reference: found.reference, at: clock.wall(), raw };
  }
  if (status >= 300 && status <= 399) {
    const to = answer.headers['location'] ?? 'nowhere';
    return {
      kind: 'next',
      fault: 'refused',
      reason: `answered ${status}: it sends on to ${to}, which is not followed`,
    };
  }
  const refused = status >= 400 && status <= 499 && !passing.has(status);
  const said = body.replace(/\s+/g, ' ').trim().slice(0, 200);
  return {
    kind: 'next',
    fault: refused ? 'refused' : 'failed',
    reason: `answered ${status}${said && `: ${said}`}`,
  };
}

/** fetch says "fetch failed"; why is in its cause. */
function detailOf(error: unknown): string {
  const cause = error instanceof Error ? error.cause : undefined;
  return cause === undefined ? reasonOf(error) : `${reasonOf(error)}: ${reasonOf(cause)}`;
}

function withoutUser(url: string): boolean {
  const { username, password } = new URL(url);
  return username === '' && password === '';
}
