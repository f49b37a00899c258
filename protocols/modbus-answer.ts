import { crcHolds, withCrc } from './modbus.ts';

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

export type Heard =
  /** As an RTU frame, whatever the framing. */
  | { kind: 'answer'; frame: Uint8Array }
  /** The other side does not speak Modbus TCP: nothing that follows can be read. */
  | { kind: 'foreign' }
  | null;

/**
 * Finds the answer to one open question in what a bus says, in any split. An answer counts only while its
 * question is open, whole, and with the right CRC (or transaction); all else is thrown away, and at most
 * 512 bytes are kept. RTU answers carry no number: see `forget`.
 */
export class AnswerDecoder {
  /** Bytes came since the question that are no answer to it: collisions, noise, a broken CRC. */
  damaged = false;
  readonly #framing: Framing;
  #expected: Expected | null = null;
  #question: Uint8Array = new Uint8Array();
  #received: Uint8Array = new Uint8Array();
  #transaction = 0;

  constructor(framing: Framing) {
    this.#framing = framing;
  }

  /** Bytes that are kept, at most `receiveLimit`. */
  get kept(): number {
    return this.#received.length;
  }

  /** Opens a question (a read, as an RTU frame) and gives the bytes to send. */
  ask(question: Uint8Array): Uint8Array {
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
      return question;
    }
    this.#transaction = (this.#transaction + 1) & 0xffff;
    const message = question.subarray(0, -2);
    const t = this.#transaction;
    return Uint8Array.of(t >> 8, t & 0xff, 0, 0, 0, message.length, ...message);
  }

  /** No answer is awaited any longer: what still comes is thrown away. */
  forget(): void {
    this.#expected = null;
    if (this.#framing === 'rtu') this.#received = new Uint8Array();
  }

  /** Takes what was read. Never throws; after an answer, what follows it is thrown away. */
  push(bytes: Uint8Array): Heard {
    for (let i = 0; i < bytes.length; i += receiveLimit / 2) {
      const piece = bytes.subarray(i, i + receiveLimit / 2);
      const heard = this.#framing === 'rtu' ? this.#rtu(piece) : this.#tcp(piece);
      if (heard?.kind === 'foreign' || (heard && this.#framing === 'rtu')) return heard;
      if (heard) {
        this.#tcp(bytes.subarray(i + piece.length));
        return heard;
      }
    }
    return null;
  }

  #rtu(bytes: Uint8Array): Heard {
    if (this.#expected === null) return null;
    this.#received = joined(this.#received, bytes).subarray(-receiveLimit);
    const frame = this.#findAnswer(this.#expected);
    if (frame) return this.#answer(frame);
    this.damaged = !this.#isEcho();
    return null;
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
  #tcp(bytes: Uint8Array): Heard {
    this.#received = joined(this.#received, bytes);
    let answer: Heard = null;
    while (this.#received.length >= mbapLength) {
      const head = this.#received;
      const length = (head[4]! << 8) | head[5]!;
      if (head[2] !== 0 || head[3] !== 0 || length < 3 || length > 254) {
        this.#received = new Uint8Array();
        return { kind: 'foreign' };
      }
      if (head.length < 6 + length) break;
      const transaction = (head[0]! << 8) | head[1]!;
      const message = head.slice(6, 6 + length);
      this.#received = head.slice(6 + length);
      const expected = this.#expected;
      // An answer to an earlier question: it came too late.
      if (expected === null || transaction !== this.#transaction) continue;
      const exception = message[1] === (expected.function | 0x80) && message.length === 3;
      const whole = message[1] === expected.function && message.length === expected.length - 2;
      const counted = message[2] === expected.length - 5;
      if (message[0] === expected.unit && (exception || (whole && counted))) {
        answer = this.#answer(withCrc(message));
      } else this.damaged = true;
    }
    return answer;
  }

  #answer(frame: Uint8Array): Heard {
    this.#expected = null;
    return { kind: 'answer', frame };
  }
}

function joined(a: Uint8Array, b: Uint8Array): Uint8Array {
  const both = new Uint8Array(a.length + b.length);
  both.set(a);
  both.set(b, a.length);
  return both;
}
