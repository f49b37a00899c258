import net from 'node:net';
import { SerialPort } from 'serialport';
import type { ByteStream, ListenPort, StreamAddress, StreamEvents, StreamPort } from '#platform/ports.ts';

/** Default time for an address to open, in milliseconds. */
const openTimeoutMs = 4000;
/** Bytes that may wait for a peer which does not read; above it the stream is closed. */
const writeLimit = 1 << 20;
/** Silence after which the kernel asks a TCP peer whether it is still there. */
const keepAliveMs = 10_000;
/** How often a tty is asked whether it is still there. */
const ttyCheckMs = 1000;
/** Time that written bytes get to leave after `close()`. */
const lingerMs = 1000;

/** Streams over this machine's ttys and TCP. */
export const realStreams: StreamPort = {
  open: (address, events, timeoutMs = openTimeoutMs) =>
    address.kind === 'tty' ? openTty(address, events, timeoutMs) : openTcp(address, events, timeoutMs),
};

export const realListening: ListenPort = {
  listen(at, onConnection) {
    const sockets = new Set<net.Socket>();
    const server = net.createServer({ noDelay: true }, (socket) => {
      sockets.add(socket);
      socket.once('close', () => sockets.delete(socket));
      const events: StreamEvents = onConnection(
        overSocket(socket, {
          onData: (bytes, at) => events.onData(bytes, at),
          onClose: (reason) => events.onClose(reason),
        }),
        `${socket.remoteAddress}:${socket.remotePort}`,
      );
    });
    return new Promise((resolve, reject) => {
      server.once('error', (error) =>
        reject(new Error(`cannot listen on ${at.host}:${at.port}: ${plain(error)}`, { cause: error })),
      );
      server.listen(at.port, at.host, () => {
        // A later error (out of file descriptors in accept) leaves the listener and its connections in place.
        server.on('error', () => {});
        resolve({
          port: (server.address() as net.AddressInfo).port,
          close: () =>
            new Promise((done) => {
              server.close(() => done());
              for (const socket of sockets) socket.destroy();
            }),
        });
      });
    });
  },
};

function openTcp(
  address: Extract<StreamAddress, { kind: 'tcp' }>,
  events: StreamEvents,
  timeoutMs: number,
): Promise<ByteStream> {
  const { host, port, localAddress } = address;
  return new Promise((resolve, reject) => {
    const fail = (why: string, cause?: Error) => {
      clearTimeout(timer);
      socket.destroy();
      reject(new Error(`cannot connect to ${host}:${port}: ${why}`, { cause }));
    };
    const timer = setTimeout(() => fail(`no answer within ${timeoutMs} ms`), timeoutMs);
    // Without noDelay the first small messages of a connection wait 40 ms for a delayed ACK.
    const socket = net.connect({
      host,
      port,
      localAddress,
      noDelay: true,
      keepAlive: true,
      keepAliveInitialDelay: keepAliveMs,
    });
    // Stays on, since an error without a listener would end the process.
    socket.on('error', (error) => fail(plain(error), error));
    socket.once('connect', () => {
      clearTimeout(timer);
      resolve(overSocket(socket, events));
    });
  });
}

function overSocket(socket: net.Socket, events: StreamEvents): ByteStream {
  let closing: string | null = null;
  let linger: NodeJS.Timeout | undefined;
  socket.on('error', (error) => (closing ??= plain(error)));
  socket.on('data', (bytes) => {
    if (closing === null) events.onData(bytes, performance.now());
  });
  socket.once('end', () => (closing ??= 'closed by the other side'));
  socket.once('close', () => {
    clearTimeout(linger);
    events.onClose(closing ?? 'closed');
  });
  return {
    write(bytes) {
      if (closing !== null || socket.destroyed) return;
      socket.write(bytes);
      if (socket.writableLength > writeLimit) {
        closing = 'the other side does not read';
        socket.destroy();
      }
    },
    close() {
      if (closing === null) closing = 'closed by us';
      if (socket.destroyed) return;
      socket.destroySoon();
      linger ??= setTimeout(() => socket.destroy(), lingerMs);
    },
  };
}

function openTty(
  address: Extract<StreamAddress, { kind: 'tty' }>,
  events: StreamEvents,
  timeoutMs: number,
): Promise<ByteStream> {
  const { kind: _, ...options } = address;
  return new Promise((resolve, reject) => {
    let waiting = true;
    const fail = (why: string, cause?: Error) => {
      waiting = false;
      clearTimeout(timer);
      reject(new Error(`cannot open ${address.path}: ${why}`, { cause }));
    };
    const timer = setTimeout(() => fail(`it did not open within ${timeoutMs} ms`), timeoutMs);
    const port = new SerialPort({ ...options, autoOpen: false });
    // Modem lines are neither set nor asked: ptys and many adapters answer ENOTTY, and the kernel raises DTR
    // and RTS on open by itself.
    port.on('error', () => {});
    port.open((error) => {
      if (!waiting) {
        if (!error) port.close(() => {});
      } else if (error) {
        fail(plainTty(error), error);
      } else {
        clearTimeout(timer);
        resolve(overTty(port, events));
      }
    });
  });
}

function overTty(port: SerialPort, events: StreamEvents): ByteStream {
  let closing: string | null = null;
  const end = (reason: string) => {
    if (closing !== null) return;
    closing = reason;
    port.close(() => {});
  };
  // A hung-up tty reads as empty for ever, and serialport then reads on and on at full CPU without a word. Its
  // modem lines tell: EIO when it is gone, while those that have none (ptys) say ENOTTY.
  const watch = setInterval(() => {
    port.get((error) => {
      if (error && /Input\/output error|No such device|Bad file/i.test(error.message)) end('the tty is gone');
    });
  }, ttyCheckMs);
  port.on('error', (error) => end(plainTty(error)));
  // Without a data listener a vanished tty goes unnoticed until the next write.
  port.on('data', (bytes: Uint8Array) => {
    if (closing === null) events.onData(bytes, performance.now());
  });
  port.once('close', (error: Error | null) => {
    clearInterval(watch);
    events.onClose(closing ?? (error ? `the tty is gone (${error.message})` : 'the tty is gone'));
    closing ??= 'gone';
  });
  return {
    write(bytes) {
      if (closing !== null || !port.isOpen) return;
      port.write(Buffer.from(bytes));
      if (port.writableLength > writeLimit) end('the tty does not take bytes');
    },
    close: () => end('closed by us'),
  };
}

const sentences: Record<string, string> = {
  ECONNREFUSED: 'connection refused',
  ECONNRESET: 'connection reset by the other side',
  EPIPE: 'connection reset by the other side',
  EHOSTUNREACH: 'no route to the host',
  ENETUNREACH: 'no route to the network',
  ETIMEDOUT: 'the other side stopped answering',
  ENOTFOUND: 'no such host',
  EADDRNOTAVAIL: 'the local address is not of this machine',
  EADDRINUSE: 'the port is in use',
  EACCES: 'no permission',
};

function plain(error: NodeJS.ErrnoException): string {
  return sentences[error.code ?? ''] ?? error.message;
}

/** serialport tells the errno only by its message. */
function plainTty(error: Error): string {
  if (/lock port|Resource temporarily unavailable|resource busy/i.test(error.message)) {
    return 'it is in use by another process';
  }
  if (/No such file/i.test(error.message)) return 'no such tty';
  if (/Permission denied|access denied/i.test(error.message)) {
    return 'no permission (is this user in the group dialout?)';
  }
  if (/Inappropriate ioctl|Not a tty/i.test(error.message)) return 'it is not a tty';
  return error.message;
}
