import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, test, vi } from 'vitest';
import { buttonDriver } from '#edge/drivers/button.ts';
import { parseAddress } from '#edge/drivers/address.ts';
import { realClock } from '#platform/real/clock.ts';
import { realRandomness } from '#platform/real/randomness.ts';
import { realListening } from '#platform/real/streams.ts';
import { simulatorConfig } from '#sim/configuration.ts';
import { startSimulator } from '#sim/simulator.ts';
import { quiet } from '../../firmware-sim/button.clock.ts';
import { recorder } from './recorder.ts';

const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).toReversed()) await cleanup();
});

test('over a real tty: 16 units on one bus, one without power and one noisy; the others lose nothing', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'belfry-bus-'));
  cleanups.push(() => rmSync(folder, { recursive: true, force: true }));
  const units = Array.from({ length: 16 }, (_, i) => ({
    id: `b${i + 1}`,
    serial: (0xb0000001 + i).toString(16),
    unit: i + 1,
  }));
  const simulator = await startSimulator(
    { clock: realClock, random: realRandomness, listen: realListening, log: quiet },
    simulatorConfig.parse({ button_buses: [{ id: 'yard', via: 'pty', baud: 115_200, units }] }),
    { folder, describeIn: join(folder, 'sim.json') },
  );
  cleanups.push(() => simulator.close());
  const { context, healthOf, events } = recorder();
  const part = (id: string) => simulator.parts.get('buttons')!.get(id)!;
  const devices = units.map(({ id }, i) =>
    buttonDriver.device.parse({ ...part(id).wiring, id, zone: i + 1, heartbeat_s: 30 }),
  );
  const parsed = parseAddress(devices[0]!.address);
  if (!parsed.ok) throw new Error(parsed.problem);
  const { address } = parsed;
  expect(buttonDriver.configure!({ address, devices })).toEqual([]);
  const run = buttonDriver.start(context, { address, devices });
  cleanups.push(() => run.close());
  const soon = { timeout: 30_000, interval: 20 };
  await vi.waitFor(() => {
    for (const { id } of units) expect(healthOf(id)).toBe('good');
  }, soon);
  await part('b5').acts['wire']!.run({ plugged: false });
  await part('b9').acts['misbehave']!.run({ noiseBytes: 2000, corrupted: 0.5 });
  const pressed = units.filter(({ id }) => id !== 'b5' && id !== 'b9');
  for (const { id } of pressed) await part(id).acts['press']!.run({ type: 'press' });
  await vi.waitFor(() => {
    expect(new Set(events.map((e) => e.device))).toEqual(new Set(pressed.map(({ id }) => id)));
    for (const { id } of pressed) {
      const { items } = part(id).records!['presses']!() as { items: { host_acked: boolean }[] };
      expect(items).toMatchObject([{ host_acked: true }]);
    }
  }, soon);
  await vi.waitFor(() => expect(healthOf('b5')).toContain('has not answered'), soon);
  expect(healthOf('b4')).toBe('good');
}, 90_000);
