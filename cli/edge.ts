import { accessSync, constants, mkdirSync } from 'node:fs';
import { resolve } from 'node:path';
import { DatabaseError } from '#platform/database-error.ts';
import { realPorts } from '#platform/real/ports.ts';
import { startEdge } from '#edge/start.ts';
import { readEdgeFile } from './edge-file.ts';
import { logOptions } from './logging.ts';
import { runService, UserError } from './service.ts';

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
    makeWritable(dataDir);
    const ports = realPorts({ dataDir, mqttUrl: config.broker.url, log: logOptions(options.log) });
    const edge = await startEdge(ports, config).catch((error: unknown) => {
      if (!(error instanceof DatabaseError) || error.code !== 'in-use') throw error;
      throw new UserError(`${dataDir} is in use by another \`belfry edge\`. Stop that one first.`);
    });
    return { close: () => edge.close() };
  });
}

/** What is wrong with a folder that somebody chose is said at once; a disk that is dead or full is no reason to stop. */
function makeWritable(folder: string): void {
  try {
    mkdirSync(folder, { recursive: true });
    accessSync(folder, constants.W_OK | constants.X_OK);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code !== 'EIO' && code !== 'ENOSPC' && code !== 'EROFS') throw error;
  }
}
