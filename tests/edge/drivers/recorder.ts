import { realClock } from '#platform/real/clock.ts';
import { realMqtt } from '#platform/real/mqtt.ts';
import { realRandomness } from '#platform/real/randomness.ts';
import { realListening, realStreams } from '#platform/real/streams.ts';
import type { Log } from '#platform/ports.ts';
import type { DriverContext, RaisedEvent } from '#edge/driver.ts';
import { turns } from '#edge/turns.ts';
import type { DeviceHealth } from '#protocols/messages/state.ts';
import type { DeviceRecord } from '#protocols/messages/telemetry.ts';
import type { SignalType } from '#protocols/signal.ts';

/**
 * A driver's context over the real world that keeps what the driver tells. Its clock runs `hurry` times
 * faster than the world's, so that a test need not wait out pauses between polls or before a retry.
 */
export function recorder(hurry = 1) {
  const stopping = new AbortController();
  const told = {
    heard: [] as { device: string; facts: Record<string, string | number | boolean> }[],
    health: [] as { device: string; health: DeviceHealth }[],
    events: [] as RaisedEvent[],
    levels: [] as { device: string; type: SignalType; up: boolean }[],
    /** What a driver waits for after a level. */
    durable: Promise.resolve(),
    lines: [] as { open: boolean; reason?: string }[],
    warnings: [] as string[],
    crashes: [] as unknown[],
    records: [] as { device: string; kind: DeviceRecord['kind']; details: DeviceRecord['details'] }[],
    pictures: [] as { device: string; verdict: 'good' | 'bad' }[],
    measures: [] as { device: string; field: string; value: number; unit: string }[],
  };
  const log: Log = {
    debug() {},
    info() {},
    warn: (message) => told.warnings.push(message),
    error() {},
    child: () => log,
  };
  const context: DriverContext = {
    clock: {
      ...realClock,
      monotonic: () => realClock.monotonic() * hurry,
      after: (ms, then) => realClock.after(ms / hurry, then),
    },
    random: realRandomness,
    streams: realStreams,
    listening: realListening,
    turns: turns(4),
    log,
    stop: stopping.signal,
    crashed: (error) => told.crashes.push(error),
    brokerAt: (url) => realMqtt({ url, clock: realClock, random: realRandomness, log }),
    event(raised) {
      told.events.push(raised);
      return Promise.resolve('received');
    },
    level: (device, type, up) => {
      told.levels.push({ device, type, up });
      return told.durable;
    },
    heard: (device, facts = {}) => told.heard.push({ device, facts }),
    health: (device, health) => told.health.push({ device, health }),
    line: (open, reason) => told.lines.push({ open, reason }),
    record: (device, kind, details = {}) => told.records.push({ device, kind, details }),
    picture: (device, _jpeg, verdict) => void told.pictures.push({ device, verdict }),
    measure: (device, field, value, unit) => told.measures.push({ device, field, value, unit }),
  };
  return {
    ...told,
    context,
    /** From now on a level is durable when this resolves. */
    durableWhen: (promise: Promise<void>) => {
      told.durable = promise;
    },
    stop: () => stopping.abort(),
    /** The health in force, as its state and English reason. */
    healthOf(device: string): string {
      const last = told.health.findLast((h) => h.device === device)?.health;
      if (!last) return 'unknown';
      return last.state === 'good' ? 'good' : `${last.state}: ${last.reason.en}`;
    },
    levelsOf: (device: string) => told.levels.filter((l) => l.device === device).map((l) => l.up),
    factsOf: (device: string) =>
      Object.assign({}, ...told.heard.filter((h) => h.device === device).map((h) => h.facts)) as Record<
        string,
        string | number | boolean
      >,
    heardCount: (device: string) => told.heard.filter((h) => h.device === device).length,
    measured: (field: string) => told.measures.filter((m) => m.field === field).map((m) => m.value),
  };
}
