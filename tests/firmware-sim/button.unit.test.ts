import { describe, expect, test } from 'vitest';
import { createFrameDecoder } from '#protocols/button-frame/decoder.ts';
import { encodeFrame } from '#protocols/button-frame/encode.ts';
import type { Body, Frame, PressBody, PressOrigin } from '#protocols/button-frame/frame.ts';
import { retransmitDelayMs } from '#protocols/button-frame/timing.ts';
import type { LampState } from '#protocols/signal.ts';
import { blankMemory } from '#sim/button/memory.ts';
import { createButton } from '#sim/button/unit.ts';
import type { ButtonConfig } from '#sim/button/button.ts';
import { handClock, quiet, seeded } from './button.clock.ts';

const serial = 0x0b71c2a4;

function bench(config: Partial<ButtonConfig> = {}, memory = { ...blankMemory(seeded()), boot: 17 }) {
  const clock = handClock();
  const sent: { at: number; frame: Frame }[] = [];
  const decoder = createFrameDecoder();
  let discarded = 0;
  const unit = createButton(
    { clock, random: seeded(), log: quiet, memory },
    { serial, ...config },
    (bytes) => {
      const decoded = decoder.push(bytes, clock.monotonic());
      discarded += decoded.discarded;
      sent.push(...decoded.frames.map((f) => ({ at: clock.monotonic(), frame: f.frame })));
    },
  );
  let sequence = 0;
  const host = (body: Body): void => {
    unit.receive(encodeFrame({ address: 0, boot: 9, sequence: (sequence += 1), body }));
  };
  return {
    clock,
    unit,
    memory,
    sent,
    discarded: () => discarded,
    bodies: <T extends Body['type']>(type: T) =>
      sent.map((s) => s.frame.body).filter((b): b is Extract<Body, { type: T }> => b.type === type),
    host,
    ack: (origin: PressOrigin, state: LampState = 'received') => host({ type: 'host-ack', origin, state }),
    lamp: (origin: PressOrigin, state: LampState) => host({ type: 'lamp', origin, state }),
  };
}

describe('a press is repeated until its host-ack', () => {
  test('on the schedule of the page, each copy with its age, for a day and longer', () => {
    const b = bench();
    const start = b.clock.monotonic();
    b.unit.press();
    b.clock.advance(86_400_000);
    const copies = b.sent.filter((s) => s.frame.body.type === 'press');
    const times = copies.map((c) => c.at - start);
    expect(times[0]).toBe(0);
    for (const [i, at] of times.slice(1).entries()) {
      expect(at - times[i]!).toBe(retransmitDelayMs(serial, i + 1));
    }
    expect(copies.length).toBeGreaterThan(7000);
    expect(copies.map((c) => (c.frame.body as PressBody).ageMs)).toEqual(times);
  });

  test('and no longer; a host-ack for another unit or another press does not stop it', () => {
    const b = bench();
    const origin = b.unit.press();
    b.ack({ ...origin, serial: serial + 1 });
    b.ack({ ...origin, counter: origin.counter + 1 });
    b.clock.advance(1000);
    expect(b.bodies('press').length).toBe(3);
    b.ack(origin);
    b.clock.advance(60_000);
    expect(b.bodies('press').length).toBe(3);
  });

  test('through a power loss, with its origin and an age that is a lower bound', () => {
    const b = bench();
    const origin = b.unit.press();
    b.clock.advance(1000);
    b.unit.restart();
    const after = b.sent.at(-2)!.frame;
    expect(after.boot).toBe(19);
    expect(after.body).toMatchObject({ ...origin, boot: 18, ageIsLowerBound: true });
    expect((after.body as PressBody).ageMs).toBeGreaterThan(700);
    b.ack(origin);
    expect(b.memory.waiting).toEqual([]);
  });

  test('press, long press, second press and test each take a counter, and boots never share one', () => {
    const b = bench();
    const origins = [b.unit.press(), b.unit.longPress(), b.unit.secondPress(), b.unit.test()];
    expect(origins.map((o) => [o.boot, o.counter, o.type])).toEqual([
      [18, 1, 'press'],
      [18, 2, 'long-press'],
      [18, 3, 'second-press'],
      [18, 4, 'test'],
    ]);
    b.unit.restart();
    expect(b.unit.press()).toMatchObject({ boot: 19, counter: 5 });
  });

  test('with 8 waiting the first is never given up, and plain presses go before the others', () => {
    const b = bench();
    const first = b.unit.press();
    const long = b.unit.longPress();
    for (let i = 0; i < 20; i += 1) b.unit.press();
    expect(b.memory.waiting.length).toBe(8);
    expect(b.memory.waiting.slice(0, 2).map((w) => w.counter)).toEqual([first.counter, long.counter]);
    expect(b.memory.waiting.at(-1)!.counter).toBe(22);
  });
});

