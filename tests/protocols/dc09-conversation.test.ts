import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  Conversation,
  type ConversationEffect,
  type ConversationInput,
  longestConversationMs,
} from '#protocols/dc09/conversation.ts';
import { ackOf, type Dc09Frame, duhOf, encodeFrame, frameBody, nakAt } from '#protocols/dc09/frame.ts';

const times = { ackMs: 400, connectMs: 1000 };
const alarm: Dc09Frame = { token: 'ADM-CID', sequence: 2, line: '0', account: '1234', data: '', fields: [] };
const submit: ConversationInput = { kind: 'submit', account: '1234', sequence: 2 };
const bytes = (b: Uint8Array): ConversationInput => ({ kind: 'bytes', bytes: b });
const ack = bytes(encodeFrame(ackOf(alarm)));
const nak = bytes(encodeFrame(nakAt(1_000_000)));

/** The effects of the last input; those before it are carried out by nobody. */
function after(...inputs: ConversationInput[]): ConversationEffect[] {
  const conversation = new Conversation(times);
  let effects: ConversationEffect[] = [];
  for (const input of inputs) effects = conversation.handle(input);
  return effects;
}
const kinds = (effects: ConversationEffect[]): string[] => effects.map((e) => e.kind);
const inFlight = [submit, { kind: 'connected' }] as const;
const timer = { kind: 'timer' } as const;
const again = [...inFlight, timer, { kind: 'connected' }] as const;

test('the connection is opened by the first frame, and kept for the next', () => {
  expect(after(submit)).toEqual([{ kind: 'arm', ms: 1000 }, { kind: 'open' }]);
  expect(after(...inFlight)).toEqual([
    { kind: 'arm', ms: 400 },
    { kind: 'send', corrected: false },
  ]);
  expect(kinds(after(...inFlight, ack, submit))).toEqual(['arm', 'send']);
});

test('an ACK settles the frame with its raw bytes', () => {
  expect(after(...inFlight, ack)).toMatchObject([
    { kind: 'disarm' },
    { kind: 'settle', outcome: { kind: 'acknowledged', raw: encodeFrame(ackOf(alarm)) } },
  ]);
});

test('an ACK for another sequence or account is ignored, and seen', () => {
  for (const other of [
    { ...alarm, sequence: 3 },
    { ...alarm, account: '1235' },
    { ...alarm, account: undefined },
  ])
    expect(after(...inFlight, bytes(encodeFrame(ackOf(other))))).toMatchObject([
      { kind: 'oddity', oddity: 'unexpected' },
    ]);
});

test('a second frame is not sent while one is in flight', () => {
  expect(() => after(...inFlight, submit)).toThrow('in flight');
});

test('the time-out closes the connection, and the frame is tried once more on a new one', () => {
  expect(kinds(after(...inFlight, timer))).toEqual(['close', 'arm', 'open']);
  expect(after(...again)).toContainEqual({ kind: 'send', corrected: false });
  expect(after(...again, timer)).toMatchObject([
    { kind: 'close' },
    { kind: 'disarm' },
    { kind: 'settle', outcome: { kind: 'failed', fault: 'silent' } },
  ]);
});

test('a connection lost in flight counts like a time-out', () => {
  const closed = { kind: 'closed', reason: 'reset' } as const;
  expect(kinds(after(...inFlight, closed))).toEqual(['close', 'arm', 'open']);
  expect(after(...again, closed)).toContainEqual(
    expect.objectContaining({ outcome: { kind: 'failed', fault: 'silent', reason: 'reset' } }),
  );
});

test('a connection lost while idle is opened again by the next frame', () => {
  expect(kinds(after(...inFlight, ack, { kind: 'closed', reason: 'idle' }))).toEqual(['close']);
  expect(kinds(after(...inFlight, ack, { kind: 'closed', reason: 'idle' }, submit))).toEqual(['arm', 'open']);
});

test('no connection, or none in time, is unreachable', () => {
  for (const input of [
    timer,
    { kind: 'unreachable', reason: 'refused' },
    { kind: 'closed', reason: 'x' },
  ] as const)
    expect(after(submit, input)).toContainEqual(
      expect.objectContaining({ outcome: expect.objectContaining({ fault: 'unreachable' }) }),
    );
});

