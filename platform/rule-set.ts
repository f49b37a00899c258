import { fileURLToPath } from 'node:url';
import { type RuleSet, ruleSet } from '#protocols/four-hundred/rules.ts';
import { readConfiguration } from './configuration.ts';

/** The rules that come with the product: the national ones. */
export const shippedRules = fileURLToPath(
  new URL('../protocols/four-hundred/national-rules.yaml', import.meta.url),
);

/** Reads a rule set of the four hundred. Throws a `ConfigurationError` with file and line. */
export function readRules(file = shippedRules): RuleSet {
  return readConfiguration(file, ruleSet, { env: {} }).value;
}
