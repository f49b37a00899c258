import { z } from 'zod';
import { id } from '#protocols/signal.ts';
import { act, simulatorKind } from '../kind.ts';
import { onWire, port, via } from '../wire.ts';
import { buttonDescription, buttonPart, partsOf, serialNumber } from './part.ts';
import { serveButton } from './serve.ts';

/** One-key alarm buttons, each on a line of its own (docs/serial-protocol.md). */
export const buttons = simulatorKind({
  entry: z.strictObject({
    id,
    serial: serialNumber,
    via,
    port,
    silent: z.boolean().default(false).describe('shows and sounds nothing'),
    heartbeat_s: z.number().positive().default(30).describe('seconds between two heartbeats'),
  }),
  group: 'buttons',
  description: buttonDescription,
  async start(bench, entry) {
    const { id, serial, silent } = entry;
    const config = { serial: Number.parseInt(serial, 16), silent, heartbeatMs: entry.heartbeat_s * 1000 };
    const button = await onWire(bench, entry, async (wire) => {
      const at = wire.kind === 'tcp' ? { ...wire, listen: bench.listen } : wire;
      const served = await serveButton(partsOf(bench, id), config, at);
      return served.kind === 'absent' ? served : served.button;
    });
    const { unit, address } = button;
    const part = buttonPart(bench, unit, {
      id,
      description: { serial, silent, address },
      wiring: { driver: 'button', address, serial, sounder: silent ? 'silent' : 'audible' },
    });
    const wire = act(z.strictObject({ plugged: z.boolean() }), ({ plugged }) =>
      plugged ? button.plugIn() : button.unplug(),
    );
    return { close: () => button.close(), parts: [{ ...part, acts: { ...part.acts, wire } }] };
  },
});
