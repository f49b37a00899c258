import { z } from 'zod';
import { parseEdgeConfig, type EdgeConfig } from '#edge/config.ts';
import { drivers } from '#edge/drivers/index.ts';
import { ConfigurationError, readConfiguration } from '#platform/configuration.ts';

/** Reads edge.yaml whole; throws a `ConfigurationError` that names file, line and path of every mistake. */
export function readEdgeFile(file: string): EdgeConfig {
  const { value, source } = readConfiguration(file, z.record(z.string(), z.unknown()), { env: process.env });
  const parsed = parseEdgeConfig(value, drivers);
  if (parsed.ok) return parsed.config;
  throw new ConfigurationError(parsed.problems.map(({ path, message }) => source.problemAt(path, message)));
}
