import { connect, createServer, type AddressInfo, type Socket } from 'node:net';

/** A TCP link that can be cut, stalled and slowed: what stands between two processes when a cable is bad. */
export interface Proxy {
  readonly port: number;
  /** Resets every connection, and refuses new ones while `down`. */
  cut(down: boolean): void;
  /** Half-open: bytes vanish in both directions, connections stay. */
  stall(on: boolean): void;
  /** Each chunk waits so long, milliseconds. */
  slow(ms: number): void;
  close(): Promise<void>;
}

export async function openProxy(target: number): Promise<Proxy> {
  let down = false;
  let stalled = false;
  let delayMs = 0;
  const sockets = new Set<Socket>();

  const server = createServer({ noDelay: true }, (client) => {
    if (down) return client.resetAndDestroy();
    const upstream = connect({ host: '127.0.0.1', port: target, noDelay: true });
    for (const [from, to] of [
      [client, upstream],
      [upstream, client],
    ] as const) {
      sockets.add(from);
      from.on('data', (bytes) => {
        if (stalled) return;
        if (delayMs === 0) to.write(bytes);
        else setTimeout(() => to.write(bytes), delayMs);
      });
      from.on('error', () => from.destroy());
      from.on('close', () => {
        sockets.delete(from);
        to.destroy();
      });
    }
  });
  server.listen(0, '127.0.0.1');
  await new Promise((done) => server.once('listening', done));

  return {
    port: (server.address() as AddressInfo).port,
    cut(on) {
      down = on;
      if (on) for (const socket of sockets) socket.resetAndDestroy();
    },
    stall(on) {
      stalled = on;
      // What was swallowed cannot be given back: such a connection never recovers, as behind a dead router.
      if (!on) for (const socket of sockets) socket.destroy();
    },
    slow(ms) {
      delayMs = ms;
    },
    async close() {
      for (const socket of sockets) socket.destroy();
      await new Promise((done) => server.close(done));
    },
  };
}
