import { createFrameDecoder } from '#protocols/button-frame/decoder.ts';
import { encodeFrame } from '#protocols/button-frame/encode.ts';
import { directionOf } from '#protocols/button-frame/frame.ts';
import type { Body } from '#protocols/button-frame/frame.ts';
import type { DriverContext, DriverRun, Line } from '../../driver.ts';
import { addressText, streamOf } from '../address.ts';
import { keepOpen } from '../kept-line.ts';
import { noiseMeter } from '../noise.ts';
import type { ButtonDevice } from './device.ts';
import { faults } from './faults.ts';
import { createUnit } from './unit.ts';

const minuteMs = 60_000;
/** Heartbeats that may be missing before a line that looks open is opened anew. */
const missedToRenew = 3;

/** One unit on a line of its own (mode 1 of docs/serial-protocol.md): each side speaks when it has something to say. */
export function pointToPoint(
  context: DriverContext,
  line: Line<ButtonDevice>,
  hostBoot: number,
): Pick<DriverRun, 'lamp' | 'act' | 'close'> {
  const { clock } = context;
  const device = line.devices[0]!;
  const { id } = device;
  const heartbeatMs = device.heartbeat_s * 1000;
  const decoder = createFrameDecoder();
  let sequence = 0;
  let lastDataAt = clock.monotonic();
  let polls = 0;
  let cancelPoll = (): void => {};

  const wire = keepOpen(context, streamOf(line.address), { onOpen, onData });
  const unit = createUnit(context, device, {
    closed: () => (wire.open ? null : `${addressText(line.address)} is not open`),
    send,
  });

  function send(body: Body): void {
    wire.write(encodeFrame({ address: 0, boot: hostBoot, sequence, body }));
    sequence = (sequence + 1) & 0xffff;
  }

  function onOpen(): void {
    lastDataAt = clock.monotonic();
    polls = 0;
    unit.onOpen();
    poll();
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
    const heard = unit.heardSinceOpen;
    if (!heard || quietMs >= heartbeatMs) send({ type: 'poll' });
    const next = heard ? heartbeatMs : Math.min(1000 * 2 ** polls, heartbeatMs);
    polls += 1;
    cancelPoll = clock.after(next, poll);
  }

  function onData(bytes: Uint8Array, at: number): void {
    const decoded = decoder.push(bytes, at);
    lastDataAt = at;
    for (const { frame, firstByteAt } of decoded.frames) {
      if (directionOf(frame.body.type) === 'unit-to-host') unit.understand(frame.body, firstByteAt);
    }
    for (const strange of decoded.strange) {
      if (strange.direction === 'unit-to-host') unit.wonder(strange);
    }
    noise.count(decoded.crcErrors, decoded.discarded);
  }

  const noise = noiseMeter((noisy, crcErrors, bytes) => {
    context.measure(id, 'crc_errors', crcErrors, 'count');
    context.measure(id, 'discarded_bytes', bytes, 'B');
    if (noisy === null) return;
    unit.faults.set('noise', noisy ? faults.noise(addressText(line.address), crcErrors, bytes) : null);
    if (noisy || unit.heardSinceOpen) unit.faults.tell();
  });
  let cancelMinute = clock.after(minuteMs, minute);
  function minute(): void {
    noise.minute();
    unit.minute();
    cancelMinute = clock.after(minuteMs, minute);
  }

  return {
    lamp: unit.lamp,
    act: (_device, act) => unit.act(act),
    close() {
      cancelPoll();
      cancelMinute();
      unit.close();
      wire.close();
      return Promise.resolve();
    },
  };
}
