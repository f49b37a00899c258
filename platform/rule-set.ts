import { fileURLToPath } from 'node:url';
import { type RuleSet, ruleSet } from '#protocols/four-hundred/rules.ts';
import { tightened, tighteningRules } from '#protocols/four-hundred/tightened.ts';
import { ConfigurationError, readConfiguration } from './configuration.ts';

/** The rules that come with the product: the national ones. */
export const shippedRules = fileURLToPath(
  new URL('../protocols/four-hundred/national-rules.yaml', import.meta.url),
);

/** Reads a rule set of the four hundred. Throws a `ConfigurationError` with file and line. */
export function readRules(file = shippedRules): RuleSet {
  return readConfiguration(file, ruleSet, { env: {} }).value;
}

/**
 * The national rules, tightened by the file of a city. Throws a `ConfigurationError` with file and line, also where it
 * would ask less than they do.
 */
export function readTightenedRules(file: string): RuleSet {
  const { value, source } = readConfiguration(file, tighteningRules, { env: {} });
  const { rules, looser } = tightened(readRules(), value);
  if (looser.length > 0)
    throw new ConfigurationError(looser.map(({ path, text }) => source.problemAt(path, text.en)));
  return rules;
}
