import { cloudConfig, type CloudConfig } from '#cloud/config.ts';
import { type Configuration, readConfiguration } from '#platform/configuration.ts';

/** Reads cloud.yaml whole; throws a `ConfigurationError` that names file, line and path of every mistake. */
export function readCloudFile(file: string): CloudConfig {
  return readCloudText(file).value;
}

/** As `readCloudFile`, with the text behind it. */
export function readCloudText(file: string): Configuration<CloudConfig> {
  return readConfiguration(file, cloudConfig, { env: process.env });
}
