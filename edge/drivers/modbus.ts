import { z } from 'zod';
import type { Framing } from '#protocols/modbus-answer.ts';
import { modbusModel, raisesAlarms } from '#protocols/modbus-models/model.ts';
import { channelValue, typeOf } from '#protocols/modbus-models/reading.ts';
import { deviceBase } from '../config.ts';
import type { Driver, Line } from '../driver.ts';
import { streamOf } from './address.ts';
import { openBus } from './modbus/bus.ts';
import { alarmContacts, contactKind, inputSettings, problemsOfLoop } from './modbus/input.ts';
import { pollBus } from './modbus/poll.ts';

const modbusDevice = deviceBase
  .extend({
    driver: z.literal('modbus'),
    /** Units are numbered 1 to 247; 0 and 255 are devices on TCP, and a few makers' factory settings. */
    unit: z.int().min(0, 'units are numbered 0 to 255').max(255, 'units are numbered 0 to 255'),
    model: modbusModel,
    poll_ms: z.int().min(50).max(3_600_000).optional(),
    /** Default: `rtu` on a tty, `tcp` on TCP. `rtu` on TCP is a serial device server. */
    framing: z.enum(['rtu', 'tcp']).optional(),
    /** What hangs on one channel of an input module. */
    input: inputSettings.optional(),
  })
  .superRefine(({ model, input }, context) => {
    const wrong = (path: string[], message: string) => context.addIssue({ code: 'custom', path, message });
    const { channels } = model;
    if (!channels) {
      if (input) wrong(['input'], `${model.model} is a sensor: it has no inputs`);
      return;
    }
    if (!input)
      return wrong(['model'], `${model.model} is an input module: write \`input:\` with the channel`);
    if (input.channel > channels.count) {
      wrong(['input', 'channel'], `${model.model} has the channels 1 to ${channels.count}`);
    }
    const measured = typeOf(channels) !== 'bit' && !channels.packed;
    if (measured !== (input.loop !== undefined)) {
      wrong(
        ['input'],
        measured
          ? `${model.model} measures: write \`loop:\``
          : `${model.model} has contacts: leave \`loop\` out`,
      );
    }
    for (const problem of problemsOfLoop(input)) wrong(['input', 'loop'], problem);
  });
export type ModbusDevice = z.infer<typeof modbusDevice>;

/** How often a sensor is asked, and a module with contacts: a press may be short. */
const usualPollMs = { sensor: 1000, input: 200 };

/**
 * Sensors and input modules on one Modbus bus, each by the data file of its model: RTU on a tty or behind a
 * serial device server, or Modbus TCP. One driver for all of them, because a bus has one master.
 */
export const modbusDriver: Driver<ModbusDevice> = {
  name: 'modbus',
  wires: ['tty', 'tcp'],
  device: modbusDevice,
  describe: ({ model, input }) => ({
    kind: input ? contactKind(input.contact) : model.kind,
    alarms: input ? alarmContacts.has(input.contact) : raisesAlarms(model),
    acts: [],
  }),
  configure(line) {
    const problems: { device: number; problem: string }[] = [];
    const seen = new Map<string, string>();
    line.devices.forEach((device, i) => {
      for (const point of pointsOf(device)) {
        const other = seen.get(point);
        if (other !== undefined)
          problems.push({ device: i, problem: `${point} on this bus is already ${other}` });
        else seen.set(point, device.id);
      }
      if (device.unit === 0 && framingOf(device, line) === 'rtu') {
        const problem = 'unit 0 is the broadcast address of a serial bus: nobody answers it';
        problems.push({ device: i, problem });
      }
      if (framingOf(device, line) !== framingOf(line.devices[0]!, line)) {
        problems.push({ device: i, problem: 'all devices of one bus have the same framing' });
      }
      if (device.framing === 'tcp' && line.address.kind === 'tty') {
        problems.push({ device: i, problem: 'framing tcp needs a tcp:// address' });
      }
    });
    return problems;
  },
  start(context, line) {
    const ending = new AbortController();
    const stop = AbortSignal.any([context.stop, ending.signal]);
    const bus = openBus({ ...context, stop }, streamOf(line.address), framingOf(line.devices[0]!, line));
    context.stop.addEventListener('abort', () => bus.close());
    const devices = line.devices.map((device) => ({
      ...device,
      poll_ms: device.poll_ms ?? usualPollMs[device.input ? 'input' : 'sensor'],
    }));
    const polling = pollBus({ ...context, stop }, bus, { ...line, devices }).catch(context.crashed);
    return {
      async close() {
        ending.abort();
        bus.close();
        await polling;
      },
    };
  },
};

function framingOf(device: ModbusDevice, line: Line<ModbusDevice>): Framing {
  return device.framing ?? (line.address.kind === 'tty' ? 'rtu' : 'tcp');
}

/** What no two devices of a bus may both be. */
function pointsOf({ unit, model, input }: ModbusDevice): string[] {
  if (model.channels && input) {
    const { function: table, register, bit } = channelValue(model.channels, input.channel);
    return [`unit ${unit}, ${table} ${register}${bit === undefined ? '' : ` bit ${bit}`}`];
  }
  return model.values.map(
    ({ function: table, register, bit }) =>
      `unit ${unit}, ${table} ${register}${bit === undefined ? '' : ` bit ${bit}`}`,
  );
}
