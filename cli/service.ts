import { isPortTaken } from './ports.ts';

/** Something that runs until it is closed. `ready` is told to whoever started this process. */
export interface Service {
  close(): Promise<void>;
  ready?: unknown;
}

/** A mistake of the user's: printed as one plain line (or several), without a stack. */
export class UserError extends Error {}

const stopWithinMs = 2800;

/**
 * Runs a service as this process: until SIGINT, SIGTERM, or the death of a parent that holds an IPC channel to
 * it; then closes it, and leaves within 3 s whatever happens. A mistake of the user's ends it with exit code 1
 * and one clear line.
 */
export async function runService(start: (stop: AbortSignal) => Promise<Service>): Promise<void> {
  const stop = new AbortController();
  const stopped = new Promise<void>((resolve) => {
    const end = () => {
      stop.abort();
      resolve();
    };
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, end);
    if (process.connected) process.on('disconnect', end);
  });
  let service: Service;
  try {
    service = await start(stop.signal);
  } catch (error) {
    process.stderr.write(`${explain(error)}\n`);
    process.exit(1);
  }
  process.send?.({ ready: service.ready ?? true });
  await stopped;
  const late = setTimeout(() => {
    process.stderr.write('Not everything could be closed in time; leaving.\n');
    process.exit(1);
  }, stopWithinMs);
  await service.close();
  clearTimeout(late);
  process.exit(0);
}

/** What a path that was given is wrong about, by the system's code. */
const pathMistakes: Record<string, string> = {
  EACCES: 'this user may not write here. Choose another folder with --data, or change its owner.',
  EPERM: 'this user may not write here. Choose another folder with --data, or change its owner.',
  ENOTDIR: 'a part of this path is a file, not a folder. Choose another folder with --data.',
  EEXIST: 'this is a file, not a folder. Choose another folder with --data.',
  EROFS: 'this disk can only be read. Choose another folder with --data.',
};

/** One clear line for a mistake of the user's; the stack for a mistake of ours. */
export function explain(error: unknown): string {
  if (isPortTaken(error)) {
    const { port, option } = error;
    return `Port ${port} is taken by another program. Choose another one with ${option}.`;
  }
  if (error instanceof UserError) return error.message;
  if (error instanceof Error && error.name === 'ConfigurationError') return error.message;
  const { code, path, port } = error as NodeJS.ErrnoException & { port?: number };
  if (code === 'EADDRINUSE')
    return `${port === undefined ? 'A port' : `Port ${port}`} is taken by another program.`;
  const sentence = code !== undefined && path !== undefined ? pathMistakes[code] : undefined;
  if (sentence !== undefined) return `${path}: ${sentence}`;
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}
