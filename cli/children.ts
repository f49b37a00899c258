import { fork, type ChildProcess } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const main = fileURLToPath(new URL('./main.ts', import.meta.url));
const restartAfterMs = 1000;
const killAfterMs = 2000;

export interface Child {
  readonly name: string;
  /** Settles once: with what the child says when it runs, or rejects when it ends before that. */
  readonly ready: Promise<unknown>;
  /** SIGTERM, then SIGKILL after 2 s. Resolves when it is gone. */
  stop(): Promise<void>;
}

/**
 * Runs `belfry <args>` as a child of its own process group, so that Ctrl-C in the terminal reaches only us and
 * we decide the order in which things stop; it ends by itself when we die. Once it has run it is started again
 * whenever it ends.
 */
export function startChild(name: string, args: string[], onRestart: (why: string) => void): Child {
  let current: ChildProcess;
  let stopping = false;
  let everReady = false;
  const { promise: ready, resolve, reject } = Promise.withResolvers<unknown>();

  function spawn() {
    current = fork(main, args, {
      detached: true,
      stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
      execArgv: [],
    });
    current.on('message', (message) => {
      everReady = true;
      resolve((message as { ready: unknown }).ready);
    });
    current.on('exit', (code, signal) => {
      if (stopping) return;
      const why = `${name} ended (${signal ?? `exit code ${code}`})`;
      if (!everReady) return reject(new Error(why));
      onRestart(why);
      setTimeout(() => {
        if (!stopping) spawn();
      }, restartAfterMs);
    });
  }
  spawn();

  return {
    name,
    ready,
    async stop() {
      stopping = true;
      const child = current;
      if (child.exitCode !== null || child.signalCode !== null) return;
      const gone = new Promise<void>((done) => child.once('exit', () => done()));
      child.kill('SIGTERM');
      const kill = setTimeout(() => child.kill('SIGKILL'), killAfterMs);
      await gone;
      clearTimeout(kill);
    },
  };
}