test('a NAK tells the time and is answered with a corrected timestamp on the same connection', () => {
  expect(after(...inFlight, nak)).toEqual([
    { kind: 'receiver-time', utcMs: 1_000_000 },
    { kind: 'arm', ms: 400 },
    { kind: 'send', corrected: true },
  ]);
});

test('after a NAK the timestamp stays corrected, also on a new connection', () => {
  expect(after(...inFlight, nak, timer, { kind: 'connected' })).toContainEqual({
    kind: 'send',
    corrected: true,
  });
});

test('a second NAK is a refusal, and a DUH is one at once', () => {
  const refused = expect.objectContaining({ outcome: expect.objectContaining({ fault: 'refused' }) });
  expect(after(...inFlight, nak, nak)).toContainEqual(refused);
  expect(after(...inFlight, bytes(encodeFrame(duhOf(alarm))))).toContainEqual(refused);
});

test('a DUH for another frame is ignored', () => {
  expect(kinds(after(...inFlight, bytes(encodeFrame(duhOf({ ...alarm, sequence: 9 })))))).toEqual(['oddity']);
});

test('a NAK while nothing is in flight changes nothing', () => {
  expect(kinds(after(...inFlight, ack, nak))).toEqual(['oddity']);
});

test('an ACK with the word None for absent fields is an ACK', () => {
  const effects = after(...inFlight, bytes(frameBody('"ACK"0002NoneL0#1234[]None')));
  expect(kinds(effects)).toEqual(['oddity', 'oddity', 'disarm', 'settle']);
});

test('a reply with a bad CRC is no answer, and seen', () => {
  const damaged = encodeFrame(ackOf(alarm));
  damaged[1] = 0x7a;
  damaged[2] = damaged[3] = 0x30;
  const wrong = encodeFrame(ackOf(alarm));
  wrong[4] = wrong[4] === 0x30 ? 0x31 : 0x30;
  expect(after(...inFlight, bytes(wrong))).toMatchObject([{ kind: 'oddity', oddity: 'damaged' }]);
  expect(kinds(after(...inFlight, bytes(damaged), ack))).toContain('settle');
});

test('a bare LF CR is no answer, and seen at the time-out', () => {
  expect(after(...inFlight, bytes(Uint8Array.of(10, 13)))).toEqual([]);
  expect(after(...inFlight, bytes(Uint8Array.of(10, 13)), timer)[0]).toMatchObject({
    kind: 'oddity',
    oddity: 'noise',
    detail: '2 bytes: 0a0d',
  });
});

test('half an answer does not leak into the next connection', () => {
  const half = encodeFrame(ackOf(alarm));
  expect(
    kinds(
      after(
        ...again.slice(0, 2),
        bytes(half.slice(0, 15)),
        timer,
        { kind: 'connected' },
        bytes(half.slice(15)),
      ),
    ),
  ).not.toContain('settle');
});

test('whatever happens, a submission settles exactly once and within the stated bound', () => {
  const noise = bytes(Uint8Array.of(10, 48, 13));
  const happening = fc.constantFrom<ConversationInput>(
    { kind: 'connected' },
    { kind: 'unreachable', reason: 'x' },
    { kind: 'closed', reason: 'x' },
    timer,
    ack,
    nak,
    noise,
  );
  fc.assert(
    fc.property(fc.array(happening, { maxLength: 30 }), (happenings) => {
      const conversation = new Conversation(times);
      const timeout = { armed: false };
      let waited = 0;
      let settled = 0;
      const carryOut = (input: ConversationInput): void => {
        for (const effect of conversation.handle(input)) {
          if (effect.kind === 'settle') settled++;
          if (effect.kind === 'arm') waited += effect.ms;
          if (effect.kind === 'arm' || effect.kind === 'disarm') timeout.armed = effect.kind === 'arm';
        }
      };
      carryOut(submit);
      for (const input of happenings) carryOut(input);
      // Nothing more is heard: only the timer is left.
      for (let i = 0; i < 10 && timeout.armed; i++) carryOut(timer);
      expect(settled).toBe(1);
      expect(waited).toBeLessThanOrEqual(longestConversationMs(times));
    }),
    { numRuns: 300 },
  );
});
