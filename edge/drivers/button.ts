import { z } from 'zod';
import { createFrameDecoder } from '#protocols/button-frame/decoder.ts';
import { encodeFrame } from '#protocols/button-frame/encode.ts';
import { directionOf, isPressOrigin } from '#protocols/button-frame/frame.ts';
import type {
  Body,
  HeartbeatBody,
  PressBody,
  PressType,
  SelfTestOutcome,
} from '#protocols/button-frame/frame.ts';
import type { Strange } from '#protocols/button-frame/parse.ts';
import { zone } from '#protocols/signal.ts';
import { deviceBase } from '../config.ts';
import type { Driver, DriverContext, DriverRun, Line } from '../driver.ts';
import { addressText, streamOf } from './address.ts';
import { createFaultList, faults } from './button/faults.ts';
import { createLampCommands } from './button/lamps.ts';
import { keepOpen } from './kept-line.ts';
import { noiseMeter } from './noise.ts';

const buttonDevice = deviceBase.extend({
  driver: z.literal('button'),
  zone,
  /** As printed on the unit. */
  serial: z.string().regex(/^[0-9a-fA-F]{8}$/, 'use the 8 hex digits on the unit'),
  /** Whether the unit lights and sounds; where it says otherwise of itself, silent wins. */
  sounder: z.enum(['audible', 'silent']).default('audible'),
});
type ButtonDevice = z.infer<typeof buttonDevice>;

/** A one-key alarm button in point-to-point mode (docs/serial-protocol.md), on a tty or a serial device server. */
export const buttonDriver: Driver<ButtonDevice> = {
  name: 'button',
  wires: ['tty', 'tcp'],
  device: buttonDevice,
  describe: () => ({ kind: 'button', alarms: true, acts: ['self-test'] }),
  configure(line) {
    return line.devices.slice(1).map((device, i) => ({
      device: i + 1,
      problem: `${addressText(line.address)} already carries ${line.devices[0]!.id}: a line in point-to-point mode has one button, so give ${device.id} a line of its own`,
    }));
  },
  start,
};

const minuteMs = 60_000;
const lowBatteryPercent = 20;
/** Heartbeats that may be missing before a line that looks open is opened anew. */
const missedToRenew = 3;
const selfTest = { repeatMs: 1000, copies: 5 };

