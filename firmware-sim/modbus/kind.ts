import { z } from 'zod';
import { findModel } from '#platform/modbus-models.ts';
import type { ModbusModel } from '#protocols/modbus-models/model.ts';
import { id } from '#protocols/signal.ts';
import { act, simulatorKind } from '../kind.ts';
import { onWire, port, via } from '../wire.ts';
import { commandSensor, sensorCommand } from './command.ts';
import { serveBus } from './serve.ts';

const sensor = z.strictObject({
  id,
  unit: z.int().min(0).max(255).describe('its address on the bus'),
  model: z.string().describe('a shipped model, or a file from where the simulator is started: ./my.yaml'),
});

/** Modbus buses of sensors and input modules of any model: RTU on a tty, or Modbus TCP. */
export const buses = simulatorKind({
  entry: z.strictObject({ id, via, port, sensors: z.array(sensor).min(1) }),
  group: 'sensors',
  description: z.object({ address: z.string(), unit: z.int(), model: z.string() }),
  async start(bench, entry) {
    const devices = entry.sensors.map(({ unit, model }) => ({ unit, model: modelOf(model) }));
    const bus = await onWire(bench, entry, async (wire) => {
      const served = await serveBus(bench, devices, wire);
      return served.kind === 'absent' ? served : served.bus;
    });
    const { address } = bus;
    return {
      close: () => bus.close(),
      parts: entry.sensors.map(({ id, unit, model }) => {
        const slave = bus.units.get(unit)!;
        return {
          id,
          description: { address, unit, model },
          wiring: { driver: 'modbus', address, unit, model },
          state: () => ({
            values: slave.values,
            alarm: slave.alarm,
            behaviour: slave.behaviour,
            asked: slave.asked,
          }),
          acts: { behave: act(sensorCommand, (command) => commandSensor(slave, command)) },
        };
      }),
    };
  },
});

function modelOf(name: string): ModbusModel {
  const found = findModel(name, { base: '.' });
  if (found.kind === 'model') return found.model;
  throw new Error(`there is no model ${name}; there are: ${found.names.join(', ')}`);
}
