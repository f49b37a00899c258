import { reasonOf } from '#platform/reason.ts';
import type { DoorFault } from '#platform/doors/door.ts';
import type { ByteStream, Clock, StreamAddress, StreamPort } from '#platform/ports.ts';
import {
  Conversation,
  type ConversationInput,
  type ConversationOutcome,
  type ConversationTimes,
  type Oddity,
} from '#protocols/dc09/conversation.ts';
import { type Dc09Frame, encodeFrame } from '#protocols/dc09/frame.ts';

/** A frame to deliver; composed anew for each send, because its timestamp depends on when and after what. */
export interface Submission {
  account: string;
  sequence: number;
  /** `corrected`: the receiver refused the timestamp and told its own time. */
  compose(corrected: boolean): Dc09Frame;
}

export type ExchangeOutcome =
  | (Extract<ConversationOutcome, { kind: 'acknowledged' }> & { roundTripMs: number })
  | { kind: 'failed'; fault: DoorFault; reason: string };

export interface ConnectionContext {
  clock: Clock;
  streams: StreamPort;
  address: StreamAddress;
  times: ConversationTimes;
  onReceiverTime(utcMs: number): void;
  onOddity(oddity: Oddity, detail: string): void;
}

const CLOSED: ExchangeOutcome = { kind: 'failed', fault: 'closed', reason: 'the door is closed' };

/** One connection to a receiver: opened when first needed, kept open, opened again after it was lost. */
export class Dc09Connection {
  readonly #context: ConnectionContext;
  readonly #conversation: Conversation;
  /** Identifies the connection that counts: whatever comes from an earlier one is not heard. */
  #link: { stream?: ByteStream } | undefined;
  #disarm: () => void = () => {};
  #current: { submission: Submission; sentAt: number; settle(outcome: ExchangeOutcome): void } | undefined;
  #closed = false;

  constructor(context: ConnectionContext) {
    this.#context = context;
    this.#conversation = new Conversation(context.times);
  }

  /** Open and free: an alarm leaves here without waiting for a connection. */
  get ready(): boolean {
    return this.#conversation.idle;
  }

  /** Settles within `longestConversationMs`; never rejects. One at a time. */
  exchange(submission: Submission): Promise<ExchangeOutcome> {
    if (this.#closed) return Promise.resolve(CLOSED);
    return new Promise((settle) => {
      this.#current = { submission, sentAt: 0, settle };
      this.#take({ kind: 'submit', account: submission.account, sequence: submission.sequence });
    });
  }

  close(): void {
    this.#closed = true;
    this.#disarm();
    this.#forget();
    this.#settle(CLOSED);
  }

  #take(input: ConversationInput): void {
    for (const effect of this.#conversation.handle(input)) {
      switch (effect.kind) {
        case 'open':
          void this.#open();
          break;
        case 'close':
          this.#forget();
          break;
        case 'arm':
          this.#disarm();
          this.#disarm = this.#context.clock.after(effect.ms, () => this.#take({ kind: 'timer' }));
          break;
        case 'disarm':
          this.#disarm();
          break;
        case 'send':
          this.#send(effect.corrected);
          break;
        case 'receiver-time':
          this.#context.onReceiverTime(effect.utcMs);
          break;
        case 'oddity':
          this.#context.onOddity(effect.oddity, effect.detail);
          break;
        case 'settle': {
          const roundTripMs = this.#context.clock.monotonic() - (this.#current?.sentAt ?? 0);
          const { outcome } = effect;
          this.#settle(outcome.kind === 'acknowledged' ? { ...outcome, roundTripMs } : outcome);
          break;
        }
      }
    }
  }

  async #open(): Promise<void> {
    const link: { stream?: ByteStream } = {};
    this.#link = link;
    const hear = (input: ConversationInput): void => {
      if (this.#link === link) this.#take(input);
    };
    let stream: ByteStream;
    try {
      stream = await this.#context.streams.open(
        this.#context.address,
        {
          onData: (bytes) => hear({ kind: 'bytes', bytes }),
          onClose: (reason) => hear({ kind: 'closed', reason }),
        },
        this.#context.times.connectMs,
      );
    } catch (error) {
      hear({ kind: 'unreachable', reason: reasonOf(error) });
      return;
    }
    if (this.#link !== link) return stream.close();
    link.stream = stream;
    hear({ kind: 'connected' });
  }

  #send(corrected: boolean): void {
    if (!this.#current) return;
    this.#current.sentAt = this.#context.clock.monotonic();
    this.#link?.stream?.write(encodeFrame(this.#current.submission.compose(corrected)));
  }

  #forget(): void {
    const stream = this.#link?.stream;
    this.#link = undefined;
    stream?.close();
  }

  #settle(outcome: ExchangeOutcome): void {
    const current = this.#current;
    this.#current = undefined;
    current?.settle(outcome);
  }
}
