import { readdirSync } from 'node:fs';
import { isAbsolute, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type MqttMapping, mqttMapping } from '#protocols/mqtt-mappings/mapping.ts';
import { readConfiguration } from './configuration.ts';

/** The mappings that come with the product. */
const shipped = fileURLToPath(new URL('../protocols/mqtt-mappings/', import.meta.url));

/**
 * Finds the mapping that a configuration names: a file (`./my.yaml`, looked up from `base`) or a shipped one. The
 * names that there are, where there is no such one. Throws a `ConfigurationError` when the file is there and wrong.
 */
export function findMapping(name: string, base: string): MqttMapping | { names: string[] } {
  const read = (file: string) => readConfiguration(file, mqttMapping, { env: {} }).value;
  if (/\.ya?ml$/.test(name)) return read(isAbsolute(name) ? name : resolve(base, name));
  const names = readdirSync(shipped).flatMap((file) => /^(.+)\.yaml$/.exec(file)?.[1] ?? []);
  return names.includes(name) ? read(join(shipped, `${name}.yaml`)) : { names };
}
