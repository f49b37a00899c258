import * as fc from 'fast-check';
import {
  longestOutputS,
  outputOutcomes,
  outputs,
  pressTypes,
  selfTestOutcomes,
} from '#protocols/button-frame/frame.ts';
import type { Body, Frame } from '#protocols/button-frame/frame.ts';

const byte = fc.nat(0xff);
const u16 = fc.nat(0xffff);
const u32 = fc.nat(0xffff_ffff);
const lamp = fc.constantFrom('received', 'delivered', 'failed');
const origin = fc.record({ serial: u32, boot: u16, counter: u16, type: fc.constantFrom(...pressTypes) });

const body: fc.Arbitrary<Body> = fc.oneof(
  fc.record({
    type: fc.constantFrom(...pressTypes, 'release' as const),
    serial: u32,
    boot: u16,
    counter: u16,
    ageMs: u32,
    silent: fc.boolean(),
    tamper: fc.boolean(),
    ageIsLowerBound: fc.boolean(),
  }),
  fc.record({
    type: fc.constant('heartbeat' as const),
    serial: u32,
    firmware: fc.record({ major: byte, minor: byte }),
    battery: fc.oneof(fc.nat(100), fc.constant(null)),
    supply: fc.constantFrom('external' as const, 'battery' as const),
    silent: fc.boolean(),
    tamper: fc.boolean(),
    contactClosed: fc.boolean(),
    waiting: byte,
  }),
  fc.record({
    type: fc.constant('lamp-confirm' as const),
    origin,
    state: lamp,
    shown: fc.oneof(lamp, fc.constant('dark' as const)),
  }),
  fc.record({ type: fc.constantFrom('host-ack' as const, 'lamp' as const), origin, state: lamp }),
  fc.record({ type: fc.constant('self-test' as const), serial: u32, number: u16 }),
  fc.record({
    type: fc.constant('self-test-result' as const),
    serial: u32,
    number: u16,
    outcome: fc.constantFrom(...selfTestOutcomes),
  }),
  fc.record({
    type: fc.constant('output' as const),
    serial: u32,
    number: u16,
    output: fc.constantFrom(...outputs),
    seconds: fc.nat(longestOutputS),
  }),
  fc.record({
    type: fc.constant('output-result' as const),
    serial: u32,
    number: u16,
    outcome: fc.constantFrom(...outputOutcomes),
  }),
  fc.record({ type: fc.constantFrom('idle' as const, 'poll' as const) }),
);

export const anyFrame: fc.Arbitrary<Frame> = fc.record({ address: byte, boot: u16, sequence: u16, body });
