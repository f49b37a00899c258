import type { z } from 'zod';
import type {
  BrokerServing,
  Clock,
  Listener,
  ListenPort,
  Log,
  MqttPort,
  Randomness,
  StreamPort,
} from '#platform/ports.ts';
import type { DeviceAct, DeviceActName } from '#protocols/messages/command.ts';
import type { DeviceHealth, DeviceKind } from '#protocols/messages/state.ts';
import type { DeviceRecord } from '#protocols/messages/telemetry.ts';
import type { LampState, Mode, Origin, SignalType } from '#protocols/signal.ts';
import type { DeviceAddress } from './drivers/address.ts';
import type { Turns } from './turns.ts';

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
  address: DeviceAddress;
  devices: readonly D[];
}

/**
 * A driver is one file in `edge/drivers/`: its name, the schema of a device, and two beats. `configure` is
 * pure: it finds every mistake and touches no network. `start` connects; failures on the wire are retried by
 * the driver and reported as health, never thrown.
 */
export interface Driver<D extends DeviceBase = DeviceBase> {
  readonly name: string;
  /** Strict schema of one device of the file (common keys included, see `deviceBase` in config.ts). */
  readonly device: z.ZodType<D>;
  /** The kinds of address that it can be behind; any other is a mistake in the file. */
  readonly wires: readonly DeviceAddress['kind'][];
  /** What a device of the file is to the rest of the house. Pure. */
  describe(device: D): DeviceDescription;
  /** Mistakes that only show when the devices of a line are seen together. `device` is an index. */
  configure(line: Line<D>): { device: number; problem: string }[];
  start(context: DriverContext, line: Line<D>): DriverRun;
}

export interface DeviceDescription {
  kind: DeviceKind;
  /** It raises alarms, so 110 must be able to place it: a zone is required. */
  alarms: boolean;
  /** What `DriverRun.act` can be asked for. */
  acts: readonly DeviceActName[];
}

/** A press (or another alarm that comes as an event), as one frame told it. */
export interface RaisedEvent {
  device: string;
  type: SignalType;
  mode: Mode;
  /**
   * What copies are told apart by. Null where the device counts nothing (an alarm panel): then every call is an
   * alarm of its own, and the driver must not pass one on twice.
   */
  origin: Origin | null;
  /** Of a `panel` event: its Contact ID code. */
  panelCode?: string;
  /** A silent unit's press goes out as E122. */
  silent: boolean;
  /** Age of the event at `firstByteAt`, by the device's own count. */
  ageMs: number;
  /** It is older than that: its unit lost power, and does not know for how long. */
  ageIsLowerBound?: boolean;
  /** Monotonic time at which the frame's first byte was read, and at which it was understood. */
  firstByteAt: number;
  decodedAt: number;
}

/** All that a driver may do to the rest of the edge. */
export interface DriverContext {
  readonly clock: Clock;
  readonly random: Randomness;
  readonly streams: StreamPort;
  /** For devices that dial in to us. */
  readonly listening: ListenPort;
  /** A broker of devices on the campus, by URL with credentials. Not in every world. */
  brokerAt?(url: string): MqttPort;
  /** Opens the edge's own broker to these logins. Only where the file has a `local_broker`. */
  serveBroker?(serving: BrokerServing): Promise<Listener>;
  /** Turns for heavy work, shared by all lines of the edge. */
  readonly turns: Turns;
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
   * and this rise was not sent before. Resolves when that alarm is durable somewhere (at once where there is
   * none), for devices that wait to hear so. Never rejects.
   */
  level(device: string, type: SignalType, up: boolean, readAt: number): Promise<void>;
  /** Proof of life, with what the device says of itself. */
  heard(device: string, facts?: Record<string, string | number | boolean>): void;
  health(device: string, health: DeviceHealth): void;
  /** The wire of this line is open, or not and why. */
  line(open: boolean, reason?: string): void;
  /** A camera's picture as it was just judged, for whoever keeps a few of them as evidence. Not in every world. */
  picture?(device: string, jpeg: Uint8Array, verdict: 'good' | 'bad'): void;
  measure(device: string, field: string, value: number, unit: string): void;
  /**
   * What happened there and is evidence, not an alarm (a check-in, a gate that opened). Kept until the cloud has
   * it, like measured values. `readAt` is monotonic; now when it is left out.
   */
  record(
    device: string,
    kind: DeviceRecord['kind'],
    details?: DeviceRecord['details'],
    readAt?: number,
  ): void;
}

/** How an act went. `detail` is a sentence for a technician. */
export interface ActResult {
  detail: string;
  facts?: Record<string, string | number | boolean>;
  /** A JPEG, of a snapshot: the core sends it up. */
  picture?: Uint8Array;
}

export interface DriverRun {
  /**
   * Shows a state on the lamp of the unit whose press `origin` is, repeating until the unit confirms; a later
   * state for the same origin replaces an earlier one. `confirmed` gets the monotonic time. Returns what stops
   * the repeating.
   */
  lamp?(device: string, origin: Origin, state: LampState, confirmed: (at: number) => void): () => void;
  /** Does one of the acts that `describe` named. Rejects with a sentence when it cannot. */
  act?(device: string, act: DeviceAct): Promise<ActResult>;
  close(): Promise<void>;
}
