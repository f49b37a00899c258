import { z } from 'zod';
import { bus as limits } from '#protocols/button-frame/timing.ts';
import { id } from '#protocols/signal.ts';
import { act, simulatorKind } from '../kind.ts';
import { type ServedLine, serveLine } from '../line.ts';
import { onWire, port, via } from '../wire.ts';
import { createBusWire } from './bus-wire.ts';
import { buttonDescription, buttonPart, partsOf, serialNumber } from './part.ts';
import type { Button } from './button.ts';
import { createButton } from './unit.ts';

const address = z.int().min(1).max(limits.maxAddress);

const member = z.strictObject({
  id,
  serial: serialNumber,
  unit: address.describe('its address on the bus'),
  silent: z.boolean().default(false).describe('shows and sounds nothing'),
  heartbeat_s: z.number().positive().default(30).describe('seconds between two heartbeats'),
});

/** Many one-key alarm buttons on one RS-485 bus, on which two that speak at once spoil each other's frames. */
export const buttonBuses = simulatorKind({
  entry: z.strictObject({
    id,
    via,
    port,
    baud: z.int().min(9600).max(1_000_000).default(limits.leastBaud).describe('what the wire can carry'),
    units: z.array(member).min(1).max(32),
  }),
  group: 'buttons',
  description: buttonDescription,
  async start(bench, entry) {
    const units = new Map<string, Button>();
    let line: ServedLine | null = null;
    const wire = createBusWire(bench.clock, entry.baud, {
      host: (bytes) => line?.write(bytes),
      units(bytes) {
        for (const unit of units.values()) unit.receive(bytes);
      },
    });
    line = await onWire(bench, entry, (at) => serveLine(bench.listen, at, wire.fromHost));
    /** Who has no power, or whose branch of the wire is cut. */
    const off = new Set<string>();
    for (const { id, serial, unit, silent, heartbeat_s } of entry.units) {
      const config = {
        serial: Number.parseInt(serial, 16),
        address: unit,
        silent,
        heartbeatMs: heartbeat_s * 1000,
      };
      const button = createButton(partsOf(bench, id), config, (bytes) => {
        if (!off.has(id)) wire.fromUnit(bytes);
      });
      units.set(id, button);
    }
    const at = line.address.startsWith('tty:') ? `${line.address}?baud=${entry.baud}` : line.address;
    return {
      async close() {
        for (const unit of units.values()) unit.stop();
        await line.close();
      },
      parts: entry.units.map(({ id, serial, silent, unit }) => {
        const button = units.get(id)!;
        const part = buttonPart(bench, button, {
          id,
          description: { serial, silent, address: at, unit },
          wiring: { driver: 'button', address: at, unit, serial, sounder: silent ? 'silent' : 'audible' },
        });
        return {
          ...part,
          acts: {
            ...part.acts,
            wire: act(
              z.strictObject({ plugged: z.boolean() }),
              ({ plugged }) => void (plugged ? off.delete(id) : off.add(id)),
            ),
            address: act(z.strictObject({ unit: address }), ({ unit }) => button.setAddress(unit)),
          },
        };
      }),
    };
  },
});
