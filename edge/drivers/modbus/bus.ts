import modbusSerial from 'modbus-serial';
import type { ByteStream, Clock, Randomness, StreamAddress, StreamPort } from '#platform/ports.ts';
import { backoff } from '#platform/backoff.ts';
import { pause } from '../pause.ts';
import { FramedPort, type Framing } from './framing.ts';

/** The four tables of Modbus that can be read, and so the function codes 01 to 04. */
export type RegisterTable = 'coil' | 'discrete' | 'holding' | 'input';

export interface Question {
  unit: number;
  table: RegisterTable;
  /** As in the frame, counted from 0. */
  register: number;
}

export type Answer =
  | { kind: 'value'; value: number; at: number }
  | { kind: 'exception'; code: number; at: number }
  | { kind: 'damaged' }
  | { kind: 'silent' };

type Client = InstanceType<typeof modbusSerial.default>;

/** Time that a unit has to answer. At 2400 baud question and answer take 70 ms of it. */
const answerMs = 500;
/** After a time-out an RTU bus is left alone for this long: RTU answers carry no number, so a late one would
 * be taken for the answer to the next question. */
const quietMs = 500;
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

/** Half duplex: one question at a time. The one who asks in turn (see `pollUnits`) is the bus's mutex. */
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
        const value = await read(client, question);
        await pause(clock, frameGapMs(address), stop);
        return { kind: 'value', value, at: readAt };
      } catch (error) {
        const code = (error as { modbusCode?: number }).modbusCode;
        if (code !== undefined) {
          await pause(clock, frameGapMs(address), stop);
          return { kind: 'exception', code, at: readAt };
        }
        if (wire !== asked) return null;
        const damaged = port.damaged;
        port.forget();
        if (framing === 'rtu') await pause(clock, quietMs, stop);
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

async function read(client: Client, { table, register }: Question): Promise<number> {
  switch (table) {
    case 'coil':
      return Number((await client.readCoils(register, 1)).data[0]);
    case 'discrete':
      return Number((await client.readDiscreteInputs(register, 1)).data[0]);
    case 'holding':
      return (await client.readHoldingRegisters(register, 1)).data[0]!;
    case 'input':
      return (await client.readInputRegisters(register, 1)).data[0]!;
  }
}

/** Frames are kept 3.5 characters apart, 1.75 ms above 19200 baud (Modbus over Serial Line V1.02, 2.5.1.1). */
function frameGapMs(address: StreamAddress): number {
  if (address.kind === 'tcp') return 0;
  return address.baudRate > 19_200 ? 2 : Math.ceil((3.5 * 11 * 1000) / address.baudRate);
}
