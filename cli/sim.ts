import { mkdirSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { realClock } from '#platform/real/clock.ts';
import { realLog } from '#platform/real/log.ts';
import { realRandomness } from '#platform/real/randomness.ts';
import { realListening } from '#platform/real/streams.ts';
import { simulatorConfig } from '#sim/configuration.ts';
import type { SimulatedHardware } from '#sim/description.ts';
import { startSimulator } from '#sim/simulator.ts';
import { demoHardware } from './demo-campus.ts';
import { logOptions } from './logging.ts';
import { runService, UserError } from './service.ts';
import { readSimulatorFile } from './sim-file.ts';

export interface SimOptions {
  data: string;
  describe?: string;
  buttons?: number;
  log: string;
}

/** `belfry sim [FILE]`: simulated hardware, from a file or the demo campus. */
export function sim(file: string | undefined, options: SimOptions): Promise<void> {
  return runService(async () => {
    if (file !== undefined && options.buttons !== undefined)
      throw new UserError('--buttons is for the demo campus; a file says itself which buttons there are.');
    const config =
      file === undefined ? simulatorConfig.parse(demoHardware(options.buttons)) : readSimulatorFile(file);
    const folder = resolve(options.data);
    mkdirSync(folder, { recursive: true });
    const describeIn = resolve(options.describe ?? join(folder, 'sim.json'));
    const simulator = await startSimulator(
      {
        clock: realClock,
        random: realRandomness,
        listen: realListening,
        log: realLog(logOptions(options.log)),
      },
      config,
      { folder, describeIn },
    );
    // Whoever started this process gets the same by its channel, and speaks for all of its processes.
    if (!process.connected) process.stdout.write(overview(simulator.hardware, describeIn));
    return { close: () => simulator.close(), ready: simulator.hardware };
  });
}

/** What runs and how to reach it, for the person at the terminal. */
function overview({ control, ...groups }: SimulatedHardware, describeIn: string): string {
  const rows = Object.entries(groups).flatMap(([group, parts]) =>
    parts.map((part) => [group, part.id, howToReach(part)] as const),
  );
  const width = (column: 0 | 1) => Math.max(12, ...rows.map((row) => row[column].length)) + 2;
  const [first, second] = [width(0), width(1)];
  const line = (a: string, b: string, c: string) => `${a.padEnd(first)}${b.padEnd(second)}${c}`.trimEnd();
  return `${[
    ...rows.map((row) => line(...row)),
    line('control', control.url, ''),
    line('described in', describeIn, ''),
    line('stop', 'Ctrl-C', ''),
  ].join('\n')}\n`;
}

/** The address that sim.json gives of a part, and which of those that share it this is. */
function howToReach(part: Readonly<Record<string, unknown>>): string {
  const { address, url, host, port, unit } = part;
  const where = address ?? url ?? `${String(host)}:${String(port)}`;
  return `${String(where)}${unit === undefined ? '' : `, unit ${String(unit)}`}`;
}
