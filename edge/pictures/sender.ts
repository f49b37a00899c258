import { backoff } from '#platform/backoff.ts';
import type { HttpPort } from '#platform/http.ts';
import type { Clock, Log, Randomness } from '#platform/ports.ts';
import { reasonOf } from '#platform/reason.ts';
import { signedHeaders, ticketFor } from '#protocols/pictures.ts';
import type { Spool, WaitingPicture } from './spool.ts';

const pace = { firstMs: 2000, maxMs: 60_000 };
/** For a whole PUT. */
const putLimitMs = 20_000;
const answerBytes = 16 * 1024;
/** How soon it looks again whether the alarms are through, ms. */
const makeWayMs = 250;
/** People are told when nothing has gone up for so long, ms. */
const stuckAfterMs = 3_600_000;
/** The cloud will never take this one: it is no picture, is another's, too old, or there already as another. */
const refusals = new Set([400, 409, 410, 413, 415, 422]);

export interface SenderParts {
  clock: Clock;
  random: Randomness;
  log: Log;
  http: HttpPort;
  /** The cloud's HTTP address, without a slash at its end. */
  url: string;
  spool: Spool;
  /** An alarm was raised a moment ago and is not delivered yet. */
  alarmOnItsWay(): boolean;
  /** Nothing has gone up for an hour although it was tried, or (false) something has again. */
  onStuck(stuck: boolean): void;
}

export interface Sender {
  /** There is something to send. */
  wake(): void;
  /** Resolves when the picture that goes there was taken by the cloud (true), or refused for good (false). */
  settled(path: string): Promise<boolean>;
  /** Nobody waits for that any more. */
  forgo(path: string): void;
  close(): void;
}

/**
 * Brings what is in the spool to the cloud, one picture at a time and none while an alarm is on its way. A
 * picture leaves the spool when the cloud has it, or will never take it.
 */
export function startSender({
  clock,
  random,
  log,
  http,
  url,
  spool,
  alarmOnItsWay,
  onStuck,
}: SenderParts): Sender {
  const wait = backoff(pace, random);
  const awaited = new Map<string, PromiseWithResolvers<boolean>>();
  let state: 'idle' | 'working' | 'resting' = 'idle';
  let wanted = false;
  let closed = false;
  let cancel = () => {};
  let failingSince: number | null = null;

  async function put(picture: WaitingPicture): Promise<'taken' | 'refused' | 'later'> {
    const { path, takenAt, jpeg } = picture;
    const ticket = picture.ticket ?? (spool.plan && ticketFor(spool.plan.key, path));
    if (ticket === null) return 'later';
    try {
      const { status, body } = await http.request({
        method: 'PUT',
        url: url + path,
        headers: signedHeaders(ticket, jpeg, takenAt),
        body: jpeg,
        timeoutMs: putLimitMs,
        maxBytes: answerBytes,
      });
      if (status === 200 || status === 201) return 'taken';
      log.warn('the cloud did not take a picture', { path, status, answer: body.slice(0, 200) });
      return refusals.has(status) ? 'refused' : 'later';
    } catch (error) {
      log.debug('a picture did not reach the cloud', { path, reason: reasonOf(error) });
      return 'later';
    }
  }

  async function work(): Promise<void> {
    for (;;) {
      wanted = false;
      if (closed) return;
      const next = await spool.next();
      if (closed) return;
      if (next === null) {
        if (wanted) continue;
        state = 'idle';
        return;
      }
      // Asked last, right before the PUT: an alarm may have come while the disk was read.
      if (alarmOnItsWay()) return rest(makeWayMs);
      const went = await put(next);
      if (closed) return;
      if (went === 'later') {
        failingSince ??= clock.monotonic();
        if (clock.monotonic() - failingSince >= stuckAfterMs) onStuck(true);
        await spool.putBack(next);
        return rest(wait.next());
      }
      wait.reset();
      failingSince = null;
      onStuck(false);
      await spool.remove(next);
      awaited.get(next.path)?.resolve(went === 'taken');
      awaited.delete(next.path);
    }
  }

  function rest(ms: number): void {
    state = 'resting';
    cancel = clock.after(ms, begin);
  }

  function begin(): void {
    state = 'working';
    work().catch((error: unknown) => {
      log.error('sending pictures failed', { reason: reasonOf(error) });
      if (!closed) rest(wait.next());
    });
  }

  return {
    wake() {
      wanted = true;
      if (state === 'idle' && !closed) begin();
    },
    settled(path) {
      const waiting = awaited.get(path) ?? Promise.withResolvers<boolean>();
      awaited.set(path, waiting);
      return waiting.promise;
    },
    forgo: (path) => void awaited.delete(path),
    close() {
      closed = true;
      cancel();
    },
  };
}
