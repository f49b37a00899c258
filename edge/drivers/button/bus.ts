import { createFrameDecoder } from '#protocols/button-frame/decoder.ts';
import { encodeFrame } from '#protocols/button-frame/encode.ts';
import { crcBytes, directionOf, headerBytes } from '#protocols/button-frame/frame.ts';
import type { Body } from '#protocols/button-frame/frame.ts';
import { payloadBytes } from '#protocols/button-frame/parse.ts';
import { bus, frameMs, slotMs } from '#protocols/button-frame/timing.ts';
import type { DriverContext, DriverRun, Line } from '../../driver.ts';
import { addressText, streamOf } from '../address.ts';
import { keepOpen } from '../kept-line.ts';
import type { ButtonDevice } from './device.ts';
import { createMember, type Member } from './member.ts';
import { createOutgoing } from './outgoing.ts';

const minuteMs = 60_000;
/** Heartbeats of its slowest unit that a bus may be dead for before it is opened anew. */
const missedToRenew = 3;

interface Turn {
  member: Member;
  /** Whatever comes, the turn is over then. */
  cap: number;
  /** Bytes that belong to no frame so far. */
  unexplained: number;
  cancel(): void;
}

/**
 * Up to 16 units on one RS-485 bus (mode 2 of docs/serial-protocol.md). Only we start: units are polled in turn and
 * answer with one frame. A round takes the same time whether its units answer, are silent or speak nonsense: it
 * begins a slot for each unit after the last one began, and who fails is asked less often.
 */
export function buttonBus(
  context: DriverContext,
  line: Line<ButtonDevice>,
  hostBoot: number,
): Pick<DriverRun, 'lamp' | 'act' | 'close'> {
  const { clock } = context;
  const { address } = line;
  const at = addressText(address);
  const baud = address.kind === 'tty' ? address.baudRate : bus.leastBaud;
  const answerMs = address.kind === 'tty' ? bus.answerMs : bus.answerOverTcpMs;
  const renewMs = missedToRenew * 1000 * Math.max(...line.devices.map((d) => d.heartbeat_s));
  let decoder = createFrameDecoder();
  let sequence = 0;
  let round = 0;
  let roundStartedAt = 0;
  let due: Member[] = [];
  let turn: Turn | null = null;
  let cancelStep = (): void => {};
  let lastAnswerAt = 0;
  /** Somebody has pressed in this round or the last: orders wait. */
  let pressedInRound = -2;

  const outgoing = createOutgoing();
  const members: readonly Member[] = line.devices.map((device, index) =>
    createMember(context, device, {
      line: at,
      index,
      neighbours: () => members,
      closed: () => (wire.open ? null : `${at} is not open`),
      send: (body) => outgoing.add(device.unit!, body),
    }),
  );
  const byAddress = new Map(members.map((m) => [m.address, m]));
  const wire = keepOpen(context, streamOf(address), { onOpen, onData });

  function onOpen(): void {
    cancelStep();
    turn?.cancel();
    turn = null;
    decoder = createFrameDecoder();
    outgoing.clear();
    lastAnswerAt = clock.monotonic();
    for (const member of members) member.onOpen();
    beginRound();
  }

  function beginRound(): void {
    const now = clock.monotonic();
    if (now - lastAnswerAt >= renewMs) {
      wire.renew(`none of its units has answered for ${Math.round((now - lastAnswerAt) / 1000)} s`);
      return;
    }
    round += 1;
    roundStartedAt = now;
    due = members.filter((m) => m.isDue(round));
    step();
  }

  function step(): void {
    if (!wire.open) return;
    const member = due.shift();
    if (member === undefined) {
      const left = roundStartedAt + members.length * slotMs(baud) - clock.monotonic();
      cancelStep = clock.after(Math.max(left, bus.silenceMs), beginRound);
      return;
    }
    const sentMs = say(member.address, { type: 'poll' });
    const longestMs = sentMs + answerMs + frameMs(32, baud) + bus.gapMs;
    turn = {
      member,
      cap: clock.monotonic() + longestMs,
      unexplained: 0,
      cancel: clock.after(sentMs + answerMs, endUnanswered),
    };
  }

  /** Returns how long the frame is on the wire, ms. */
  function say(unit: number, body: Body): number {
    wire.write(encodeFrame({ address: unit, boot: hostBoot, sequence, body }));
    sequence = (sequence + 1) & 0xffff;
    return frameMs(payloadBytes[body.type], baud);
  }

  function onData(bytes: Uint8Array, readAt: number): void {
    const decoded = decoder.push(bytes, readAt);
    let unexplained = bytes.length;
    let answered = false;
    for (const { frame, firstByteAt } of decoded.frames) {
      const { body } = frame;
      unexplained -= headerBytes + payloadBytes[body.type] + crcBytes;
      // An adapter that echoes our own frames.
      if (directionOf(body.type) === 'host-to-unit') continue;
      const member = byAddress.get(frame.address);
      if (member === undefined) {
        context.log.warn('a unit that the file does not name', { line: at, unit: frame.address });
        continue;
      }
      lastAnswerAt = clock.monotonic();
      if (isPress(body)) pressedInRound = round;
      if (member === turn?.member && !answered) answered = true;
      else member.outOfTurn();
      member.hear(body, firstByteAt);
    }
    for (const strange of decoded.strange) {
      if (strange.direction !== 'unit-to-host') continue;
      byAddress.get(strange.address)?.unit.wonder(strange);
      if (strange.address === turn?.member.address) answered = true;
    }
    if (turn === null) return;
    turn.member.noise(decoded.crcErrors, decoded.discarded);
    if (answered) {
      endTurn('ok');
      return;
    }
    turn.unexplained += unexplained;
    turn.cancel();
    turn.cancel = clock.after(Math.max(0, Math.min(bus.gapMs, turn.cap - clock.monotonic())), endUnanswered);
  }

  function endUnanswered(): void {
    if (turn !== null) endTurn(turn.unexplained > 0 ? 'damaged' : 'silent');
  }

  function endTurn(outcome: 'ok' | 'damaged' | 'silent'): void {
    const ended = turn!;
    ended.cancel();
    turn = null;
    // What is left of a damaged answer is nothing of the next one's.
    if (outcome !== 'ok') decoder = createFrameDecoder();
    ended.member.polled(outcome);
    cancelStep = clock.after(bus.silenceMs, () => speak(outgoing.takeHostAck(), speakLess));
  }

  /** After a turn: at most one host-ack and one lamp command or order, whoever they are for. */
  function speakLess(): void {
    speak(outgoing.takeOther(round - pressedInRound > 1), step);
  }

  function speak(said: { unit: number; body: Body } | undefined, then: () => void): void {
    if (!wire.open) return;
    if (said === undefined) then();
    else cancelStep = clock.after(say(said.unit, said.body) + bus.silenceMs, then);
  }

  let cancelMinute = clock.after(minuteMs, minute);
  function minute(): void {
    for (const member of members) member.minute();
    cancelMinute = clock.after(minuteMs, minute);
  }

  const unitOf = (device: string) => members.find((m) => m.unit.device.id === device)!.unit;
  return {
    lamp: (device, ...rest) => unitOf(device).lamp(device, ...rest),
    act: (device, act) => unitOf(device).act(act),
    close() {
      cancelStep();
      cancelMinute();
      turn?.cancel();
      for (const { unit } of members) unit.close();
      wire.close();
      return Promise.resolve();
    },
  };
}

function isPress({ type }: Body): boolean {
  return (
    type === 'press' ||
    type === 'long-press' ||
    type === 'second-press' ||
    type === 'duress' ||
    type === 'test'
  );
}
