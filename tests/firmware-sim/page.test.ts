import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { realClock } from '#platform/real/clock.ts';
import { realLog } from '#platform/real/log.ts';
import { realRandomness } from '#platform/real/randomness.ts';
import { realListening } from '#platform/real/streams.ts';
import { simulatorConfig } from '#sim/configuration.ts';
import { startSimulator } from '#sim/simulator.ts';
import { actsPage, keysPage } from './page.ts';

const page = fileURLToPath(new URL('../../docs/simulator.md', import.meta.url));

it('the page names every key of sim.yaml and every act of the control door', async () => {
  // `BELFRY_WRITE_PAGES=1` writes both tables anew.
  const folder = mkdtempSync(join(tmpdir(), 'belfry-sim-page-'));
  const simulator = await startSimulator(
    {
      clock: realClock,
      random: realRandomness,
      listen: realListening,
      log: realLog({ level: 'silent', format: 'line' }),
    },
    simulatorConfig.parse({
      buttons: [{ id: 'gate', serial: 'b0000001', via: 'tcp' }],
      button_buses: [{ id: 'bus-a', via: 'tcp', units: [{ id: 'hall', serial: 'b0000002', unit: 1 }] }],
      centres: [{ id: 'city-110' }],
      cameras: [{ id: 'camera' }],
      buses: [{ id: 'bus', via: 'tcp', sensors: [{ id: 'smoke', unit: 1, model: 'smoke-register-2' }] }],
      http_centres: [{ id: 'city-cap' }],
      card_readers: [{ id: 'reader', via: 'tcp', format: 'id-12' }],
      alarm_panels: [{ id: 'intruder', via: 'tcp' }],
      fire_panels: [{ id: 'panel', via: 'tcp' }],
      mqtt_devices: [
        {
          id: 'zigbee',
          system: 'zigbee2mqtt',
          broker: '127.0.0.1:1',
          devices: [{ id: 'sos', name: 'SOS', kind: 'button' }],
        },
      ],
      upses: [{ id: 'rack' }],
      links: [{ id: 'link', to: '127.0.0.1:1' }],
    }),
    { folder, describeIn: join(folder, 'sim.json') },
  );
  const tables = {
    keys: keysPage(),
    acts: `| request | what it is told |\n|---|---|\n${actsPage(simulator.parts)}\n`,
  };
  await simulator.close();
  rmSync(folder, { recursive: true, force: true });

  let text = readFileSync(page, 'utf8');
  for (const [name, table] of Object.entries(tables)) {
    const [begin, end] = [`<!-- ${name}: from the schemas -->\n`, `<!-- end of ${name} -->`];
    const [before, rest = ''] = text.split(begin);
    text = `${before}${begin}\n${table.trim()}\n\n${end}${rest.split(end)[1]}`;
  }
  if (process.env['BELFRY_WRITE_PAGES'] === '1') writeFileSync(page, text);
  expect(readFileSync(page, 'utf8')).toBe(text);
});
