import { rmSync } from 'node:fs';
import type { ByteStream, ListenPort } from '#platform/ports.ts';
import { linkTo, openPty } from './pty.ts';
import type { Wire } from './wire.ts';

/** A serial line with whoever has opened its other end; what is said while nobody is there is lost. */
export interface ServedLine {
  /** For the edge's file: `tty:/path` or `tcp://host:port`. */
  address: string;
  /** Null on a tty. */
  port: number | null;
  write(bytes: Uint8Array): void;
  close(): Promise<void>;
}

/** Serves a line on a tty or as a serial device server: one client at a time, the newest. */
export async function serveLine(
  listen: ListenPort,
  wire: Wire,
  onData: (bytes: Uint8Array) => void,
): Promise<ServedLine | { kind: 'absent'; reason: string }> {
  if (wire.kind === 'tcp') {
    let client: ByteStream | null = null;
    const listener = await listen.listen({ host: wire.host, port: wire.port }, (stream) => {
      client?.close();
      client = stream;
      return {
        onData: (bytes) => {
          if (client === stream) onData(bytes);
        },
        onClose: () => void (client = client === stream ? null : client),
      };
    });
    return {
      address: `tcp://${wire.host}:${listener.port}`,
      port: listener.port,
      write: (bytes) => client?.write(bytes),
      close: () => listener.close(),
    };
  }
  const opened = await openPty({ onData, onClose() {} });
  if (opened.kind === 'absent') return opened;
  const { path, stream } = opened.pty;
  linkTo(path, wire.link);
  return {
    address: `tty:${wire.link}`,
    port: null,
    write: (bytes) => stream.write(bytes),
    async close() {
      rmSync(wire.link, { force: true });
      stream.close();
    },
  };
}