describe('the lamp', () => {
  test('says failed 1 s after a press without host-ack, and delivered when that comes late', () => {
    const b = bench();
    const origin = b.unit.press();
    b.clock.advance(999);
    expect(b.unit.shown()).toBe('sending');
    b.clock.advance(1);
    expect(b.unit.shown()).toBe('failed');
    b.ack(origin);
    expect(b.unit.shown()).toBe('failed');
    b.clock.advance(3_600_000);
    b.lamp(origin, 'delivered');
    expect(b.unit.shown()).toBe('delivered');
    b.lamp(origin, 'failed');
    expect(b.unit.shown()).toBe('delivered');
  });

  test('says failed 10 s after a press that was host-acked and never delivered, by itself', () => {
    const b = bench();
    const origin = b.unit.press();
    b.clock.advance(20);
    b.ack(origin);
    expect(b.unit.shown()).toBe('received');
    b.clock.advance(9979);
    expect(b.unit.shown()).toBe('received');
    b.clock.advance(1);
    expect(b.unit.shown()).toBe('failed');
    expect(b.unit.lampHistory().map((h) => h.shown)).toEqual(['sending', 'received', 'failed']);
    expect(b.unit.presses()[0]!.lamps.at(-1)).toMatchObject({ cause: 'delivered overdue' });
  });

  test('of an older press does not change what is shown of the newest', () => {
    const b = bench();
    const older = b.unit.press();
    b.ack(older);
    b.unit.secondPress();
    b.lamp(older, 'delivered');
    expect(b.unit.shown()).toBe('sending');
    expect(b.bodies('lamp-confirm')).toEqual([
      { type: 'lamp-confirm', origin: older, state: 'delivered', shown: 'dark' },
    ]);
  });

  test('every copy of a lamp command is confirmed, also for a press that is not known', () => {
    const b = bench();
    const origin: PressOrigin = { serial, boot: 3, counter: 3, type: 'press' };
    b.lamp(origin, 'failed');
    b.lamp(origin, 'failed');
    b.lamp({ ...origin, serial: 1 }, 'failed');
    expect(b.bodies('lamp-confirm').length).toBe(2);
  });

  test('of a silent unit shows nothing, failed included, and confirms', () => {
    const b = bench({ silent: true });
    const origin = b.unit.press();
    b.clock.advance(20_000);
    b.lamp(origin, 'failed');
    expect(b.unit.shown()).toBe('dark');
    expect(b.unit.lampHistory()).toEqual([]);
    expect(b.bodies('lamp-confirm')).toMatchObject([{ state: 'failed', shown: 'dark' }]);
    expect(b.bodies('press')[0]).toMatchObject({ silent: true });
    expect(b.bodies('heartbeat')[0]).toMatchObject({ silent: true });
  });
});

test('a heartbeat comes at start, every 30 s, on a poll, and when tamper or supply change', () => {
  const b = bench();
  b.clock.advance(90_000);
  expect(b.bodies('heartbeat').length).toBe(4);
  b.host({ type: 'poll' });
  b.unit.setTamper(true);
  b.unit.setBattery(40, 'battery');
  expect(b.bodies('heartbeat').slice(4)).toMatchObject([
    { tamper: false, supply: 'external' },
    { tamper: true },
    { tamper: true, supply: 'battery', battery: 40 },
  ]);
});

test('a self-test that is commanded twice runs once and is answered, and raises no press', () => {
  const b = bench();
  const command: Body = { type: 'self-test', serial, number: 4 };
  b.host(command);
  b.clock.advance(2000);
  b.unit.setSwitch('switch-stuck');
  b.host(command);
  b.host({ ...command, number: 5 });
  b.clock.advance(2000);
  expect(b.bodies('self-test-result').map((r) => [r.number, r.outcome])).toEqual([
    [4, 'passed'],
    [4, 'passed'],
    [5, 'switch-stuck'],
  ]);
  expect(b.bodies('press')).toEqual([]);
});

test('noise, corrupted frames, lost bytes and dripping cost copies, never the press', () => {
  for (const how of [{ noiseBytes: 300 }, { corrupted: 0.7 }, { lostBytes: 0.03 }, { dripMs: 5 }]) {
    const b = bench();
    b.unit.misbehave(how);
    const origin = b.unit.press();
    b.clock.advance(120_000);
    expect(b.bodies('press').length).toBeGreaterThan(2);
    expect(b.bodies('press')[0]).toMatchObject(origin);
    if (!('dripMs' in how)) expect(b.discarded()).toBeGreaterThan(0);
  }
});
