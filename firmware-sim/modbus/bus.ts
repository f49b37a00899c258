import type { Clock, Randomness, StreamEvents } from '#platform/ports.ts';
import { crcHolds, withCrc } from '#protocols/modbus.ts';
import type { ModbusModel } from '#protocols/modbus-models/model.ts';
import { Slave } from './slave.ts';

type Write = (bytes: Uint8Array) => void;

export interface SimulatedBus {
  /** By unit number. */
  units: ReadonlyMap<number, Slave>;
  /** Lets the units hear a serial line; give `onData` what comes in. */
  rtu(write: Write): StreamEvents;
  /** The same units behind a Modbus TCP gateway, one call for each connection. */
  tcp(write: Write): StreamEvents;
}

/** Unit, function, address, count, CRC. */
const questionLength = 8;

/** Devices of any model on one Modbus bus. Throws when two of them have the same unit number. */
export function simulateModbusBus(
  { clock, random }: { clock: Clock; random: Randomness },
  devices: readonly { unit: number; model: ModbusModel }[],
): SimulatedBus {
  const numbers = devices.map(({ unit }) => unit);
  const twice = numbers.find((unit, i) => numbers.indexOf(unit) !== i);
  if (twice !== undefined) throw new Error(`two devices of this bus are unit ${twice}`);
  const units = new Map(devices.map(({ unit, model }) => [unit, new Slave(unit, model)]));

  /** Answers a message (unit, function, address, count) by `frame`, now, later or never. */
  function hear(message: Uint8Array, write: Write, frame: (answer: Uint8Array) => Uint8Array): void {
    const slave = units.get(message[0] ?? 0);
    if (!slave) return;
    slave.asked += 1;
    const { behaviour } = slave;
    const answer = slave.answer(message);
    switch (behaviour.kind) {
      case 'silent':
        return;
      case 'late':
        return void clock.after(behaviour.ms, () => write(frame(answer)));
      case 'damaged': {
        const bytes = frame(answer);
        bytes[bytes.length - 1]! ^= 0x55;
        // Over TCP there is no CRC: there the function is wrong.
        bytes[bytes.length - answer.length + 1]! ^= 0x07;
        return write(bytes);
      }
      case 'noise':
        return write(Uint8Array.of(...random.bytes(behaviour.bytes), ...frame(answer)));
      case 'loses':
        return write(frame(answer).subarray(behaviour.bytes));
      case 'drips':
        return frame(answer).forEach((byte, i) => {
          clock.after(i * behaviour.ms, () => write(Uint8Array.of(byte)));
        });
      case 'wrong-unit':
        answer[0] = (answer[0]! + 1) & 0xff;
        return write(frame(answer));
      default:
        return write(frame(answer));
    }
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
            hear(frame.subarray(0, -2), write, withCrc);
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
            hear(message, write, (answer) => Uint8Array.of(...head, 0, answer.length, ...answer));
          }
        },
        onClose() {},
      };
    },
  };
}
