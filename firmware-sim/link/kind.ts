import { connect, createServer, type AddressInfo, type Socket } from 'node:net';
import { z } from 'zod';
import { id } from '#protocols/signal.ts';
import { act, simulatorKind } from '../kind.ts';
import { port } from '../wire.ts';

/** Bytes held for a link that is cut; above it a connection is reset. */
const heldLimit = 1 << 20;

/** TCP links that can be cut: what stands between two programs when the cable, the router or the line is bad. */
export const links = simulatorKind({
  entry: z.strictObject({
    id,
    port,
    to: z
      .string()
      .regex(/^127(\.\d{1,3}){3}:\d{1,5}$/, 'use 127.0.0.1:port')
      .describe('where it leads, on this machine'),
  }),
  group: 'links',
  description: z.object({ host: z.string(), port: z.int() }),
  async start(bench, entry) {
    const [host = '', target = ''] = entry.to.split(':');
    const sockets = new Set<Socket>();
    let state: 'up' | 'cut' | 'refused' = 'up';
    let cancelRestore = () => {};

    const server = createServer({ noDelay: true, pauseOnConnect: true }, (client) => {
      if (state === 'refused') return client.resetAndDestroy();
      const far = connect({ host, port: Number(target), noDelay: true });
      for (const [from, to] of [
        [client, far],
        [far, client],
      ] as const) {
        sockets.add(from);
        from.on('data', (bytes) => {
          to.write(bytes);
          if (to.writableLength > heldLimit) from.resetAndDestroy();
        });
        from.on('error', () => from.destroy());
        from.on('end', () => to.end());
        from.on('close', () => {
          sockets.delete(from);
          to.destroy();
        });
        if (state === 'cut') from.pause();
        else from.resume();
      }
    });
    const taken = await bench.atPort(
      entry.port,
      (port) =>
        new Promise<{ port: number }>((resolve, reject) => {
          server.once('error', reject);
          server.listen(port, bench.host, () => {
            server.removeListener('error', reject);
            server.on('error', () => {});
            resolve({ port: (server.address() as AddressInfo).port });
          });
        }),
    );

    function restore(): void {
      cancelRestore();
      state = 'up';
      // TCP sends again what was lost meanwhile: the connections that lived through the cut go on.
      for (const socket of sockets) socket.resume();
    }

    return {
      async close() {
        cancelRestore();
        for (const socket of sockets) socket.destroy();
        await new Promise((done) => server.close(done));
      },
      parts: [
        {
          id: entry.id,
          description: { host: bench.host, port: taken.port },
          wiring: null,
          state: () => ({ state, connections: sockets.size / 2 }),
          acts: {
            cut: act(
              z.strictObject({
                how: z
                  .enum(['silent', 'refused'])
                  .default('silent')
                  .describe('silent: nothing passes and nobody is told; refused: connections are reset'),
                for_s: z.number().positive().max(86_400).optional().describe('without it until restored'),
              }),
              ({ how, for_s }) => {
                cancelRestore();
                state = how === 'silent' ? 'cut' : 'refused';
                for (const socket of sockets) {
                  if (how === 'silent') socket.pause();
                  else socket.resetAndDestroy();
                }
                if (for_s !== undefined) cancelRestore = bench.clock.after(for_s * 1000, restore);
              },
            ),
            restore: act(z.strictObject({}), restore),
          },
        },
      ],
    };
  },
});
