import { buttonDriver } from '#edge/drivers/button.ts';
import { turns } from '#edge/turns.ts';
import type { DriverContext, RaisedEvent } from '#edge/driver.ts';
import type { ByteStream, Clock, StreamAddress, StreamEvents, StreamPort } from '#platform/ports.ts';
import { createFrameDecoder } from '#protocols/button-frame/decoder.ts';
import { encodeFrame } from '#protocols/button-frame/encode.ts';
import type { Body, PressBody } from '#protocols/button-frame/frame.ts';
import type { DeviceHealth } from '#protocols/messages/state.ts';
import type { LampState } from '#protocols/signal.ts';
import { quiet, seeded } from '../../firmware-sim/button.clock.ts';

export const serial = 0x0b71c2a4;

export function pressOf(change: Partial<PressBody> = {}): PressBody {
  return {
    type: 'press',
    serial,
    boot: 18,
    counter: 301,
    ageMs: 3,
    silent: false,
    tamper: false,
    ageIsLowerBound: false,
    ...change,
  };
}

export function heartbeatOf(change: Partial<Extract<Body, { type: 'heartbeat' }>> = {}): Body {
  return {
    type: 'heartbeat',
    serial,
    firmware: { major: 1, minor: 4 },
    battery: 97,
    supply: 'external',
    silent: false,
    tamper: false,
    contactClosed: false,
    waiting: 0,
    ...change,
  };
}

/** The driver with an edge core that writes down what it is told. */
export function startDriver(
  world: { clock: Clock; streams: StreamPort },
  address: StreamAddress,
  options: { sounder?: 'audible' | 'silent'; answer?: (raised: RaisedEvent) => Promise<LampState> } = {},
) {
  const events: RaisedEvent[] = [];
  const facts: Record<string, unknown>[] = [];
  const healths: DeviceHealth[] = [];
  const lines: { open: boolean; reason?: string }[] = [];
  const measures: { field: string; value: number }[] = [];
  let heard = 0;
  const stop = new AbortController();
  const context: DriverContext = {
    ...world,
    turns: turns(4),
    random: seeded(3),
    log: quiet,
    stop: stop.signal,
    crashed(error) {
      throw error;
    },
    event(raised) {
      events.push(raised);
      return options.answer?.(raised) ?? Promise.resolve('received');
    },
    level: () => Promise.resolve(),
    heard(_device, said) {
      heard += 1;
      if (said) facts.push(said);
    },
    health: (_device, health) => void healths.push(health),
    line: (open, reason) => void lines.push({ open, reason }),
    listening: { listen: () => Promise.reject(new Error('nobody dials in here')) },
    record() {},
    measure: (_device, field, value) => void measures.push({ field, value }),
  };
  const device = buttonDriver.device.parse({
    id: 'gate',
    driver: 'button',
    address: 'tty:/dev/ttyS1',
    zone: 1,
    serial: '0b71c2a4',
    sounder: options.sounder,
  });
  const run = buttonDriver.start(context, { address, devices: [device] });
  return { run, stop, events, facts, healths, lines, measures, heard: () => heard };
}

/** A wire of which the test is the other end. */
export function handWire() {
  const opens: { events: StreamEvents; closed: boolean }[] = [];
  const said: Body[] = [];
  const decoder = createFrameDecoder();
  let refuse: string | null = null;
  let sequence = 0;
  const streams: StreamPort = {
    open(_address, events) {
      if (refuse !== null) return Promise.reject(new Error(refuse));
      const open = { events, closed: false };
      opens.push(open);
      const stream: ByteStream = {
        write(bytes) {
          if (!open.closed) said.push(...decoder.push(bytes, 0).frames.map((f) => f.frame.body));
        },
        close() {
          if (open.closed) return;
          open.closed = true;
          events.onClose('closed by us');
        },
      };
      return Promise.resolve(stream);
    },
  };
  return {
    streams,
    opens,
    said,
    saidOf: <T extends Body['type']>(type: T) =>
      said.filter((b): b is Extract<Body, { type: T }> => b.type === type),
    refuse(reason: string | null) {
      refuse = reason;
    },
    bytes: (bytes: Uint8Array, at: number) => opens.at(-1)!.events.onData(bytes, at),
    frame(body: Body, at = 0) {
      opens.at(-1)!.events.onData(encodeFrame({ address: 0, boot: 18, sequence: (sequence += 1), body }), at);
    },
    vanish(reason: string) {
      const open = opens.at(-1)!;
      open.closed = true;
      open.events.onClose(reason);
    },
  };
}
