import { mkdirSync } from 'node:fs';
import { resolve } from 'node:path';
import { realPorts } from '#platform/real/ports.ts';
import { startEdge } from '#edge/start.ts';
import { readEdgeFile } from './edge-file.ts';
import { logOptions } from './logging.ts';
import { runService } from './service.ts';

export interface EdgeOptions {
  config: string;
  data: string;
  log: string;
}

/** `belfry edge`: the edge of one campus on real ports. */
export function edge(options: EdgeOptions): Promise<void> {
  return runService(async () => {
    const config = readEdgeFile(options.config);
    const dataDir = resolve(options.data);
    mkdirSync(dataDir, { recursive: true });
    const ports = realPorts({ dataDir, mqttUrl: config.broker.url, log: logOptions(options.log) });
    const edge = await startEdge(ports, config);
    return { close: () => edge.close() };
  });
}
