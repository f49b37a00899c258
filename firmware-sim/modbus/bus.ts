import type { Clock, StreamEvents } from '#platform/ports.ts';
import { crcHolds, withCrc } from '#protocols/modbus.ts';

/** One contact of a unit; a unit may have several. */
export interface SmokeUnit {
  unit: number;
  table: 'coil' | 'discrete' | 'holding' | 'input';
  register: number;
  alarmValue: number;
  normalValue: number;
}

/** What a unit does with a question. `damaged`: one byte of its answer is wrong. */
export type Behaviour =
  | { kind: 'answers' }
  | { kind: 'silent' }
  | { kind: 'damaged' }
  | { kind: 'late'; ms: number }
  | { kind: 'exception'; code: number }
  | { kind: 'reads'; value: number };

/** A unit's smoke chamber and its vices, to be set at any time. */
export interface UnitControl {
  smoke: boolean;
  behaviour: Behaviour;
  /** Questions that it has understood, whether it answered or not. */
  asked: number;
}

type Write = (bytes: Uint8Array) => void;

export interface SimulatedBus {
  /** By unit number. */
  units: ReadonlyMap<number, UnitControl>;
  /** Lets the units hear a serial line; give `onData` what comes in. */
  rtu(write: Write): StreamEvents;
  /** The same units behind a Modbus TCP gateway, one call for each connection. */
  tcp(write: Write): StreamEvents;
}

const functions = { 1: 'coil', 2: 'discrete', 3: 'holding', 4: 'input' } as const;
/** Unit, function, address, count, CRC. */
const questionLength = 8;

/** Smoke sensors on one Modbus bus. The contacts of one unit share its smoke and its vices. */
export function simulateModbusBus(clock: Clock, sensors: readonly SmokeUnit[]): SimulatedBus {
  const units = new Map<number, UnitControl>(
    sensors.map((s) => [s.unit, { smoke: false, behaviour: { kind: 'answers' }, asked: 0 }]),
  );

  /** Answers a message (unit, function, address, count) by `reply`, now, later or never. */
  function hear(message: Uint8Array, reply: (answer: Uint8Array, damaged: boolean) => void): void {
    const control = units.get(message[0] ?? 0);
    if (!control) return;
    control.asked += 1;
    const { behaviour } = control;
    const answer = answerOf(sensors, control, message);
    const say = () => reply(answer, behaviour.kind === 'damaged');
    if (behaviour.kind === 'silent') return;
    if (behaviour.kind === 'late') clock.after(behaviour.ms, say);
    else say();
  }

  return {
    units,
    rtu(write) {
      let received = new Uint8Array();
      return {
        onData(bytes) {
          received = Uint8Array.of(...received, ...bytes);
          for (let i = 0; i + questionLength <= received.length; i++) {
            const frame = received.slice(i, i + questionLength);
            if (!crcHolds(frame)) continue;
            received = received.slice(i + questionLength);
            i = -1;
            hear(frame.subarray(0, -2), (answer, damaged) => {
              const bytes = withCrc(answer);
              if (damaged) bytes[bytes.length - 1]! ^= 0x55;
              write(bytes);
            });
          }
          received = received.slice(-(questionLength - 1));
        },
        onClose() {},
      };
    },
    tcp(write) {
      let received = new Uint8Array();
      return {
        onData(bytes) {
          received = Uint8Array.of(...received, ...bytes);
          while (received.length >= 6) {
            const head = received.slice(0, 4);
            const end = 6 + ((received[4]! << 8) | received[5]!);
            if (received.length < end) return;
            const message = received.slice(6, end);
            received = received.slice(end);
            hear(message, (answer, damaged) => {
              if (damaged) answer[1]! ^= 0x07;
              write(Uint8Array.of(...head, 0, answer.length, ...answer));
            });
          }
        },
        onClose() {},
      };
    },
  };
}

function answerOf(sensors: readonly SmokeUnit[], control: UnitControl, message: Uint8Array): Uint8Array {
  const [unit = 0, code = 0] = message;
  const exception = (number: number) => Uint8Array.of(unit, code | 0x80, number);
  const { behaviour } = control;
  if (behaviour.kind === 'exception') return exception(behaviour.code);
  const table = functions[code as keyof typeof functions];
  const contacts = sensors.filter((s) => s.unit === unit && s.table === table);
  if (contacts.length === 0) return exception(1);
  const register = (message[2]! << 8) | message[3]!;
  const count = (message[4]! << 8) | message[5]!;
  const contact = contacts.find((s) => s.register === register);
  if (!contact || count !== 1) return exception(2);
  const state = control.smoke ? contact.alarmValue : contact.normalValue;
  const value = behaviour.kind === 'reads' ? behaviour.value : state;
  return code <= 2
    ? Uint8Array.of(unit, code, 1, value & 1)
    : Uint8Array.of(unit, code, 2, value >> 8, value & 0xff);
}
