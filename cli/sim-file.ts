import { readConfiguration } from '#platform/configuration.ts';
import { simulatorConfig, type SimulatorConfig } from '#sim/configuration.ts';

/** Reads sim.yaml whole; throws a `ConfigurationError` that names file, line and path of every mistake. */
export function readSimulatorFile(file: string): SimulatorConfig {
  return readConfiguration(file, simulatorConfig, { env: process.env }).value;
}
