import { type Dc09Event, Dc09Decoder } from './decoder.ts';
import type { Dc09Frame } from './frame.ts';

/**
 * The conversation on one connection to a receiver, as a pure state machine: what happened goes in, what to do
 * comes out. One frame is in flight, because a NAK names nothing. Edge and cloud give it a socket and a clock.
 */

export interface ConversationTimes {
  /** From the send to the receiver's answer, milliseconds. */
  ackMs: number;
  /** From the wish to connect to the connection, milliseconds. */
  connectMs: number;
}

export type ConversationInput =
  /** Send a frame of this account and sequence. Only while none is in flight. */
  | { kind: 'submit'; account: string; sequence: number }
  | { kind: 'connected' }
  | { kind: 'unreachable'; reason: string }
  | { kind: 'bytes'; bytes: Uint8Array }
  | { kind: 'closed'; reason: string }
  | { kind: 'timer' };

export type ConversationEffect =
  /** Forget the connection at once: nothing of it may come in again, so that no late ACK is mistaken. */
  | { kind: 'close' }
  | { kind: 'open' }
  /** Replaces the timer that was armed before. */
  | { kind: 'arm'; ms: number }
  | { kind: 'disarm' }
  /** Write the submitted frame. `corrected`: a NAK told the receiver's time, so stamp the frame with that. */
  | { kind: 'send'; corrected: boolean }
  /** The receiver's clock reads this, UTC ms in whole seconds. */
  | { kind: 'receiver-time'; utcMs: number }
  | { kind: 'settle'; outcome: ConversationOutcome }
  | { kind: 'oddity'; oddity: Oddity; detail: string };

export type ConversationOutcome =
  | { kind: 'acknowledged'; ack: Dc09Frame; raw: Uint8Array }
  | { kind: 'failed'; fault: ConversationFault; reason: string };

/** `refused`: the receiver is there and will not take the frame. */
export type ConversationFault = 'unreachable' | 'silent' | 'refused';

/** What was survived and should be seen. `deviation`: understood, though not as the standard writes it. */
export type Oddity = 'damaged' | 'noise' | 'unexpected' | 'deviation';

/** A frame goes out this often without an answer: the second time on a new connection. */
const MOST_UNANSWERED = 2;
/** The first NAK is answered with a corrected timestamp; the second is a refusal. */
const MOST_NAKS = 2;

/** Upper bound of one submission, milliseconds: two connects; three sends (unanswered, NAK, the last). */
export function longestConversationMs({ ackMs, connectMs }: ConversationTimes): number {
  return MOST_UNANSWERED * connectMs + (MOST_UNANSWERED + MOST_NAKS - 1) * ackMs;
}

interface InFlight {
  account: string;
  sequence: number;
  unanswered: number;
  naks: number;
}

type State =
  | { kind: 'down' }
  | { kind: 'idle' }
  | { kind: 'opening'; frame: InFlight }
  | { kind: 'waiting'; frame: InFlight };

export class Conversation {
  readonly #times: ConversationTimes;
  #state: State = { kind: 'down' };
  #decoder = new Dc09Decoder();

  constructor(times: ConversationTimes) {
    this.#times = times;
  }

  /** A connection is open and nothing is in flight. */
  get idle(): boolean {
    return this.#state.kind === 'idle';
  }

  /** Effects are to be carried out in order. Throws only for a submission while a frame is in flight. */
  handle(input: ConversationInput): ConversationEffect[] {
    const state = this.#state;
    switch (input.kind) {
      case 'submit': {
        const frame = { account: input.account, sequence: input.sequence, unanswered: 0, naks: 0 };
        if (state.kind === 'idle') return this.#send(frame);
        if (state.kind === 'down') return this.#open(frame);
        throw new Error('one frame is in flight on this connection already');
      }
      case 'connected':
        return state.kind === 'opening' ? this.#send(state.frame) : [];
      case 'unreachable':
        return state.kind === 'opening' ? this.#unreachable(input.reason) : [];
      case 'bytes':
        return this.#decoder.push(input.bytes).flatMap((event) => this.#read(event));
      case 'closed':
        if (state.kind === 'waiting') return this.#unanswered(state.frame, input.reason);
        if (state.kind === 'opening') return this.#unreachable(input.reason);
        this.#state = { kind: 'down' };
        return this.#forget();
      case 'timer':
        if (state.kind === 'waiting')
          return this.#unanswered(state.frame, `no answer within ${this.#times.ackMs} ms`);
        if (state.kind === 'opening')
          return this.#unreachable(`no connection within ${this.#times.connectMs} ms`);
        return [];
    }
  }

