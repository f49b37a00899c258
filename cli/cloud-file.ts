import { dirname, resolve } from 'node:path';
import { cloudConfig, type CloudConfig } from '#cloud/config.ts';
import { type Configuration, readConfiguration } from '#platform/configuration.ts';
import { readTightenedRules } from '#platform/rule-set.ts';
import type { RuleSet } from '#protocols/four-hundred/rules.ts';

/** Reads cloud.yaml whole; throws a `ConfigurationError` that names file, line and path of every mistake. */
export function readCloudFile(file: string): CloudConfig {
  return readCloudText(file).value;
}

/** As `readCloudFile`, with the text behind it. */
export function readCloudText(file: string): Configuration<CloudConfig> {
  return readConfiguration(file, cloudConfig, { env: process.env });
}

/**
 * The city's own rules, from the file that cloud.yaml names beside itself; undefined: it names none. Throws a
 * `ConfigurationError` with file and line, also where they would ask less than the national rules.
 */
export function rulesBeside(file: string, { four_hundred }: CloudConfig): RuleSet | undefined {
  const { rules } = four_hundred;
  return rules === undefined ? undefined : readTightenedRules(resolve(dirname(file), rules));
}

/** Reads cloud.yaml and what it names, for `belfry check`. */
export function checkCloudFile(file: string): CloudConfig {
  const config = readCloudFile(file);
  rulesBeside(file, config);
  return config;
}
