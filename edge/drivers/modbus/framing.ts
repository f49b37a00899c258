import { EventEmitter } from 'node:events';
import { AnswerDecoder, type Framing } from '#protocols/modbus-answer.ts';

/**
 * What modbus-serial calls a port, over bytes that we own. modbus-serial's own ports take any two bytes that
 * look like a header for the beginning of an answer, keep what a time-out left over, and on RTU so give a late
 * answer to the next question. This one lets pass only what the `AnswerDecoder` finds.
 */
export class FramedPort extends EventEmitter {
  isOpen = true;
  readonly #decoder: AnswerDecoder;
  readonly #send: (bytes: Uint8Array) => void;
  readonly #fail: (reason: string) => void;

  constructor(framing: Framing, send: (bytes: Uint8Array) => void, fail: (reason: string) => void) {
    super();
    this.#decoder = new AnswerDecoder(framing);
    this.#send = send;
    this.#fail = fail;
  }

  /** Bytes were read since the question that are no answer to it. */
  get damaged(): boolean {
    return this.#decoder.damaged;
  }

  /** Called by modbus-serial; the bytes are open already. */
  open(done: () => void): void {
    done();
  }

  close(done?: () => void): void {
    this.isOpen = false;
    this.#decoder.forget();
    done?.();
  }

  /** Called by modbus-serial with a question as an RTU frame. */
  write(question: Uint8Array): void {
    this.#send(this.#decoder.ask(question));
  }

  /** No answer is awaited any longer: what still comes is thrown away. */
  forget(): void {
    this.#decoder.forget();
  }

  onBytes(bytes: Uint8Array): void {
    const heard = this.#decoder.push(bytes);
    if (heard?.kind === 'answer') this.emit('data', Buffer.from(heard.frame));
    else if (heard) this.#fail('the other side does not speak Modbus TCP');
  }
}