function start(context: DriverContext, line: Line<ButtonDevice>): DriverRun {
  const { clock, log } = context;
  const device = line.devices[0]!;
  const { id } = device;
  const heartbeatMs = device.heartbeat_s * 1000;
  const decoder = createFrameDecoder();
  const faultList = createFaultList((health) => context.health(id, health));
  const [high, low] = context.random.bytes(2);
  /** Tells our self-tests from those of an earlier run. */
  const hostBoot = (high! << 8) | low!;
  let sequence = 0;
  let unitIsSilent = false;
  let lastDataAt = clock.monotonic();
  let heardSinceOpen = false;
  let polls = 0;
  let cancelPoll = (): void => {};
  let tests = 0;
  let runningTest: { number: number; settle(outcome: string | Error): void } | null = null;

  const wire = keepOpen(context, streamOf(line.address), { onOpen, onData });
  const lamps = createLampCommands(context, {
    ready: () => wire.open,
    send: (origin, state) => send({ type: 'lamp', origin, state }),
  });

  function send(body: Body): void {
    wire.write(encodeFrame({ address: 0, boot: hostBoot, sequence, body }));
    sequence = (sequence + 1) & 0xffff;
  }

  function onOpen(): void {
    lastDataAt = clock.monotonic();
    heardSinceOpen = false;
    polls = 0;
    poll();
    lamps.onOpen();
  }

  /**
   * Asks for a heartbeat when the line opens and whenever it has been quiet for an interval; the write also
   * shows a tty that has vanished without a word. A line that stays quiet is opened anew: the TCP connection to
   * a device server may be dead without either end knowing.
   */
  function poll(): void {
    cancelPoll();
    if (!wire.open) return;
    const quietMs = clock.monotonic() - lastDataAt;
    if (quietMs >= missedToRenew * heartbeatMs) {
      wire.renew(`nothing heard for ${Math.round(quietMs / 1000)} s`);
      return;
    }
    if (!heardSinceOpen || quietMs >= heartbeatMs) send({ type: 'poll' });
    const next = heardSinceOpen ? heartbeatMs : Math.min(1000 * 2 ** polls, heartbeatMs);
    polls += 1;
    cancelPoll = clock.after(next, poll);
  }

  function onData(bytes: Uint8Array, at: number): void {
    const decoded = decoder.push(bytes, at);
    lastDataAt = at;
    for (const { frame, firstByteAt } of decoded.frames) {
      if (directionOf(frame.body.type) === 'unit-to-host') understand(frame.body, firstByteAt);
    }
    for (const strange of decoded.strange) {
      if (strange.direction === 'unit-to-host') wonder(strange);
    }
    noise.count(decoded.crcErrors, decoded.discarded);
  }

  function understand(body: Body, firstByteAt: number): void {
    switch (body.type) {
      case 'press':
      case 'long-press':
      case 'second-press':
      case 'test':
        raise({ ...body, type: body.type }, firstByteAt);
        context.heard(id);
        break;
      case 'release':
        context.heard(id, { contact_closed: false });
        break;
      case 'heartbeat':
        onHeartbeat(body);
        break;
      case 'lamp-confirm':
        context.heard(id);
        lamps.onConfirm(body.origin, body.state);
        break;
      case 'self-test-result':
        context.heard(id);
        if (runningTest?.number === body.number) {
          const sentence = testSentences[body.outcome];
          runningTest.settle(body.outcome === 'passed' ? sentence : new Error(sentence));
        }
        break;
      default:
        context.heard(id);
    }
    heardSinceOpen = true;
    if ('serial' in body) checkSerial(body.serial);
    if ('silent' in body) checkFlags(body);
    faultList.tell();
  }

  /** Every copy goes to the core and is host-acked: the host-ack of an earlier one may be what was lost. */
  function raise(body: PressBody & { type: PressType }, firstByteAt: number): void {
    const { type, serial, boot, counter, ageMs } = body;
    const origin = { serial, boot, counter, type };
    if (body.ageIsLowerBound) log.warn('the press is older than it says: its unit lost power', { origin });
    context
      .event({
        device: id,
        type,
        mode: type === 'test' ? 'test' : 'real',
        origin,
        silent: device.sounder === 'silent' || body.silent || unitIsSilent,
        ageMs,
        firstByteAt,
        decodedAt: clock.monotonic(),
      })
      .then((state) => send({ type: 'host-ack', origin, state }))
      .catch(context.crashed);
  }

  function onHeartbeat(body: HeartbeatBody): void {
    const { battery, supply, tamper, silent, contactClosed, waiting } = body;
    context.heard(id, {
      ...(battery === null ? {} : { battery }),
      supply,
      tamper,
      silent,
      contact_closed: contactClosed,
      waiting,
      firmware: `${body.firmware.major}.${body.firmware.minor}`,
      serial: serialText(body.serial),
    });
    if (battery !== null) context.measure(id, 'battery', battery, '%');
    const low = battery !== null && battery <= lowBatteryPercent;
    faultList.set('battery', low ? faults.battery(battery) : null);
  }

  function checkSerial(found: number): void {
    const wrong = found !== Number.parseInt(device.serial, 16);
    const sentence = wrong ? faults.otherSerial(serialText(found), device.serial.toLowerCase()) : null;
    faultList.set('otherSerial', sentence);
  }

  function checkFlags(body: { silent: boolean; tamper: boolean }): void {
    unitIsSilent = body.silent;
    const agrees = body.silent === (device.sounder === 'silent');
    faultList.set('sounder', agrees ? null : faults.sounder(body.silent));
    faultList.set('tamper', body.tamper ? faults.tamper() : null);
  }

  /** A frame with a right CRC that we cannot read is a sign of life, and may have been a press: people are told. */
  function wonder(strange: Strange): void {
    log.error('a frame that cannot be read', { ...strange });
    context.heard(id);
    faultList.set('strange', faults.strange(strange));
    faultList.tell();
    strangeThisMinute = true;
  }
  let strangeThisMinute = false;

  const noise = noiseMeter((noisy, crcErrors, bytes) => {
    context.measure(id, 'crc_errors', crcErrors, 'count');
    context.measure(id, 'discarded_bytes', bytes, 'B');
    if (noisy !== null) {
      faultList.set('noise', noisy ? faults.noise(addressText(line.address), crcErrors, bytes) : null);
      if (noisy || heardSinceOpen) faultList.tell();
    }
    if (!strangeThisMinute && heardSinceOpen) {
      faultList.set('strange', null);
      faultList.tell();
    }
    strangeThisMinute = false;
  });
  let cancelMinute = clock.after(minuteMs, minute);
  function minute(): void {
    noise.minute();
    cancelMinute = clock.after(minuteMs, minute);
  }

  function close(): Promise<void> {
    context.stop.removeEventListener('abort', close);
    cancelPoll();
    cancelMinute();
    lamps.close();
    runningTest?.settle(new Error('the edge stops'));
    wire.close();
    return Promise.resolve();
  }
  context.stop.addEventListener('abort', close);
  if (context.stop.aborted) void close();

  return {
    lamp(_device, origin, state, confirmed) {
      return isPressOrigin(origin) ? lamps.show(origin, state, confirmed) : () => {};
    },
    async act(_device, act) {
      if (act.do !== 'self-test') throw new Error(`a button has no ${act.do}`);
      if (runningTest !== null) throw new Error('a self-test of this unit is running already');
      if (!wire.open) throw new Error(`${addressText(line.address)} is not open`);
      return { detail: await runSelfTest() };
    },
    close,
  };

  function runSelfTest(): Promise<string> {
    tests = (tests + 1) & 0xffff;
    const number = tests;
    return new Promise((resolve, reject) => {
      let cancel = (): void => {};
      const settle = (outcome: string | Error): void => {
        cancel();
        runningTest = null;
        if (typeof outcome === 'string') resolve(outcome);
        else reject(outcome);
      };
      runningTest = { number, settle };
      const ask = (copy: number): void => {
        if (copy > selfTest.copies) {
          settle(new Error(`the unit did not answer ${selfTest.copies} self-test commands`));
          return;
        }
        send({ type: 'self-test', serial: Number.parseInt(device.serial, 16), number });
        cancel = clock.after(selfTest.repeatMs, () => ask(copy + 1));
      };
      ask(1);
    });
  }
}

const testSentences: Record<SelfTestOutcome, string> = {
  passed: 'passed: the switch circuit and the lamp work',
  'switch-open': 'the switch circuit is open: a press would not be noticed',
  'switch-stuck': 'the switch is stuck: a press would not be noticed',
  'lamp-fault': 'the lamp circuit is at fault',
  busy: 'the unit is busy: the contact is closed or a press waits',
};

function serialText(serial: number): string {
  return serial.toString(16).padStart(8, '0');
}
