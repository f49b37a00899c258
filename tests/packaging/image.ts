import { execFile } from 'node:child_process';
import { cp, link, mkdir, mkdtemp, readFile, stat } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { parseDockerfile, type Instruction } from './dockerfile.ts';

/** The build context of every image: the repository. */
export const repository = fileURLToPath(new URL('../..', import.meta.url));

export interface Image {
  /** The folder that stands for `/` of the container. */
  root: string;
  base: string;
  workdir: string;
  user: string;
  /** Folders that the image gives to another than root, and to whom. */
  owned: Map<string, string>;
  volumes: string[];
  entrypoint: string[];
}

/** What the stages have in common is built once, as in the builder's own cache. */
export type LayerCache = Map<string, Promise<string>>;

export interface BuildParts {
  /** Where roots are made. */
  folder: string;
  /** `PATH` of what RUN starts: the Node of the base image, and npm. */
  path: string;
  layers: LayerCache;
}

/** Builds an image as `docker build` would, as far as that goes without a container: files, npm and node. */
export async function buildImage(dockerfile: string, parts: BuildParts): Promise<Image> {
  const instructions = parseDockerfile(await readFile(join(repository, dockerfile), 'utf8'));
  const stages = new Map<string, Image>();
  let image: Image | null = null;
  let key = '';
  for (const instruction of instructions) {
    if (instruction.kind === 'FROM') {
      const { image: base, as } = instruction;
      key = base;
      image = { ...bare, base, root: await newRoot(parts), owned: new Map(), volumes: [] };
      if (as !== null) stages.set(as, image);
      continue;
    }
    if (image === null) throw new Error(`${dockerfile} does not begin with FROM`);
    key += `\n${JSON.stringify(instruction)}`;
    await apply(instruction, image, { ...parts, stages, key });
  }
  if (image === null) throw new Error(`${dockerfile} is empty`);
  return image;
}

const bare = { workdir: '/', user: 'root', entrypoint: [] };

async function newRoot({ folder }: BuildParts): Promise<string> {
  return mkdtemp(join(folder, 'root-'));
}

type Step = BuildParts & { stages: Map<string, Image>; key: string };

async function apply(instruction: Exclude<Instruction, { kind: 'FROM' }>, image: Image, step: Step) {
  switch (instruction.kind) {
    case 'WORKDIR':
      image.workdir = resolve(image.workdir, instruction.path);
      await mkdir(join(image.root, image.workdir), { recursive: true });
      return;
    case 'COPY':
      return copy(instruction, image, step);
    case 'RUN':
      return run(instruction.command, image, step);
    case 'USER':
      image.user = instruction.name;
      return;
    case 'VOLUME':
      image.volumes.push(instruction.path);
      return;
    case 'ENTRYPOINT':
      image.entrypoint = instruction.args;
  }
}

async function copy(
  { from, sources, target }: Extract<Instruction, { kind: 'COPY' }>,
  image: Image,
  { stages }: Step,
): Promise<void> {
  const origin = from === null ? repository : stages.get(from)?.root;
  if (origin === undefined) throw new Error(`COPY --from=${from}: there is no such stage`);
  const ignored = await ignoredPaths();
  for (const source of sources) {
    const path = join(origin, source);
    if (from !== null) {
      await copyTree(path, join(image.root, resolve(image.workdir, target)));
      continue;
    }
    // A folder's contents are copied, a file itself.
    const isFile = (await stat(path)).isFile();
    const into = isFile && /(^|\/)\.?$/.test(target) ? join(target, basename(source)) : target;
    await cp(path, join(image.root, resolve(image.workdir, into)), {
      recursive: true,
      filter: (one) => !ignored.has(one),
    });
  }
}

/** All of a folder's contents into another one: by hard links, as thousands of files would take a busy disk long. */
async function copyTree(from: string, to: string): Promise<void> {
  await mkdir(to, { recursive: true });
  await promisify(execFile)('cp', ['--archive', '--link', '--force', `${from}/.`, to]);
}

/** What `.dockerignore` keeps out of the context: plain paths only. */
async function ignoredPaths(): Promise<Set<string>> {
  const lines = (await readFile(join(repository, '.dockerignore'), 'utf8'))
    .split('\n')
    .filter((l) => l !== '');
  const strange = lines.find((line) => /[*?!#[\\]/.test(line));
  if (strange !== undefined)
    throw new Error(`these tests do not know this line of .dockerignore: ${strange}`);
  return new Set(lines.map((line) => join(repository, line)));
}

async function run(command: string, image: Image, { layers, folder, path, key }: Step): Promise<void> {
  if (/^(npm|node) /.test(command)) {
    const kept = layers.get(key);
    if (kept !== undefined) {
      await copyTree(await kept, image.root);
      return;
    }
    const { root, workdir } = image;
    // Nothing of this process's environment but what finds packages: under test NODE_ENV would be `test`.
    const env = { ...packageEnvironment(), PATH: path };
    const built = promisify(execFile)('sh', ['-c', command], { cwd: join(root, workdir), env }).then(
      async () => {
        const layer = await mkdtemp(join(folder, 'layer-'));
        await copyTree(root, layer);
        return layer;
      },
    );
    layers.set(key, built);
    await built;
    return;
  }
  // Accounts and owners exist in containers only; what is said of them is noted.
  for (const part of command.split(' && ')) {
    const [program, ...words] = part.split(' ');
    if (program === 'mkdir') {
      for (const path of words) {
        await mkdir(join(image.root, path), { recursive: true });
      }
    } else if (program === 'chown') {
      const [owner = '', ...paths] = words;
      for (const path of paths) {
        await stat(join(image.root, path));
        image.owned.set(path, owner);
      }
    } else if (program !== 'usermod') throw new Error(`these tests do not know how to try RUN ${part}`);
  }
}

function packageEnvironment(): Record<string, string> {
  const wanted = /^(HOME|LANG|npm_config_.*|https?_proxy|no_proxy|NODE_EXTRA_CA_CERTS)$/i;
  const kept = Object.entries(process.env).filter(([name]) => wanted.test(name)) as [string, string][];
  return { ...Object.fromEntries(kept), npm_config_prefer_offline: 'true' };
}

/** A folder with the Node of the images, this very one, where every user can start it. */
export async function nodeFolder(folder: string): Promise<string> {
  const bin = join(folder, 'usr-local-bin');
  await mkdir(bin);
  await link(process.execPath, join(bin, 'node')).catch(() => cp(process.execPath, join(bin, 'node')));
  return bin;
}

/** `PATH` for RUN: the images' Node first, then this machine's npm. */
export function pathWith(bin: string): string {
  return [bin, dirname(process.execPath), process.env['PATH'] ?? ''].join(':');
}
