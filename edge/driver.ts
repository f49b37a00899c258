import type { z } from 'zod';
import type { Clock, Log, Randomness, StreamAddress, StreamPort } from '#platform/ports.ts';
import type { DeviceHealth, DeviceKind } from '#protocols/messages/state.ts';
import type { LampState, Mode, Origin, SignalType } from '#protocols/signal.ts';

/** What every device of the edge's file has, whatever its driver. */
export interface DeviceBase {
  id: string;
  driver: string;
  address: string;
  /** Contact ID zone, for devices that raise alarms. */
  zone?: number;
  heartbeat_s: number;
}

/** The devices of one driver that share one address: one tty, one bus, one host. */
export interface Line<D extends DeviceBase> {
  address: StreamAddress;
  devices: readonly D[];
}

/**
 * A driver is one file in `edge/drivers/`: its name, the schema of a device, and two beats. `configure` is
 * pure: it finds every mistake and touches no network. `start` connects; failures on the wire are retried by
 * the driver and reported as health, never thrown.
 */
export interface Driver<D extends DeviceBase = DeviceBase> {
  readonly name: string;
  readonly kind: DeviceKind;
  /** Strict schema of one device of the file (common keys included, see `deviceBase` in config.ts). */
  readonly device: z.ZodType<D>;
  /** Mistakes that only show when the devices of a line are seen together. `device` is an index. */
  configure(line: Line<D>): { device: number; problem: string }[];
  start(context: DriverContext, line: Line<D>): DriverRun;
}

/** A press (or another alarm that comes as an event), as one frame told it. */
export interface RaisedEvent {
  device: string;
  type: SignalType;
  mode: Mode;
  origin: Origin;
  /** A silent unit's press goes out as E122. */
  silent: boolean;
  /** Age of the event at `firstByteAt`, by the device's own count. */
  ageMs: number;
  /** Monotonic time at which the frame's first byte was read, and at which it was understood. */
  firstByteAt: number;
  decodedAt: number;
}

/** All that a driver may do to the rest of the edge. */
export interface DriverContext {
  readonly clock: Clock;
  readonly random: Randomness;
  readonly streams: StreamPort;
  readonly log: Log;
  /** Aborted when the edge stops or restarts this driver. */
  readonly stop: AbortSignal;
  /**
   * Ends this run, as a throw does, so that the driver is started again: for what a driver's own promises
   * reject with. (What it throws in timers and stream events is caught without it.)
   */
  crashed(error: unknown): void;
  /**
   * Hands over one copy of an event; call it for every copy. Resolves when the alarm is durable *somewhere*
   * (disk, *stored* or *delivered*) with what the lamp should say now: only then may it be host-acked.
   * Never rejects.
   */
  event(raised: RaisedEvent): Promise<LampState>;
  /**
   * Says a level (a smoke sensor's alarm output): a rise raises one signal, also when it is found up at start
   * and this rise was not sent before.
   */
  level(device: string, type: SignalType, up: boolean, readAt: number): void;
  /** Proof of life, with what the device says of itself. */
  heard(device: string, facts?: Record<string, string | number | boolean>): void;
  health(device: string, health: DeviceHealth): void;
  /** The wire of this line is open, or not and why. */
  line(open: boolean, reason?: string): void;
  measure(device: string, field: string, value: number, unit: string): void;
}

export interface DriverRun {
  /**
   * Shows a state on the lamp of the unit whose press `origin` is, repeating until the unit confirms; a later
   * state for the same origin replaces an earlier one. `confirmed` gets the monotonic time. Returns what stops
   * the repeating.
   */
  lamp?(device: string, origin: Origin, state: LampState, confirmed: (at: number) => void): () => void;
  /** Asks the unit to exercise its own switch circuit. Rejects with a sentence when it cannot. */
  selfTest?(device: string): Promise<string>;
  close(): Promise<void>;
}
