import { writeSync, renameSync, rmSync, symlinkSync } from 'node:fs';
import type { ReadStream } from 'node:tty';
import type { ByteStream, StreamEvents } from '#platform/ports.ts';

/** A pseudoterminal: whoever opens `path` as a serial port speaks with us. */
export interface Pty {
  /** The tty's device, for example `/dev/pts/3`. */
  path: string;
  /** Our end. It stays open while the serial side closes and opens again. */
  stream: ByteStream;
}

export type PtyResult = { kind: 'pty'; pty: Pty } | { kind: 'absent'; reason: string };

/** What we use of `@lydell/node-pty`: `open` and what it gives are not in its types. */
interface NodePty {
  open(options: { encoding: null }): {
    /** Of the master; non-blocking. */
    fd: number;
    ptsName: string;
    master: ReadStream;
    slave: ReadStream;
    on(event: 'error', then: (error: Error) => void): void;
  };
}

/** When nobody has taken a byte for so long, what waits is dropped: a UART without a listener keeps nothing. */
const stuckMs = 1000;
/** The kernel says nothing when there is room again. */
const retryMs = 5;

/**
 * Opens a pseudoterminal in raw mode. `absent` when this machine has no prebuilt `@lydell/node-pty`: the caller
 * then serves by TCP instead.
 */
export async function openPty(events: StreamEvents): Promise<PtyResult> {
  let nodePty: NodePty;
  try {
    nodePty = (await import('@lydell/node-pty')) as unknown as NodePty;
  } catch (error) {
    return { kind: 'absent', reason: `no pseudoterminals on this machine: ${(error as Error).message}` };
  }
  const terminal = nodePty.open({ encoding: null });
  const { master, ptsName: path } = terminal;
  // A terminal whose tty nobody holds open gives EIO for ever, so node-pty's own slave stream holds it; but it
  // must read nothing, or it would eat what is meant for the serial side.
  const holder = Object.assign(terminal.slave, { _read() {} });
  holder.setRawMode(true);

  let open = true;
  let queue: Uint8Array[] = [];
  let stuckSince: number | null = null;
  let retry: NodeJS.Timeout | undefined;
  const end = (reason: string): void => {
    if (!open) return;
    open = false;
    queue = [];
    clearTimeout(retry);
    holder.destroy();
    master.destroy();
    events.onClose(reason);
  };
  // node-pty rethrows an error that has no second listener.
  terminal.on('error', (error) => end(error.message));
  master.on('error', (error: Error) => end(error.message));
  master.on('close', () => end('the pseudoterminal is gone'));
  master.on('data', (bytes: Uint8Array) => {
    if (open) events.onData(bytes, performance.now());
  });

  // Not by `master.write`: libuv writes to a terminal's master blocking, so one that nobody reads would stop this
  // process as soon as the kernel's few kilobytes are full.
  const flush = (): void => {
    clearTimeout(retry);
    while (queue.length > 0) {
      const [chunk] = queue;
      try {
        const written = writeSync(terminal.fd, chunk!);
        stuckSince = null;
        queue[0] = chunk!.subarray(written);
        if (queue[0].length === 0) queue.shift();
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'EAGAIN') return end((error as Error).message);
        stuckSince ??= performance.now();
        if (performance.now() - stuckSince > stuckMs) queue = [];
        else retry = setTimeout(flush, retryMs);
        return;
      }
    }
  };
  const stream: ByteStream = {
    write(bytes) {
      if (!open) return;
      queue.push(bytes);
      flush();
    },
    close: () => end('closed by us'),
  };
  return { kind: 'pty', pty: { path, stream } };
}

/** Makes `link` name this tty from now on, in one step. */
export function linkTo(tty: string, link: string): void {
  const fresh = `${link}.${process.pid}`;
  rmSync(fresh, { force: true });
  symlinkSync(tty, fresh);
  renameSync(fresh, link);
}
