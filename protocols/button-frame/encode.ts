import { crc16 } from './crc16.ts';
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
  preamble,
  pressFlags,
  protocolVersion,
  selfTestOutcomes,
  typeCodes,
} from './frame.ts';
import type { Body, Frame, PressOrigin } from './frame.ts';

/** The bytes of a frame. Numbers are taken modulo the width of their field, as counters wrap. */
export function encodeFrame(frame: Frame): Uint8Array {
  const payload = payloadOf(frame.body);
  const bytes = Uint8Array.from([
    ...preamble,
    protocolVersion,
    frame.address,
    directions[directionOf(frame.body.type)],
    payload.length,
    typeCodes[frame.body.type],
    ...u16(frame.boot),
    ...u16(frame.sequence),
    ...payload,
    0,
    0,
  ]);
  const end = headerBytes + payload.length;
  bytes.set(u16(crc16(bytes, preamble.length, end)), end);
  return bytes.subarray(0, end + crcBytes);
}

function payloadOf(body: Body): number[] {
  switch (body.type) {
    case 'press':
    case 'long-press':
    case 'second-press':
    case 'test':
    case 'duress':
    case 'release':
      return [
        ...u32(body.serial),
        ...u16(body.boot),
        ...u16(body.counter),
        ...u32(Math.min(Math.max(Math.round(body.ageMs), 0), 0xffff_ffff)),
        flagsOf(pressFlags, body),
      ];
    case 'heartbeat':
      return [
        ...u32(body.serial),
        body.firmware.major,
        body.firmware.minor,
        body.battery ?? noBattery,
        body.supply === 'external' ? 0 : 1,
        flagsOf(heartbeatFlags, body),
        Math.min(body.waiting, 0xff),
      ];
    case 'lamp-confirm':
      return [...originBytes(body.origin), lampCodes[body.state], lampCodes[body.shown]];
    case 'host-ack':
    case 'lamp':
      return [...originBytes(body.origin), lampCodes[body.state]];
    case 'self-test':
      return [...u32(body.serial), ...u16(body.number)];
    case 'self-test-result':
      return [...u32(body.serial), ...u16(body.number), selfTestOutcomes.indexOf(body.outcome)];
    case 'output':
      return [
        ...u32(body.serial),
        ...u16(body.number),
        outputs.indexOf(body.output),
        ...u16(Math.min(body.seconds, longestOutputS)),
      ];
    case 'output-result':
      return [...u32(body.serial), ...u16(body.number), outputOutcomes.indexOf(body.outcome)];
    case 'idle':
    case 'poll':
      return [];
  }
}

function originBytes(origin: PressOrigin): number[] {
  return [...u32(origin.serial), ...u16(origin.boot), ...u16(origin.counter), typeCodes[origin.type]];
}

function flagsOf<F extends string>(masks: Record<F, number>, body: Record<NoInfer<F>, boolean>): number {
  let byte = 0;
  for (const name in masks) if (body[name]) byte |= masks[name];
  return byte;
}

function u16(value: number): number[] {
  return [(value >>> 8) & 0xff, value & 0xff];
}

function u32(value: number): number[] {
  return [...u16(value >>> 16), ...u16(value)];
}
