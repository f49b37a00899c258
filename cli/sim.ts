import { realClock } from '#platform/real/clock.ts';
import { realLog } from '#platform/real/log.ts';
import { realRandomness } from '#platform/real/randomness.ts';
import { realListening } from '#platform/real/streams.ts';
import { simulatorConfig } from '#sim/configuration.ts';
import { startSimulator } from '#sim/simulator.ts';
import { mkdirSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { demoHardware } from './demo-campus.ts';
import { readSimulatorFile } from './sim-file.ts';
import { logOptions } from './logging.ts';
import { runService } from './service.ts';

export interface SimOptions {
  config?: string;
  data: string;
  describe?: string;
  buttons?: number;
  log: string;
}

/** `belfry sim`: simulated hardware, from a file or the demo campus. */
export function sim(options: SimOptions): Promise<void> {
  return runService(async () => {
    const config =
      options.config === undefined
        ? simulatorConfig.parse(demoHardware(options.buttons))
        : readSimulatorFile(options.config);
    const folder = resolve(options.data);
    mkdirSync(folder, { recursive: true });
    const simulator = await startSimulator(
      {
        clock: realClock,
        random: realRandomness,
        listen: realListening,
        log: realLog(logOptions(options.log)),
      },
      config,
      { folder, describeIn: resolve(options.describe ?? join(folder, 'sim.json')) },
    );
    return { close: () => simulator.close(), ready: simulator.hardware };
  });
}
