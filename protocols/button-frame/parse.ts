import type { LampState } from '../signal.ts';
import {
  crcBytes,
  directionOf,
  directions,
  headerBytes,
  heartbeatFlags,
  lampCodes,
  longestOutputS,
  noBattery,
  outputOutcomes,
  outputs,
  pressFlags,
  pressTypes,
  protocolVersion,
  selfTestOutcomes,
  typeCodes,
} from './frame.ts';
import type { Body, Direction, Frame, PressOrigin, Shown } from './frame.ts';

/** A frame with a right CRC that this version cannot read: counted and told, never guessed at. */
export interface Strange {
  version: number;
  address: number;
  direction: Direction;
  /** The type byte. */
  code: number;
  reason: 'unknown version' | 'unknown type' | 'payload too short' | 'bad value';
}

/**
 * Reads one whole frame whose preamble, length and CRC have been checked. A payload longer than its type
 * needs is read as far as it is known, so that later firmware may append fields.
 */
export function parseFrame(bytes: Uint8Array): { frame: Frame } | { strange: Strange } {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const version = view.getUint8(2);
  const address = view.getUint8(3);
  const code = view.getUint8(6);
  const direction = view.getUint8(4) === directions['unit-to-host'] ? 'unit-to-host' : 'host-to-unit';
  const strange = (reason: Strange['reason']): { strange: Strange } => ({
    strange: { version, address, direction, code, reason },
  });
  if (version !== protocolVersion) return strange('unknown version');
  const type = (Object.keys(typeCodes) as Body['type'][]).find((t) => typeCodes[t] === code);
  if (type === undefined || directionOf(type) !== direction) return strange('unknown type');
  const payload = new DataView(
    bytes.buffer,
    bytes.byteOffset + headerBytes,
    bytes.byteLength - headerBytes - crcBytes,
  );
  if (payload.byteLength < payloadBytes[type]) return strange('payload too short');
  const body = bodyOf(type, payload);
  if (body === null) return strange('bad value');
  return { frame: { address, boot: view.getUint16(7), sequence: view.getUint16(9), body } };
}

/** Bytes of payload that each type has at least. */
export const payloadBytes: Record<Body['type'], number> = {
  press: 13,
  'long-press': 13,
  'second-press': 13,
  test: 13,
  duress: 13,
  release: 13,
  heartbeat: 10,
  'lamp-confirm': 11,
  'self-test-result': 7,
  'output-result': 7,
  idle: 0,
  'host-ack': 10,
  lamp: 10,
  'self-test': 6,
  output: 9,
  poll: 0,
};

function bodyOf(type: Body['type'], payload: DataView): Body | null {
  switch (type) {
    case 'press':
    case 'long-press':
    case 'second-press':
    case 'test':
    case 'duress':
    case 'release':
      return {
        type,
        serial: payload.getUint32(0),
        boot: payload.getUint16(4),
        counter: payload.getUint16(6),
        ageMs: payload.getUint32(8),
        ...flagsFrom(payload.getUint8(12), pressFlags),
      };
    case 'heartbeat':
      return {
        type,
        serial: payload.getUint32(0),
        firmware: { major: payload.getUint8(4), minor: payload.getUint8(5) },
        battery: payload.getUint8(6) === noBattery ? null : payload.getUint8(6),
        supply: payload.getUint8(7) === 0 ? 'external' : 'battery',
        ...flagsFrom(payload.getUint8(8), heartbeatFlags),
        waiting: payload.getUint8(9),
      };
    case 'lamp-confirm': {
      const origin = originFrom(payload);
      const state = lampFrom(payload.getUint8(9));
      const shown = shownFrom(payload.getUint8(10));
      return origin && state && shown ? { type, origin, state, shown } : null;
    }
    case 'host-ack':
    case 'lamp': {
      const origin = originFrom(payload);
      const state = lampFrom(payload.getUint8(9));
      return origin && state ? { type, origin, state } : null;
    }
    case 'self-test':
      return { type, serial: payload.getUint32(0), number: payload.getUint16(4) };
    case 'self-test-result': {
      const outcome = selfTestOutcomes[payload.getUint8(6)];
      return outcome ? { type, serial: payload.getUint32(0), number: payload.getUint16(4), outcome } : null;
    }
    case 'output': {
      const output = outputs[payload.getUint8(6)];
      const seconds = payload.getUint16(7);
      if (output === undefined || seconds > longestOutputS) return null;
      return { type, serial: payload.getUint32(0), number: payload.getUint16(4), output, seconds };
    }
    case 'output-result': {
      const outcome = outputOutcomes[payload.getUint8(6)];
      return outcome ? { type, serial: payload.getUint32(0), number: payload.getUint16(4), outcome } : null;
    }
    case 'idle':
    case 'poll':
      return { type };
  }
}

function originFrom(payload: DataView): PressOrigin | null {
  const type = pressTypes.find((t) => typeCodes[t] === payload.getUint8(8));
  if (type === undefined) return null;
  return {
    serial: payload.getUint32(0),
    boot: payload.getUint16(4),
    counter: payload.getUint16(6),
    type,
  };
}

function shownFrom(code: number): Shown | null {
  return (Object.keys(lampCodes) as Shown[]).find((s) => lampCodes[s] === code) ?? null;
}

function lampFrom(code: number): LampState | null {
  const shown = shownFrom(code);
  return shown === 'dark' ? null : shown;
}

function flagsFrom<F extends string>(byte: number, masks: Record<F, number>): Record<F, boolean> {
  const entries = (Object.keys(masks) as F[]).map((name) => [name, (byte & masks[name]) !== 0]);
  return Object.fromEntries(entries) as Record<F, boolean>;
}
