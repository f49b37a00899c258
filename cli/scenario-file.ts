import { readConfiguration, type Configuration } from '#platform/configuration.ts';
import { scenarioFile, type ScenarioFile } from './scenario/file.ts';

/** Reads a scenario whole; throws a `ConfigurationError` that names file, line and path of every mistake. */
export function readScenarioFile(file: string): Configuration<ScenarioFile> {
  return readConfiguration(file, scenarioFile, { env: process.env });
}
