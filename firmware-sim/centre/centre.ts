import { Behaviour, type CentreCommand } from '#sim/centre/behaviour.ts';
import type { CentreFrame, FrameStore } from '#sim/centre/frame-store.ts';
import type { ByteStream, Clock, ListenPort, Log, StreamEvents } from '#platform/ports.ts';
import { type Dc09Event, Dc09Decoder } from '#protocols/dc09/decoder.ts';
import {
  ackOf,
  type CrcForm,
  type Dc09Frame,
  duhOf,
  encodeFrame,
  frameBody,
  nakAt,
} from '#protocols/dc09/frame.ts';

export interface CentrePorts {
  listen: ListenPort;
  clock: Clock;
  log: Log;
  store: FrameStore;
}

/** What the centre has seen beside the frames that it keeps. */
export interface CentreCounts {
  nulls: number;
  /** Frames and bytes that could not be read; not answered. */
  damaged: number;
  /** Answers other than an acknowledgement, silence included. */
  unacknowledged: number;
}

export interface Centre {
  readonly port: number;
  behave(command: CentreCommand): void;
  /** Every frame that was acknowledged, in order, repeats included. NULLs are only counted. */
  frames(): readonly CentreFrame[];
  counts(): CentreCounts;
  close(): Promise<void>;
}

/** A frame may be so much older, or newer, than the centre's clock (the usual default of receivers). */
const OLDEST_MS = 40_000;
const NEWEST_MS = 20_000;

/**
 * The receiving centre at 110, as a program: DC-09 over TCP. It writes a frame before it answers, keeps every
 * frame that it acknowledged and deduplicates nothing, so that what it holds is the truth about the product.
 */
export async function startCentre(
  ports: CentrePorts,
  config: { host: string; port: number },
): Promise<Centre> {
  const { clock, log, store } = ports;
  const behaviour = new Behaviour();
  const counts: CentreCounts = { nulls: 0, damaged: 0, unacknowledged: 0 };
  const delayed = new Set<() => void>();

  function later(ms: number, then: () => void): void {
    const cancel = clock.after(ms, () => {
      delayed.delete(cancel);
      then();
    });
    delayed.add(cancel);
  }

  function read(event: Dc09Event, stream: ByteStream, remote: string): void {
    if (event.kind === 'frame') return take(event.frame, event.raw, event.crcForm, stream, remote);
    counts.damaged++;
    log.warn('what arrived is no frame', { remote, ...event });
  }

  function take(frame: Dc09Frame, raw: Uint8Array, form: CrcForm, stream: ByteStream, remote: string): void {
    const isNull = frame.token === 'NULL' || frame.token === '*NULL';
    const { mode, delayMs } = behaviour.next(isNull ? 'nulls' : 'alarms');
    const centreTime = clock.wall() + behaviour.clockOffsetMs;
    const refuse = (answer: Dc09Frame): void => {
      counts.unacknowledged++;
      stream.write(encodeFrame(answer, form));
    };
    if (mode === 'silent' || mode === 'reset') {
      counts.unacknowledged++;
      if (mode === 'reset') stream.close();
      return;
    }
    if (mode === 'refuse-nak' || (behaviour.checkTime && outsideWindow(frame, centreTime)))
      return refuse(nakAt(centreTime));
    // This centre has no key: an encrypted frame arrived well and cannot be processed.
    if (mode === 'refuse-duh' || frame.token.startsWith('*')) return refuse(duhOf(frame));
    if (isNull) counts.nulls++;
    else if (!written(frame, raw, remote)) return;
    const answer = acknowledgement(mode, frame, form);
    if (mode === 'delay') later(delayMs, () => stream.write(answer));
    else stream.write(answer);
  }

  /** A frame that could not be written is not acknowledged. */
  function written(frame: Dc09Frame, raw: Uint8Array, remote: string): boolean {
    try {
      store.append(kept(frame, raw, remote, clock.wall()));
      return true;
    } catch (error) {
      counts.unacknowledged++;
      log.error('a frame could not be written', { remote, error: String(error) });
      return false;
    }
  }

  const listener = await ports.listen.listen(config, (stream, remote): StreamEvents => {
    const decoder = new Dc09Decoder();
    return {
      onData(bytes) {
        for (const event of decoder.push(bytes)) read(event, stream, remote);
      },
      onClose(reason) {
        for (const event of decoder.flush()) read(event, stream, remote);
        log.debug('a connection ended', { remote, reason });
      },
    };
  });

  return {
    port: listener.port,
    behave: (command) => behaviour.command(command),
    frames: () => store.all(),
    counts: () => ({ ...counts }),
    async close() {
      for (const cancel of delayed) cancel();
      delayed.clear();
      await listener.close();
    },
  };
}

function outsideWindow({ timestamp }: Dc09Frame, centreTime: number): boolean {
  // Whole seconds on the wire, on both sides.
  if (timestamp === undefined) return false;
  const age = Math.floor(centreTime / 1000) * 1000 - timestamp;
  return age > OLDEST_MS || age < -NEWEST_MS;
}

function acknowledgement(mode: string, frame: Dc09Frame, form: CrcForm): Uint8Array {
  if (mode === 'odd-ack') {
    // As receivers answer that print their language's word for "absent".
    const { sequence, receiver, line, account } = frame;
    const R = receiver === undefined ? 'None' : `R${receiver}`;
    const L = line === undefined ? 'None' : `L${line}`;
    return frameBody(`"ACK"${String(sequence).padStart(4, '0')}${R}${L}#${account}[]None`, form);
  }
  const bytes = encodeFrame(ackOf(frame), form);
  if (mode === 'bad-crc') bytes[1] = bytes[1] === 0x30 ? 0x31 : 0x30;
  return bytes;
}

function kept(frame: Dc09Frame, raw: Uint8Array, remote: string, now: number): CentreFrame {
  return {
    received_at: now,
    remote,
    token: frame.token,
    account: frame.account ?? null,
    sequence: frame.sequence,
    data: frame.data,
    h: frame.fields.find((field) => field.key === 'H')?.value ?? null,
    timestamp: frame.timestamp ?? null,
    raw: Buffer.from(raw).toString('hex'),
  };
}
