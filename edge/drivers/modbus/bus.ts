import modbusSerial from 'modbus-serial';
import type { ByteStream, Clock, Randomness, StreamAddress, StreamPort } from '#platform/ports.ts';
import { backoff } from '#platform/backoff.ts';
import { pause } from '../pause.ts';
import type { Framing } from '#protocols/modbus-answer.ts';
import type { Span } from '#protocols/modbus-models/reading.ts';
import { FramedPort } from './framing.ts';

/** Reads `count` registers (or bits) from `register` on, as in the frame counted from 0. */
export interface Question extends Span {
  unit: number;
}

export type Answer =
  | { kind: 'values'; values: number[]; at: number }
  | { kind: 'exception'; code: number; at: number }
  | { kind: 'damaged' }
  | { kind: 'silent' };

type Client = InstanceType<typeof modbusSerial.default>;

/** Time that a unit has to answer. At 2400 baud question and answer take 70 ms of it. */
const answerMs = 500;
/** After a time-out an RTU bus is left alone for this long: RTU answers carry no number, so a late one would
 * be taken for the answer to the next question. */
const quietMs = 500;
/** Whoever still talks then is not waited for any longer. */
const quietAtMostMs = 2000;
/** A TCP peer from which nothing came for so long, though it was asked, gets a new connection. */
const deadPeerMs = 30_000;
const reopenPace = { firstMs: 1000, maxMs: 30_000 };

export interface BusPorts {
  clock: Clock;
  random: Randomness;
  streams: StreamPort;
  stop: AbortSignal;
  line(open: boolean, reason?: string): void;
  crashed(error: unknown): void;
}

/** Half duplex: one question at a time. The one who asks in turn (see `poll.ts`) is the bus's mutex. */
export interface Bus {
  /** Resolves when the wire is open, or the stop signal is aborted. */
  opened(): Promise<void>;
  /** Null: the wire closed meanwhile. Never rejects. Wait for the answer before the next question. */
  ask(question: Question): Promise<Answer | null>;
  close(): void;
}

/** Opens the bus and keeps it open: reopened for ever, with back-off and jitter, told by `line`. */
export function openBus(ports: BusPorts, address: StreamAddress, framing: Framing): Bus {
  const { clock, stop } = ports;
  let wire: { stream: ByteStream; port: FramedPort; client: Client } | null = null;
  let waiting: (() => void)[] = [];
  let lastByteAt = 0;
  let readAt = 0;
  let stale = false;

  const wake = () => {
    for (const go of waiting.splice(0)) go();
  };
  stop.addEventListener('abort', wake);

  async function keepOpen(): Promise<void> {
    const pace = backoff(reopenPace, ports.random);
    while (!stop.aborted) {
      try {
        const [closing] = await open();
        pace.reset();
        const reason = await closing;
        if (stop.aborted) return;
        if (stale) {
          stale = false;
          continue;
        }
        ports.line(false, reason);
      } catch (error) {
        if (stop.aborted) return;
        ports.line(false, (error as Error).message);
      }
      await pause(clock, pace.next(), stop);
    }
  }

  /** Resolves when the wire is open, with what resolves (to the reason) when it has closed. */
  async function open(): Promise<[closing: Promise<string>]> {
    let stream: ByteStream | null = null;
    let failure: string | null = null;
    const port = new FramedPort(
      framing,
      (bytes) => stream?.write(bytes),
      (reason) => {
        failure = reason;
        stream?.close();
      },
    );
    let closed: (reason: string) => void = () => {};
    const closing = new Promise<string>((resolve) => (closed = resolve));
    stream = await ports.streams.open(address, {
      onData(bytes, at) {
        lastByteAt = clock.monotonic();
        readAt = at;
        port.onBytes(bytes);
      },
      onClose(reason) {
        port.close();
        wire = null;
        closed(failure ?? reason);
      },
    });
    if (stop.aborted) {
      stream.close();
      return [closing];
    }
    const client = new modbusSerial.default(port);
    client.open();
    client.setTimeout(answerMs);
    wire = { stream, port, client };
    lastByteAt = clock.monotonic();
    ports.line(true);
    wake();
    return [closing];
  }

  /** Until nothing was said for `quietMs`. */
  async function quiet(): Promise<void> {
    const from = clock.monotonic();
    let left = quietMs;
    while (left > 0 && !stop.aborted) {
      await pause(clock, left, stop);
      const now = clock.monotonic();
      left = now - from >= quietAtMostMs ? 0 : Math.max(from, lastByteAt) + quietMs - now;
    }
  }

  keepOpen().catch(ports.crashed);

  return {
    opened: () =>
      wire || stop.aborted ? Promise.resolve() : new Promise((resolve) => waiting.push(resolve)),

    async ask(question) {
      const asked = wire;
      if (!asked) return null;
      const { client, port, stream } = asked;
      client.setID(question.unit);
      try {
        const values = await read(client, question);
        const at = readAt;
        await pause(clock, frameGapMs(address), stop);
        return { kind: 'values', values, at };
      } catch (error) {
        const code = (error as { modbusCode?: number }).modbusCode;
        if (code !== undefined) {
          await pause(clock, frameGapMs(address), stop);
          return { kind: 'exception', code, at: readAt };
        }
        if (wire !== asked) return null;
        const damaged = port.damaged;
        port.forget();
        if (framing === 'rtu') await quiet();
        else if (clock.monotonic() - lastByteAt > deadPeerMs) {
          stale = true;
          stream.close();
        }
        return { kind: damaged ? 'damaged' : 'silent' };
      }
    },

    close: () => wire?.stream.close(),
  };
}

async function read(client: Client, { table, register, count }: Question): Promise<number[]> {
  switch (table) {
    case 'coil':
      return (await client.readCoils(register, count)).data.slice(0, count).map(Number);
    case 'discrete':
      return (await client.readDiscreteInputs(register, count)).data.slice(0, count).map(Number);
    case 'holding':
      return (await client.readHoldingRegisters(register, count)).data;
    case 'input':
      return (await client.readInputRegisters(register, count)).data;
  }
}

/** Frames are kept 3.5 characters apart, 1.75 ms above 19200 baud (Modbus over Serial Line V1.02, 2.5.1.1). */
function frameGapMs(address: StreamAddress): number {
  if (address.kind === 'tcp') return 0;
  return address.baudRate > 19_200 ? 2 : Math.ceil((3.5 * 11 * 1000) / address.baudRate);
}
