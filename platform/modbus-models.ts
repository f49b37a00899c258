import { readdirSync } from 'node:fs';
import { isAbsolute, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type ModbusModel, modbusModel } from '#protocols/modbus-models/model.ts';
import { readConfiguration } from './configuration.ts';

/** The models that come with the product. */
export const shippedModels = fileURLToPath(new URL('../protocols/modbus-models/', import.meta.url));

/** A folder of the user's own models, and who names them: `./my.yaml` is looked up from `base`. */
export interface ModelFolders {
  base: string;
  /** Looked through before the shipped ones. */
  own?: string;
}

export type FoundModel = { kind: 'model'; model: ModbusModel } | { kind: 'unknown'; names: string[] };

/**
 * Finds the model that a configuration names: a file (`./my.yaml`), or `NAME.yaml` in the user's folder or among
 * the shipped ones. Throws a `ConfigurationError` with file and line when the file is there and wrong.
 */
export function findModel(name: string, { base, own }: ModelFolders): FoundModel {
  const read = (file: string): FoundModel => ({
    kind: 'model',
    model: readConfiguration(file, modbusModel, { env: {} }).value,
  });
  if (/\.ya?ml$/.test(name)) return read(isAbsolute(name) ? name : resolve(base, name));
  const folders = [...(own === undefined ? [] : [resolve(base, own)]), shippedModels];
  const folder = folders.find((f) => modelNames(f).includes(name));
  if (folder !== undefined) return read(join(folder, `${name}.yaml`));
  return { kind: 'unknown', names: [...new Set(folders.flatMap(modelNames))].sort() };
}

/** The names of the models in a folder. Throws when it cannot be read. */
export function modelNames(folder: string): string[] {
  return readdirSync(folder)
    .filter((file) => file.endsWith('.yaml'))
    .map((file) => file.slice(0, -'.yaml'.length));
}
