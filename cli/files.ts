import { readFileSync } from 'node:fs';
import { parse } from 'yaml';
import { z } from 'zod';
import { cloudConfig, type CloudConfig } from '#cloud/config.ts';
import { drivers } from '#edge/drivers/index.ts';
import { parseEdgeConfig, type EdgeConfig } from '#edge/config.ts';
import { ConfigurationError, readConfiguration } from '#platform/configuration.ts';
import { simulatorConfig, type SimulatorConfig } from '#sim/configuration.ts';
import { UserError } from './service.ts';

/** Each reads one file whole; throws a `ConfigurationError` that names file, line and path of every mistake. */
export function readEdgeFile(file: string): EdgeConfig {
  const { value, source } = readConfiguration(file, z.record(z.string(), z.unknown()), { env: process.env });
  const parsed = parseEdgeConfig(value, drivers);
  if (parsed.ok) return parsed.config;
  throw new ConfigurationError(parsed.problems.map(({ path, message }) => source.problemAt(path, message)));
}

export function readCloudFile(file: string): CloudConfig {
  return readConfiguration(file, cloudConfig, { env: process.env }).value;
}

export function readSimulatorFile(file: string): SimulatorConfig {
  return readConfiguration(file, simulatorConfig, { env: process.env }).value;
}

/** By a key that only its kind of file has. */
const kinds = [
  { kind: 'edge', key: 'gateway', read: readEdgeFile },
  { kind: 'cloud', key: 'broker', read: readCloudFile },
  { kind: 'simulator', key: 'buttons', read: readSimulatorFile },
] as const;

/** `belfry check`: validates files without starting anything; every mistake of every file is printed. */
export function check(files: string[]): void {
  const mistakes: string[] = [];
  for (const file of files) {
    try {
      const kind = kindOf(file);
      kind.read(file);
      process.stdout.write(`${file}: ok (${kind.kind})\n`);
    } catch (error) {
      if (!(error instanceof ConfigurationError || error instanceof UserError)) throw error;
      mistakes.push(error.message);
    }
  }
  if (mistakes.length > 0) throw new UserError(mistakes.join('\n'));
}

function kindOf(file: string): (typeof kinds)[number] {
  let plain: unknown;
  try {
    plain = parse(readFileSync(file, 'utf8'));
  } catch (error) {
    // Unreadable YAML is told with its line by whichever reader comes first.
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') {
      throw new UserError(`${file}: there is no such file`);
    }
    return kinds[0];
  }
  const keys = typeof plain === 'object' && plain !== null ? Object.keys(plain) : [];
  const kind =
    keys.includes('centres') && !keys.includes('buttons')
      ? kinds[1]
      : kinds.find(({ key }) => keys.includes(key));
  if (kind === undefined) {
    throw new UserError(
      `${file}: neither an edge's file (gateway), a cloud's (centres) nor a simulator's (buttons)`,
    );
  }
  return kind;
}
