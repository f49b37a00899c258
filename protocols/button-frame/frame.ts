import type { LampState, Origin, SignalType } from '../signal.ts';

/** The language between a one-key button and the edge, byte by byte in docs/serial-protocol.md. */
export const protocolVersion = 1;

/** What a finger can raise. Each takes the next value of the unit's press counter. */
export const pressTypes = [
  'press',
  'long-press',
  'second-press',
  'test',
  'duress',
] as const satisfies SignalType[];
export type PressType = (typeof pressTypes)[number];

/** A press by all that it is deduplicated by; a host-ack or lamp command for another unit is never obeyed. */
export interface PressOrigin extends Origin {
  type: PressType;
}

export function isPressOrigin(origin: Origin): origin is PressOrigin {
  return (pressTypes as readonly SignalType[]).includes(origin.type);
}

/** A press (or the release after it): every copy is sent with the age that it has then. */
export interface PressBody {
  type: PressType | 'release';
  serial: number;
  /** Boot and press counter at the time of the press; after a power loss not those of the header. */
  boot: number;
  counter: number;
  /** Milliseconds since the finger, when the first byte of this copy left. Stops at FFFFFFFF. */
  ageMs: number;
  silent: boolean;
  tamper: boolean;
  /** The unit lost power since: the true age is larger by an unknown time. */
  ageIsLowerBound: boolean;
}

export type Supply = 'external' | 'battery';

export interface HeartbeatBody {
  type: 'heartbeat';
  serial: number;
  firmware: { major: number; minor: number };
  /** Percent; null when the unit has no battery. */
  battery: number | null;
  supply: Supply;
  silent: boolean;
  tamper: boolean;
  contactClosed: boolean;
  /** Presses that wait for their host-ack. */
  waiting: number;
}

/** What the unit's lamp shows of a press: `dark` for a silent unit, or when a newer press has the lamp. */
export type Shown = LampState | 'dark';

export const selfTestOutcomes = ['passed', 'switch-open', 'switch-stuck', 'lamp-fault', 'busy'] as const;
export type SelfTestOutcome = (typeof selfTestOutcomes)[number];

/** What the host may switch by hand; each goes off by itself when its seconds are over. */
export const outputs = ['lamp', 'siren'] as const;
export type Output = (typeof outputs)[number];
/** No output stays on for longer, s: a unit whose host has gone falls silent by itself. */
export const longestOutputS = 600;
export const outputOutcomes = ['done', 'silent', 'absent'] as const;
export type OutputOutcome = (typeof outputOutcomes)[number];

export type Body =
  | PressBody
  | HeartbeatBody
  | { type: 'lamp-confirm'; origin: PressOrigin; state: LampState; shown: Shown }
  | { type: 'self-test-result'; serial: number; number: number; outcome: SelfTestOutcome }
  | { type: 'output-result'; serial: number; number: number; outcome: OutputOutcome }
  | { type: 'idle' }
  | { type: 'host-ack'; origin: PressOrigin; state: LampState }
  | { type: 'lamp'; origin: PressOrigin; state: LampState }
  | { type: 'self-test'; serial: number; number: number }
  | { type: 'output'; serial: number; number: number; output: Output; seconds: number }
  | { type: 'poll' };

/** Addresses: 0 point to point, 1 to 247 units of a bus. */
export interface Frame {
  address: number;
  /** Of the sender's present run. */
  boot: number;
  /** The sender's count of transmissions, repeats included. */
  sequence: number;
  body: Body;
}

/** Type byte of each body; bit 7 is set in all that the host says. */
export const typeCodes = {
  press: 0x01,
  'long-press': 0x02,
  'second-press': 0x03,
  test: 0x04,
  release: 0x05,
  duress: 0x06,
  heartbeat: 0x10,
  'lamp-confirm': 0x20,
  'self-test-result': 0x30,
  'output-result': 0x31,
  idle: 0x40,
  'host-ack': 0x81,
  lamp: 0xa0,
  'self-test': 0xb0,
  output: 0xb1,
  poll: 0xc0,
} as const satisfies Record<Body['type'], number>;

export const lampCodes = { dark: 0, received: 1, delivered: 2, failed: 3 } as const satisfies Record<
  Shown,
  number
>;

export const preamble = [0xa5, 0x5a] as const;
/** Preamble, version, address, direction, length, type, boot, sequence. */
export const headerBytes = 11;
export const crcBytes = 2;
export const maxPayloadBytes = 32;
export const maxFrameBytes = headerBytes + maxPayloadBytes + crcBytes;

export const directions = { 'unit-to-host': 1, 'host-to-unit': 2 } as const;
export type Direction = keyof typeof directions;

export function directionOf(type: Body['type']): Direction {
  return typeCodes[type] & 0x80 ? 'host-to-unit' : 'unit-to-host';
}

export const pressFlags = { silent: 1, tamper: 2, ageIsLowerBound: 4 } as const;
export const heartbeatFlags = { silent: 1, tamper: 2, contactClosed: 4 } as const;
/** In place of a percentage: the unit has no battery. */
export const noBattery = 0xff;
