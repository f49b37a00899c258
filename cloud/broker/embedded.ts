import type { EventEmitter } from 'node:events';
import net from 'node:net';
import { Aedes, type Client } from 'aedes';
import type { Log } from '#platform/ports.ts';
import { bounded } from '#platform/packet-meter.ts';

/** The longest packet that is taken; ours are a few kilobytes. */
export const maxPacketBytes = 256 * 1024;
/** A subscriber that does not read for so long is cut off: what it does not take holds up all others. */
const drainTimeoutMs = 2000;
const connectTimeoutMs = 5000;

export interface EmbeddedBroker {
  readonly port: number;
  close(): Promise<void>;
}

/**
 * The broker inside this process (MQTT 3.1.1). It keeps nothing: no sessions, no retained messages; its PUBACK
 * promises nothing, since alarms are answered by the cloud. Rejects with the system's error (`code` EADDRINUSE,
 * EACCES) when it cannot listen. `port` 0 asks for a free one.
 */
export async function startEmbeddedBroker(at: {
  host: string;
  port: number;
  log: Log;
}): Promise<EmbeddedBroker> {
  const { log } = at;
  const broker = new Aedes({
    connectTimeout: connectTimeoutMs,
    drainTimeout: drainTimeoutMs,
    // The 23 of MQTT 3.1 is too short for ids that name a gateway.
    maxClientsIdLength: 128,
    preConnect(_client, packet, done) {
      // A session that outlives its connection would grow in memory without a bound.
      packet.clean = true;
      done(null, true);
    },
    authorizePublish(_client, packet, done) {
      if (packet.topic.startsWith('$')) return done(new Error(`nobody publishes on ${packet.topic}`));
      packet.retain = false;
      done();
    },
    authorizeSubscribe(_client, subscription, done) {
      // It would be granted and then deliver nothing; null is an honest SUBACK 128.
      done(null, subscription.topic.startsWith('$share/') ? null : subscription);
    },
  });
  // The types know of no 'error', yet without a listener it would end the process.
  (broker as EventEmitter).on('error', (error: Error) =>
    log.error('the embedded broker failed', { error: error.message }),
  );
  const cut = (client: Client | null, error: Error) =>
    log.warn('the embedded broker cut a connection', { client: client?.id, reason: error.message });
  broker.on('clientError', cut);
  broker.on('connectionError', cut);
  await broker.listen();

  const sockets = new Set<net.Socket>();
  const server = net.createServer({ noDelay: true }, (socket) => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
    broker.handle(bounded(socket, maxPacketBytes));
  });
  const shutBroker = () => new Promise<void>((resolve) => broker.close(() => resolve()));

  try {
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen(at.port, at.host, resolve);
    });
  } catch (error) {
    await shutBroker();
    throw error;
  }
  server.on('error', (error) => log.error('the embedded broker cannot accept', { error: error.message }));

  return {
    port: (server.address() as net.AddressInfo).port,
    async close() {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      await shutBroker();
      for (const socket of sockets) socket.destroy();
      await closed;
    },
  };
}
