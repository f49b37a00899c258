import { readFileSync } from 'node:fs';
import { parse } from 'yaml';
import { z } from 'zod';
import { ConfigurationError, readConfiguration } from '#platform/configuration.ts';
import { UserError } from './service.ts';

type Read = (file: string) => unknown;

/**
 * By a key that only its kind of file has. Each reader is imported when it is wanted: an image that holds only the
 * edge checks an edge's file without the cloud.
 */
const kinds: { kind: string; key: string; reader: () => Promise<Read> }[] = [
  { kind: 'edge', key: 'gateway', reader: async () => (await import('./edge-file.ts')).readEdgeFile },
  {
    kind: 'simulator',
    key: 'buttons',
    reader: async () => (await import('./sim-file.ts')).readSimulatorFile,
  },
  { kind: 'cloud', key: 'centres', reader: async () => (await import('./cloud-file.ts')).checkCloudFile },
];

/**
 * `belfry check`: validates files without starting anything; every mistake of every file is printed. The cloud's
 * file and the edges' that are given with it must fit together.
 */
export async function check(files: string[]): Promise<void> {
  const mistakes: string[] = [];
  const sound: Record<string, string[]> = { edge: [], cloud: [] };
  for (const file of files) {
    try {
      const { kind, reader } = kindOf(file);
      const read = await reader();
      read(file);
      process.stdout.write(`${file}: ok (${kind})\n`);
      sound[kind]?.push(file);
    } catch (error) {
      if (!(error instanceof ConfigurationError || error instanceof UserError)) throw error;
      mistakes.push(error.message);
    }
  }
  mistakes.push(...(await betweenFiles(sound['edge']!, sound['cloud']!)));
  if (mistakes.length > 0) throw new UserError(mistakes.join('\n'));
}

async function betweenFiles(edges: string[], clouds: string[]): Promise<string[]> {
  if (edges.length === 0 || clouds.length === 0) return [];
  const { contradictions } = await import('./contradictions.ts');
  const { readEdgeText } = await import('./edge-file.ts');
  const { readCloudText } = await import('./cloud-file.ts');
  return clouds.flatMap((cloud) => {
    const problems = edges.flatMap((edge) => contradictions(readEdgeText(edge), readCloudText(cloud)));
    return problems.length > 0 ? [new ConfigurationError(problems).message] : [];
  });
}

function kindOf(file: string): (typeof kinds)[number] {
  const plain = plainly(file);
  const keys = typeof plain === 'object' && plain !== null ? Object.keys(plain) : [];
  const kind = kinds.find(({ key }) => keys.includes(key));
  if (kind === undefined) {
    throw new UserError(
      `${file}: neither an edge's file (gateway), a cloud's (centres) nor a simulator's (buttons)`,
    );
  }
  return kind;
}

/** Throws a `ConfigurationError` where the file cannot be read or is no YAML. */
function plainly(file: string): unknown {
  try {
    return parse(readFileSync(file, 'utf8'));
  } catch {
    // Fails as well, and knows to name file and line.
    return readConfiguration(file, z.unknown(), { env: process.env }).value;
  }
}
