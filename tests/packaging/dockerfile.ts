/** The instructions that our Dockerfiles use; whatever else appears in one is an error here, so that it gets tried. */
export type Instruction =
  | { kind: 'FROM'; image: string; as: string | null }
  | { kind: 'WORKDIR'; path: string }
  | { kind: 'COPY'; from: string | null; sources: string[]; target: string }
  | { kind: 'RUN'; command: string }
  | { kind: 'USER'; name: string }
  | { kind: 'VOLUME'; path: string }
  | { kind: 'ENTRYPOINT'; args: string[] };

/** Reads a Dockerfile (Dockerfile reference, docs.docker.com); throws at anything that it does not know. */
export function parseDockerfile(text: string): Instruction[] {
  return text
    .split('\n')
    .filter((line) => !line.startsWith('#'))
    .join('\n')
    .replaceAll('\\\n', ' ')
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '')
    .map(parseInstruction);
}

function parseInstruction(line: string): Instruction {
  const [, kind = '', rest = ''] = /^(\w+)\s+(.*)$/.exec(line) ?? [];
  const unknown = () => new Error(`these tests do not know this line of a Dockerfile: ${line}`);
  if (rest.includes('$')) throw unknown();
  const words = rest.split(/\s+/);
  switch (kind) {
    case 'FROM': {
      const [image = '', as, name] = words;
      if (as !== undefined && as !== 'AS') throw unknown();
      return { kind, image, as: name ?? null };
    }
    case 'COPY': {
      const from = words[0]?.startsWith('--from=') ? words.shift()!.slice('--from='.length) : null;
      const target = words.pop();
      if (target === undefined || words.length === 0 || words.some((w) => w.startsWith('--')))
        throw unknown();
      return { kind, from, sources: words, target };
    }
    case 'RUN':
      return { kind, command: rest };
    case 'USER':
      return { kind, name: rest };
    case 'WORKDIR':
    case 'VOLUME':
      return { kind, path: rest };
    case 'ENTRYPOINT':
      // The shell's form would keep SIGTERM from our process.
      if (!rest.startsWith('[')) throw unknown();
      return { kind, args: JSON.parse(rest) as string[] };
    default:
      throw unknown();
  }
}
