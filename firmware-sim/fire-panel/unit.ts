import type { Clock, Randomness } from '#platform/ports.ts';
import { createFrameDecoder } from '#protocols/gbt26875/decoder.ts';
import { encodeFrame } from '#protocols/gbt26875/encode.ts';
import type { Frame, WireTime } from '#protocols/gbt26875/frame.ts';
import { gb18030Encoding } from '#protocols/gbt26875/text.ts';
import { chinaOffsetMinutes, wireTime } from '#protocols/gbt26875/time.ts';
import { encodeUnit, parseUnit, type Unit } from '#protocols/gbt26875/unit.ts';
import { createBadLine, goodLine, type Misbehaviour } from '../button/bad-line.ts';

const replyWithinMs = 10_000;
const repeats = 3;
const deviceDutyAnswered = 1 << 5;

export interface FirePanelBehaviour extends Misbehaviour {
  /** Of all frames, this one has a wrong checksum. */
  wrongChecksum: boolean;
  /** Says and answers nothing; its connection stays open. */
  silent: boolean;
  /** Every frame goes out so many times more. */
  copies: number;
  /** Somebody at the panel answers a duty poll. */
  answersDuty: boolean;
}

export const goodPanel: FirePanelBehaviour = {
  ...goodLine,
  wrongChecksum: false,
  silent: false,
  copies: 0,
  answersDuty: true,
};

/** A user information transmission device (GB/T 26875.3-2011) with a fire panel behind it. */
export function createFirePanel(
  ports: { clock: Clock; random: Randomness },
  { source, centre }: { source: number; centre: number },
) {
  const { clock } = ports;
  const encodeText = gb18030Encoding();
  const waiting = new Map<number, { frame: Frame; left: number; cancel: () => void }>();
  const seen = { confirmed: 0, denied: 0, unanswered: 0, dutyPolls: 0, clock: null as WireTime | null };
  let behaviour = goodPanel;
  let serial = 0;
  let deviceState = 1;
  let line: { send(bytes: Uint8Array): void } | null = null;

  const now = () => wireTime(clock.wall(), chinaOffsetMinutes);

  function transmit(frame: Frame): void {
    if (behaviour.silent) return;
    const bytes = encodeFrame(frame);
    if (behaviour.wrongChecksum) bytes[bytes.length - 3]! ^= 1;
    for (let i = 0; i <= behaviour.copies; i += 1) line?.send(bytes);
  }

  function frameOf(command: Frame['command'], unit: Unit | null, of: number): Frame {
    return {
      serial: of,
      version: { main: 1, user: 1 },
      time: now(),
      source,
      destination: centre,
      command,
      unit: unit ? encodeUnit(unit, encodeText) : new Uint8Array(0),
    };
  }

  /** Sends it, and again until it is confirmed or denied, as clause 7 has it. */
  function report(unit: Unit | null): void {
    const frame = frameOf('send', unit, serial);
    serial = (serial + 1) & 0xffff;
    const entry = { frame, left: repeats, cancel: () => {} };
    waiting.set(frame.serial, entry);
    const attempt = () => {
      transmit(frame);
      entry.cancel = clock.after(replyWithinMs, () => {
        if (entry.left === 0) {
          waiting.delete(frame.serial);
          seen.unanswered += 1;
          return;
        }
        entry.left -= 1;
        attempt();
      });
    };
    attempt();
  }

  function receive(frame: Frame): void {
    if (behaviour.silent || frame.destination !== source) return;
    if (frame.command === 'confirm' || frame.command === 'deny') {
      const entry = waiting.get(frame.serial);
      if (!entry) return;
      entry.cancel();
      waiting.delete(frame.serial);
      if (frame.command === 'confirm') seen.confirmed += 1;
      else seen.denied += 1;
      return;
    }
    const parsed = parseUnit(frame.unit);
    const answer = (unit: Unit) => transmit(frameOf('answer', unit, frame.serial));
    if (!parsed.ok) return transmit(frameOf('deny', null, frame.serial));
    const { unit } = parsed;
    switch (unit.type) {
      case 'set-clock':
        seen.clock = unit.objects[0]?.time ?? null;
        return transmit(frameOf('confirm', null, frame.serial));
      case 'duty-poll':
        seen.dutyPolls += 1;
        transmit(frameOf('confirm', null, frame.serial));
        if (behaviour.answersDuty) operate('device', deviceDutyAnswered);
        return;
      case 'read-device-state':
        return answer({ type: 'device-state', objects: [{ state: deviceState, time: now() }] });
      case 'read-device-version':
        return answer({ type: 'device-version', objects: [{ major: 1, minor: 1 }] });
      case 'read-device-time':
        return answer({ type: 'device-time', objects: [{ time: now() }] });
      default:
        transmit(frameOf('deny', null, frame.serial));
    }
  }

  /** Presses its keys: bits of an operation. */
  function operate(of: 'system' | 'device', operations: number, operator = 1): void {
    const what = { operations, operator, time: now() };
    if (of === 'device') report({ type: 'device-operation', objects: [what] });
    else report({ type: 'operation', objects: [{ system: 1, address: 1, ...what }] });
  }

  return {
    /** It speaks over this wire from now on. */
    over(write: (bytes: Uint8Array) => void) {
      const decoder = createFrameDecoder();
      const own = createBadLine(ports, () => behaviour, write);
      line = own;
      return {
        onData(bytes: Uint8Array, at: number) {
          for (const { frame } of decoder.push(bytes, at).frames) receive(frame);
        },
        onClose() {
          if (line === own) line = null;
        },
      };
    },
    report,
    operate,
    heartbeat: () => transmit(frameOf('send', null, serial)),
    /** State bits of one component of system 1. */
    component(type: number, component: number, state: number, text = ''): void {
      const where = { system: 1, address: 1, componentType: type, component };
      report({ type: 'component-state', objects: [{ ...where, state, text, time: now() }] });
    },
    /** State bits of the transmission device. */
    state(state: number): void {
      deviceState = state;
      report({ type: 'device-state', objects: [{ state, time: now() }] });
    },
    behave(more: Partial<FirePanelBehaviour>): void {
      behaviour = { ...behaviour, ...more };
    },
    get seen() {
      return { ...seen, waiting: waiting.size, connected: line !== null, behaviour };
    },
    close(): void {
      for (const { cancel } of waiting.values()) cancel();
      waiting.clear();
      line = null;
    },
  };
}
export type FirePanel = ReturnType<typeof createFirePanel>;
