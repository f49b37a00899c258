import { z } from 'zod';
import { id } from '#protocols/signal.ts';
import { act, simulatorKind } from '../kind.ts';
import { onWire, port, via } from '../wire.ts';
import { serveBus } from './serve.ts';

const sensor = z.strictObject({
  id,
  unit: z.int().min(1).max(247).describe('its address on the bus'),
  register: z.int().min(0).max(65_535).describe('the holding register that is 1 at smoke'),
});

/** Modbus buses of smoke sensors: RTU on a tty, or Modbus TCP. */
export const buses = simulatorKind({
  entry: z.strictObject({ id, via, port, sensors: z.array(sensor).min(1) }),
  group: 'smoke',
  description: z.object({ address: z.string(), unit: z.int(), register: z.int() }),
  async start(bench, entry) {
    const bus = await onWire(bench, entry, async (wire) => {
      const served = await serveBus(bench, entry.sensors, wire);
      return served.kind === 'absent' ? served : served.bus;
    });
    const { address } = bus;
    return {
      close: () => bus.close(),
      parts: entry.sensors.map(({ id, unit: number, register }) => {
        const unit = bus.units.get(number)!;
        return {
          id,
          description: { address, unit: number, register },
          wiring: { driver: 'modbus-smoke', address, unit: number, function: 'holding', register },
          state: () => ({ smoke: unit.smoke, behaviour: unit.behaviour, asked: unit.asked }),
          acts: {
            behave: act(
              z.strictObject({
                smoke: z.boolean().optional(),
                answers: z.enum(['answers', 'silent', 'damaged']).optional(),
              }),
              ({ smoke, answers }) => {
                unit.smoke = smoke ?? unit.smoke;
                if (answers !== undefined) unit.behaviour = { kind: answers };
              },
            ),
          },
        };
      }),
    };
  },
});
