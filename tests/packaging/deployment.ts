import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { chownSync, mkdirSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { createServer } from 'node:net';
import { dirname, join, resolve } from 'node:path';
import { parse } from 'yaml';
import { z } from 'zod';
import { repository, type Image } from './image.ts';

export const composeFile = join(repository, 'docker/compose.yaml');
const composeFolder = dirname(composeFile);

const service = z.strictObject({
  image: z.string().optional(),
  build: z.strictObject({ context: z.literal('..'), dockerfile: z.string() }).optional(),
  // One network namespace for all: each service is on the loopback of the others.
  network_mode: z.literal('host'),
  restart: z.literal('unless-stopped').optional(),
  profiles: z.array(z.string()).default([]),
  depends_on: z.array(z.string()).default([]),
  environment: z.record(z.string(), z.string()).default({}),
  entrypoint: z.array(z.string()).optional(),
  command: z.array(z.string()).default([]),
  volumes: z.array(z.string()).default([]),
});
export type Service = z.infer<typeof service>;

const compose = z.strictObject({
  services: z.record(z.string(), service),
  volumes: z.record(z.string(), z.null()),
});

export function readCompose(): z.infer<typeof compose> {
  return compose.parse(parse(readFileSync(composeFile, 'utf8')));
}

/** What the images that are not ours start, and where they keep their data, from their own Dockerfiles. */
const foreign: Record<string, { args: string[]; environment: Record<string, string> }> = {
  'eclipse-mosquitto:2': { args: ['mosquitto', '-c', '/mosquitto/config/mosquitto.conf'], environment: {} },
  'influxdb:1.8-alpine': {
    args: ['influxd'],
    environment: {
      INFLUXDB_META_DIR: '/var/lib/influxdb/meta',
      INFLUXDB_DATA_DIR: '/var/lib/influxdb/data',
      INFLUXDB_DATA_WAL_DIR: '/var/lib/influxdb/wal',
    },
  },
};

/** Every port that the configuration names; all are on loopback, and none may be taken. */
export function fixedPorts(): number[] {
  const files = [
    composeFile,
    ...readdirSync(join(composeFolder, 'config')).map((n) => join(composeFolder, 'config', n)),
  ];
  const text = files.map((file) => readFileSync(file, 'utf8')).join('\n');
  const found = [...text.matchAll(/(?:127\.0\.0\.1:|\bport: |\blistener )(\d+)/g)].map(([, port]) =>
    Number(port),
  );
  return [...new Set(found)].toSorted((a, b) => a - b);
}

export async function portIsFree(port: number): Promise<boolean> {
  const server = createServer();
  return new Promise((resolve) => {
    server.once('error', () => resolve(false));
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)));
  });
}

/** The addresses, as the kernel writes them, on which anybody listens at this port. */
export function listeningAt(port: number): string[] {
  const hex = port.toString(16).toUpperCase().padStart(4, '0');
  const listening = '0A';
  return ['/proc/net/tcp', '/proc/net/tcp6'].flatMap((table) =>
    readFileSync(table, 'utf8')
      .split('\n')
      .map((line) => line.trim().split(/\s+/))
      .filter(([, local, , state]) => state === listening && local?.endsWith(`:${hex}`))
      .map(([, local]) => local!.slice(0, -5)),
  );
}

export interface DeploymentParts {
  images: ReadonlyMap<string, Image>;
  /** Where the named volumes are. */
  folder: string;
  /** Where the Node of the images is. */
  bin: string;
}

/** The uid of `node` in its official image; whoever is not root here runs everything as himself. */
const nodeUser = 1000;
const canChangeUser =
  process.getuid?.() === 0 && spawnSync('true', { uid: nodeUser, gid: nodeUser }).status === 0;

/** A service of the compose file as a process: its paths mapped to where the images and volumes are here. */
export function startService(
  service: Service,
  { images, folder, bin }: DeploymentParts,
  { command = service.command, entrypoint = service.entrypoint }: Partial<Service> = {},
): ChildProcess {
  const image = service.build && images.get(service.build.dockerfile);
  const alien = service.image === undefined ? undefined : foreign[service.image];
  const program = entrypoint ?? image?.entrypoint ?? alien?.args;
  if (program === undefined) throw new Error(`these tests do not know what ${service.image} starts`);

  const mounts = service.volumes.map((volume) => {
    const [source = '', target = ''] = volume.split(':');
    return { target, path: source.startsWith('.') ? resolve(composeFolder, source) : join(folder, source) };
  });
  for (const { path } of mounts.filter((mount) => mount.path.startsWith(folder))) {
    mkdirSync(path, { recursive: true });
    if (image !== undefined && canChangeUser) chownSync(path, nodeUser, nodeUser);
  }
  /** A path of the container as one of this machine. */
  const here = (word: string) => {
    if (!word.startsWith('/')) return word;
    const mount = mounts.find(({ target }) => word === target || word.startsWith(`${target}/`));
    if (mount !== undefined) return mount.path + word.slice(mount.target.length);
    if (image === undefined) throw new Error(`${word} is on no volume of the service`);
    statSync(join(image.root, word));
    return join(image.root, word);
  };
  const environment = { ...alien?.environment, ...service.environment };
  return spawn(program[0]!, [...program.slice(1), ...command].map(here), {
    cwd: image === undefined ? folder : join(image.root, image.workdir),
    env: {
      PATH: image === undefined ? `${process.env['PATH']}:/usr/sbin` : bin,
      ...Object.fromEntries(Object.entries(environment).map(([name, value]) => [name, here(value)])),
    },
    ...(image !== undefined && image.user !== 'root' && canChangeUser
      ? { uid: nodeUser, gid: nodeUser }
      : {}),
    stdio: ['ignore', 'pipe', 'pipe'],
  });
}
