import { readFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { createSecureContext } from 'node:tls';
import { z } from 'zod';
import { parseEdgeConfig, type EdgeConfig } from '#edge/config.ts';
import { drivers } from '#edge/drivers/index.ts';
import {
  type Configuration,
  ConfigurationError,
  type ConfigurationSource,
  readConfiguration,
} from '#platform/configuration.ts';
import { findMapping } from '#platform/mqtt-mappings.ts';
import { findModel } from '#platform/modbus-models.ts';

type Plain = Record<string, unknown>;

/** Reads edge.yaml whole; throws a `ConfigurationError` that names file, line and path of every mistake. */
export function readEdgeFile(file: string): EdgeConfig {
  return readEdgeText(file).value;
}

/** As `readEdgeFile`, with the text behind it. */
export function readEdgeText(file: string): Configuration<EdgeConfig> {
  const { value, source } = readConfiguration(file, z.record(z.string(), z.unknown()), { env: process.env });
  const parsed = parseEdgeConfig(
    withCertificate(withModels(value, source, dirname(file)), source, dirname(file)),
    drivers,
  );
  if (parsed.ok) return { value: parsed.config, source };
  throw new ConfigurationError(parsed.problems.map(({ path, message }) => source.problemAt(path, message)));
}

/** Puts the data file that a device names (a Modbus `model`, an MQTT `mapping`: NAME or `./FILE.yaml`) in its place. */
export function withModels(value: Plain, source: ConfigurationSource, base: string): Plain {
  const { models: own, ...rest } = value;
  const fail = (path: (string | number)[], message: string) =>
    new ConfigurationError([source.problemAt(path, message)]);
  if (own !== undefined && typeof own !== 'string') throw fail(['models'], 'expected the path of a folder');
  if (!Array.isArray(rest.devices)) return rest;
  const devices = (rest.devices as unknown[]).map((device, i) => {
    const { driver, model, mapping } = (device ?? {}) as Plain;
    if (driver === 'mqtt-devices' && typeof mapping === 'string') {
      try {
        const found = findMapping(mapping, base);
        if (!('names' in found)) return { ...(device as Plain), mapping: found };
        throw fail(['devices', i, 'mapping'], `no such mapping; there are: ${found.names.join(', ')}`);
      } catch (error) {
        if (error instanceof ConfigurationError) throw error;
        throw fail(['devices', i, 'mapping'], (error as Error).message);
      }
    }
    if (driver !== 'modbus' || typeof model !== 'string') return device;
    try {
      const found = findModel(model, { base, own });
      if (found.kind === 'model') return { ...(device as Plain), model: found.model };
      throw fail(['devices', i, 'model'], `no such model; there are: ${found.names.join(', ')}`);
    } catch (error) {
      if (error instanceof ConfigurationError) throw error;
      throw fail(own === undefined ? ['devices', i, 'model'] : ['models'], (error as Error).message);
    }
  });
  return { ...rest, devices };
}

/** Puts certificate and key of the local broker in the place of their paths. */
export function withCertificate(value: Plain, source: ConfigurationSource, base: string): Plain {
  const broker = value.local_broker as Plain | undefined;
  const tls = broker?.tls as Plain | undefined;
  if (typeof tls?.cert !== 'string' || typeof tls.key !== 'string') return value;
  const path = ['local_broker', 'tls'];
  const read = (key: 'cert' | 'key') => {
    try {
      return readFileSync(resolve(base, tls[key] as string), 'utf8');
    } catch (error) {
      throw new ConfigurationError([source.problemAt([...path, key], (error as Error).message)]);
    }
  };
  const pem = { cert: read('cert'), key: read('key') };
  try {
    createSecureContext(pem);
  } catch (error) {
    const message = `certificate and key are no PEM, or do not fit: ${(error as Error).message}`;
    throw new ConfigurationError([source.problemAt(path, message)]);
  }
  return { ...value, local_broker: { ...broker, tls: { ...tls, ...pem } } };
}