  #open(frame: InFlight): ConversationEffect[] {
    this.#state = { kind: 'opening', frame };
    return [{ kind: 'arm', ms: this.#times.connectMs }, { kind: 'open' }];
  }

  #send(frame: InFlight): ConversationEffect[] {
    this.#state = { kind: 'waiting', frame };
    return [
      { kind: 'arm', ms: this.#times.ackMs },
      { kind: 'send', corrected: frame.naks > 0 },
    ];
  }

  #settle(outcome: ConversationOutcome, connection: 'idle' | 'down'): ConversationEffect[] {
    this.#state = { kind: connection };
    return [{ kind: 'disarm' }, { kind: 'settle', outcome }];
  }

  #unreachable(reason: string): ConversationEffect[] {
    return [...this.#forget(), ...this.#settle({ kind: 'failed', fault: 'unreachable', reason }, 'down')];
  }

  /** A time-out and a connection lost in flight are the same thing: nobody knows whether the frame arrived. */
  #unanswered(frame: InFlight, reason: string): ConversationEffect[] {
    const unanswered = frame.unanswered + 1;
    const closing = this.#forget();
    return unanswered < MOST_UNANSWERED
      ? [...closing, ...this.#open({ ...frame, unanswered })]
      : [...closing, ...this.#settle({ kind: 'failed', fault: 'silent', reason }, 'down')];
  }

  /** Ends the connection; what was held of an unfinished answer is shown. */
  #forget(): ConversationEffect[] {
    const held = this.#decoder.flush().flatMap((event) => this.#read(event));
    return [...held, { kind: 'close' }];
  }

  #read(event: Dc09Event): ConversationEffect[] {
    if (event.kind === 'noise')
      return [{ kind: 'oddity', oddity: 'noise', detail: `${event.bytes} bytes: ${hex(event.sample)}` }];
    if (event.kind === 'damaged')
      return [{ kind: 'oddity', oddity: 'damaged', detail: `${event.reason}: ${hex(event.raw)}` }];
    const deviations = event.deviations.map((detail): ConversationEffect => ({
      kind: 'oddity',
      oddity: 'deviation',
      detail,
    }));
    return [...deviations, ...this.#answer(event.frame, event.raw)];
  }

  #answer(answer: Dc09Frame, raw: Uint8Array): ConversationEffect[] {
    if (this.#state.kind === 'waiting') {
      const { frame } = this.#state;
      if (answer.token === 'NAK') return this.#refusedTimestamp(frame, answer);
      const named = answer.sequence === frame.sequence && sameAccount(answer.account, frame.account);
      if (answer.token === 'ACK' && named)
        return this.#settle({ kind: 'acknowledged', ack: answer, raw }, 'idle');
      if (answer.token === 'DUH' && named)
        return this.#settle({ kind: 'failed', fault: 'refused', reason: 'answered DUH' }, 'idle');
    }
    return [{ kind: 'oddity', oddity: 'unexpected', detail: `not for us now: ${hex(raw)}` }];
  }

  #refusedTimestamp(frame: InFlight, { timestamp }: Dc09Frame): ConversationEffect[] {
    const time: ConversationEffect[] =
      timestamp === undefined
        ? [{ kind: 'oddity', oddity: 'deviation', detail: 'a NAK without the time' }]
        : [{ kind: 'receiver-time', utcMs: timestamp }];
    const naks = frame.naks + 1;
    return naks < MOST_NAKS
      ? [...time, ...this.#send({ ...frame, naks })]
      : [
          ...time,
          ...this.#settle({ kind: 'failed', fault: 'refused', reason: 'answered NAK again' }, 'idle'),
        ];
  }
}

function sameAccount(a: string | undefined, b: string): boolean {
  return a?.toUpperCase() === b.toUpperCase();
}

/** At most 64 bytes, so that a peer cannot fill the log with one frame. */
function hex(bytes: Uint8Array): string {
  const shown = Buffer.from(bytes.slice(0, 64)).toString('hex');
  return bytes.length > 64 ? `${shown}…` : shown;
}
