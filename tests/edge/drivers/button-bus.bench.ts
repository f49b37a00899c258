import { buttonDriver } from '#edge/drivers/button.ts';
import type { DriverContext, RaisedEvent } from '#edge/driver.ts';
import { turns } from '#edge/turns.ts';
import type { StreamEvents } from '#platform/ports.ts';
import { createFrameDecoder } from '#protocols/button-frame/decoder.ts';
import type { Body, Frame } from '#protocols/button-frame/frame.ts';
import type { DeviceHealth } from '#protocols/messages/state.ts';
import type { LampState } from '#protocols/signal.ts';
import { createBusWire } from '#sim/button/bus-wire.ts';
import { blankMemory } from '#sim/button/memory.ts';
import type { Button } from '#sim/button/button.ts';
import { createButton } from '#sim/button/unit.ts';
import { handClock, quiet, seeded } from '../../firmware-sim/button.clock.ts';

export const serialOf = (unit: number): number => 0xb000_0000 + unit;
const text = (serial: number): string => serial.toString(16).padStart(8, '0');

/**
 * The driver and real units on a bus of two wires, all in simulated time: bytes take the time that they take at
 * the baud rate, and two that speak at once spoil each other.
 */
export function busBench(
  count: number,
  options: { baud?: number; silent?: number[]; answer?: (raised: RaisedEvent) => Promise<LampState> } = {},
) {
  const baud = options.baud ?? 38_400;
  const clock = handClock();
  const events: (RaisedEvent & { at: number })[] = [];
  const healths = new Map<string, DeviceHealth[]>();
  const facts = new Map<string, Record<string, unknown>>();
  const lines: boolean[] = [];
  const fromHost: { at: number; frame: Frame }[] = [];
  const fromUnits: { at: number; frame: Frame }[] = [];
  const toUnits = createFrameDecoder();
  const toHost = createFrameDecoder();
  let host: StreamEvents | null = null;
  let dead = false;
  const units = new Map<string, Button>();
  /** Whose branch of the wire is cut. */
  const cut = new Set<string>();
  const wire = createBusWire(clock, baud, {
    host(bytes) {
      if (dead) return;
      const at = clock.monotonic();
      for (const { frame } of toHost.push(bytes, at).frames) fromUnits.push({ at, frame });
      host?.onData(bytes, at);
    },
    units(bytes) {
      for (const [name, unit] of units) if (!cut.has(name)) unit.receive(bytes);
    },
  });
  function plugIn(name: string, serial: number, address: number, silent = false): Button {
    const memory = blankMemory(seeded(serial));
    const unit = createButton(
      { clock, random: seeded(serial), log: quiet, memory },
      { serial, address, silent },
      (bytes) => {
        if (!cut.has(name)) wire.fromUnit(bytes);
      },
    );
    units.set(name, unit);
    return unit;
  }
  const devices = Array.from({ length: count }, (_, i) => {
    const unit = i + 1;
    const silent = options.silent?.includes(unit) ?? false;
    plugIn(`b${unit}`, serialOf(unit), unit, silent);
    return buttonDriver.device.parse({
      id: `b${unit}`,
      driver: 'button',
      address: 'tty:/dev/ttyS1',
      zone: unit,
      serial: text(serialOf(unit)),
      unit,
      sounder: silent ? 'silent' : 'audible',
    });
  });
  const stop = new AbortController();
  let opens = 0;
  const context: DriverContext = {
    clock,
    turns: turns(4),
    random: seeded(3),
    log: quiet,
    stop: stop.signal,
    streams: {
      open(_address, opened) {
        host = opened;
        opens += 1;
        return Promise.resolve({
          write(bytes) {
            const at = clock.monotonic();
            for (const { frame } of toUnits.push(bytes, at).frames) fromHost.push({ at, frame });
            wire.fromHost(bytes);
          },
          close() {
            if (host === opened) host = null;
            opened.onClose('closed by us');
          },
        });
      },
    },
    crashed(error) {
      throw error;
    },
    event(raised) {
      events.push({ ...raised, at: clock.monotonic() });
      return options.answer?.(raised) ?? Promise.resolve('received');
    },
    level: () => Promise.resolve(),
    heard: (device, said = {}) => void facts.set(device, { ...facts.get(device), ...said }),
    health: (device, health) => void healths.set(device, [...(healths.get(device) ?? []), health]),
    line: (open) => void lines.push(open),
    listening: { listen: () => Promise.reject(new Error('nobody dials in here')) },
    record() {},
    measure() {},
  };
  const address = { kind: 'tty', path: '/dev/ttyS1', baudRate: baud } as const;
  const run = buttonDriver.start(context, { address, devices });

  return {
    clock,
    run,
    stop,
    events,
    facts,
    fromHost,
    fromUnits,
    units,
    cut,
    plugIn,
    opens: () => opens,
    kill: () => void (dead = true),
    unit: (n: number) => units.get(`b${n}`)!,
    /** Bytes that nobody knows from where. */
    noise: (bytes: Uint8Array) => wire.fromUnit(bytes),
    async pass(ms: number): Promise<void> {
      for (let left = ms; left > 0; left -= 1) {
        clock.advance(Math.min(1, left));
        for (let i = 0; i < 4; i += 1) await Promise.resolve();
      }
    },
    /** How often each address was polled since `from`, ms. */
    polls(from: number): Map<number, number> {
      const times = new Map<number, number>();
      for (const { at, frame } of fromHost) {
        if (frame.body.type !== 'poll' || at < from) continue;
        times.set(frame.address, (times.get(frame.address) ?? 0) + 1);
      }
      return times;
    },
    healthOf(device: string): string {
      const last = healths.get(device)?.at(-1);
      if (!last) return 'unknown';
      return last.state === 'good' ? 'good' : `${last.state}: ${last.reason.en} ${last.reason.zh}`;
    },
    said: <T extends Body['type']>(type: T) =>
      fromHost.map(({ frame }) => frame.body).filter((b): b is Extract<Body, { type: T }> => b.type === type),
  };
}
