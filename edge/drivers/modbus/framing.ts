import { EventEmitter } from 'node:events';
import { crcHolds, withCrc } from '#protocols/modbus.ts';

/** `rtu`: frames with CRC, on a serial bus or through a serial device server. `tcp`: Modbus TCP (MBAP). */
export type Framing = 'rtu' | 'tcp';

/** Longest serial frame is 256 bytes (Modbus over Serial Line V1.02, 2.5.1.1); more than two are noise. */
const receiveLimit = 512;
const exceptionLength = 5;
const mbapLength = 7;

interface Expected {
  unit: number;
  function: number;
  /** Of the whole answer with its CRC. */
  length: number;
}

/**
 * What modbus-serial calls a port, over bytes that we own. modbus-serial's own ports take any two bytes that
 * look like a header for the beginning of an answer, keep what a time-out left over, and on RTU so give a late
 * answer to the next question. This one lets an answer pass only while its question is open, whole, and with
 * the right CRC, and throws all else away.
 */
export class FramedPort extends EventEmitter {
  isOpen = true;
  /** Bytes were read since the question that are no answer to it: collisions, noise, a broken CRC. */
  damaged = false;
  readonly #framing: Framing;
  readonly #send: (bytes: Uint8Array) => void;
  readonly #fail: (reason: string) => void;
  #expected: Expected | null = null;
  #question: Uint8Array = new Uint8Array();
  #received: Uint8Array = new Uint8Array();
  #transaction = 0;

  constructor(framing: Framing, send: (bytes: Uint8Array) => void, fail: (reason: string) => void) {
    super();
    this.#framing = framing;
    this.#send = send;
    this.#fail = fail;
  }

  /** Called by modbus-serial; the bytes are open already. */
  open(done: () => void): void {
    done();
  }

  close(done?: () => void): void {
    this.isOpen = false;
    this.#expected = null;
    done?.();
  }

  /** Called by modbus-serial with a question as an RTU frame. */
  write(question: Uint8Array): void {
    const count = (question[4]! << 8) | question[5]!;
    const bits = question[1]! <= 2;
    this.#expected = {
      unit: question[0]!,
      function: question[1]!,
      length: 5 + (bits ? Math.ceil(count / 8) : 2 * count),
    };
    this.damaged = false;
    if (this.#framing === 'rtu') {
      this.#received = new Uint8Array();
      this.#question = question;
      this.#send(question);
    } else {
      this.#transaction = (this.#transaction + 1) & 0xffff;
      const message = question.subarray(0, -2);
      const t = this.#transaction;
      this.#send(Uint8Array.of(t >> 8, t & 0xff, 0, 0, 0, message.length, ...message));
    }
  }

  /** No answer is awaited any longer: what still comes is thrown away. */
  forget(): void {
    this.#expected = null;
    if (this.#framing === 'rtu') this.#received = new Uint8Array();
  }

  onBytes(bytes: Uint8Array): void {
    if (this.#framing === 'tcp') return this.#onTcp(bytes);
    if (this.#expected === null) return;
    this.#received = Uint8Array.of(...this.#received, ...bytes).subarray(-receiveLimit);
    const frame = this.#findAnswer(this.#expected);
    if (frame) this.#answer(frame);
    else this.damaged = !this.#isEcho();
  }

  /** Some RS-485 adapters hear themselves: the question's own echo is no sign of life. */
  #isEcho(): boolean {
    return this.#received.every((byte, i) => byte === this.#question[i]);
  }

  #findAnswer(expected: Expected): Uint8Array | null {
    const bytes = this.#received;
    for (let i = 0; i + exceptionLength <= bytes.length; i++) {
      if (bytes[i] !== expected.unit) continue;
      let length = 0;
      if (bytes[i + 1] === expected.function && bytes[i + 2] === expected.length - 5)
        length = expected.length;
      if (bytes[i + 1] === (expected.function | 0x80)) length = exceptionLength;
      const frame = bytes.subarray(i, i + length);
      if (length > 0 && frame.length === length && crcHolds(frame)) return frame;
    }
    return null;
  }

  /** Modbus Messaging on TCP/IP V1.0b, 3.1: transaction, protocol 0, length, unit. */
  #onTcp(bytes: Uint8Array): void {
    this.#received = Uint8Array.of(...this.#received, ...bytes);
    while (this.#received.length >= mbapLength) {
      const head = this.#received;
      const length = (head[4]! << 8) | head[5]!;
      if (head[2] !== 0 || head[3] !== 0 || length < 3 || length > 254) {
        return this.#fail('the other side does not speak Modbus TCP');
      }
      if (head.length < 6 + length) return;
      const transaction = (head[0]! << 8) | head[1]!;
      const message = head.slice(6, 6 + length);
      this.#received = head.subarray(6 + length);
      const expected = this.#expected;
      // An answer to an earlier question: it came too late.
      if (expected === null || transaction !== this.#transaction) continue;
      if (message[0] !== expected.unit || (message[1]! & 0x7f) !== expected.function) this.damaged = true;
      else this.#answer(withCrc(message));
    }
  }

  #answer(frame: Uint8Array): void {
    this.#expected = null;
    this.emit('data', Buffer.from(frame));
  }
}
