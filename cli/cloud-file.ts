import { cloudConfig, type CloudConfig } from '#cloud/config.ts';
import { readConfiguration } from '#platform/configuration.ts';

/** Reads cloud.yaml whole; throws a `ConfigurationError` that names file, line and path of every mistake. */
export function readCloudFile(file: string): CloudConfig {
  return readConfiguration(file, cloudConfig, { env: process.env }).value;
}
