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
    ptsName: string;
    master: ReadStream;
    slave: ReadStream;
    on(event: 'error', then: (error: Error) => void): void;
  };
}

/** Bytes that nobody has taken for so long are dropped, as a UART without a listener does. */
const stuckMs = 1000;

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
  let stuckSince: number | null = null;
  const end = (reason: string): void => {
    if (!open) return;
    open = false;
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

  const stream: ByteStream = {
    write(bytes) {
      if (!open) return;
      if (stuckSince !== null && performance.now() - stuckSince > stuckMs) return;
      master.write(bytes, () => {
        if (master.writableLength === 0) stuckSince = null;
      });
      if (master.writableLength > 0) stuckSince ??= performance.now();
    },
    close: () => end('closed by us'),
  };
  return { kind: 'pty', pty: { path, stream } };
}
