import { createHmac } from 'node:crypto';
import type { EventEmitter } from 'node:events';
import net from 'node:net';
import tls from 'node:tls';
import { Aedes, type Client } from 'aedes';
import { covers } from '#protocols/mqtt-mappings/filter.ts';
import { fits } from '#platform/credential.ts';
import { bounded } from '#platform/packet-meter.ts';
import type {
  BrokerLogin,
  BrokerPlace,
  BrokerPort,
  BrokerServing,
  Clock,
  Listener,
  Log,
  Randomness,
} from '#platform/ports.ts';
import { messagePace } from './message-pace.ts';

/** A subscriber that does not read for so long is cut off: what it does not take holds up all others. */
const drainTimeoutMs = 2000;
/** For TLS and CONNECT, each. */
const connectTimeoutMs = 5000;
/** Connections of one address that have not signed in (yet). Each costs a look at its password. */
const strangersPerAddress = 16;
/** How long a wrong password waits for its answer: nobody guesses quickly. */
const wrongPasswordMs = 1000;
/** Where a message goes that may go nowhere. Nobody can subscribe to it. */
const nowhere = '$belfry/dropped';

/**
 * Brokers over aedes. Traps: an error of `authorizePublish` ends the connection and the client sends the same again
 * at once, so what may not be published is dropped instead; a client id that somebody else uses too would throw that
 * one out, so ids are told apart by login; there is no limit of packet size or rate, so both are here.
 */
export function realBrokers(world: { clock: Clock; random: Randomness; log: Log }): BrokerPort {
  return { serve: (at, serving) => serve(world, at, serving) };
}

/** What is known of a connection. */
interface Peer {
  from: string;
  login: BrokerLogin | null;
}

async function serve(
  { clock, random, log }: { clock: Clock; random: Randomness; log: Log },
  at: BrokerPlace,
  { logins, onMessage, onNews }: BrokerServing,
): Promise<Listener> {
  const known = new Map(logins.map((login) => [login.username, login]));
  const pace = new Map(
    logins.map(({ username }) => [username, messagePace(clock, at.messagesPerSecond)] as const),
  );
  /** Connections of each login. */
  const sessions = new Map<string, number>();
  const strangers = new Map<string, number>();
  const flooding = new Set<string>();
  const peers = new WeakMap<object, Peer>();
  const peerOf = (client: Client): Peer => peers.get(client.conn)!;
  const passwords = passwordGate(random);
  let closed = false;

  const broker = new Aedes({
    connectTimeout: connectTimeoutMs,
    drainTimeout: drainTimeoutMs,
    maxClientsIdLength: 256,
    maxInflightInbound: 20,
    preConnect(_client, packet, done) {
      // A session that outlives its connection would grow in memory without a bound.
      packet.clean = true;
      if (packet.clientId) packet.clientId = `${packet.username ?? ''} ${packet.clientId}`;
      done(null, true);
    },
    authenticate(client, username, password, done) {
      const peer = peerOf(client);
      const login = known.get(username ?? '');
      const refuse = () => {
        if (login) onNews(login.username, { kind: 'wrong-password', from: peer.from });
        else log.warn('somebody without a login wanted to sign in', { from: peer.from });
        clock.after(wrongPasswordMs, () => {
          done(Object.assign(new Error('bad user name or password'), { returnCode: 4 }) as never, null);
        });
      };
      if (!login || password === undefined) return refuse();
      passwords(login, password).then((right) => {
        if (closed || client.conn.destroyed) return;
        if (!right) return refuse();
        peer.login = login;
        leave(strangers, peer.from);
        sessions.set(login.username, (sessions.get(login.username) ?? 0) + 1);
        onNews(login.username, { kind: 'signed-in', from: peer.from });
        done(null, true);
      }, refuse);
    },
    authorizePublish(client, packet, done) {
      packet.retain = false;
      const login = client && peerOf(client).login;
      if (!client || !login) return done(new Error('nobody has signed in'));
      const verdict = pace.get(login.username)!(() => {
        // The line may have been closed while it waited.
        if (closed) return;
        const { topic } = packet;
        if (login.publish.some((filter) => covers(filter, topic)) && !/[+#]/.test(topic)) {
          onMessage(login.username, topic, bytesOf(packet.payload));
        } else {
          onNews(login.username, { kind: 'foreign-topic', topic });
          packet.topic = nowhere;
          packet.payload = '';
        }
        done();
      });
      if (verdict === 'in-time') flooding.delete(login.username);
      else if (!flooding.has(login.username)) {
        flooding.add(login.username);
        onNews(login.username, { kind: 'flood', perSecond: at.messagesPerSecond });
      }
      if (verdict === 'too-many') client.conn.destroy(new Error('too many messages'));
    },
    authorizeSubscribe(client, subscription, done) {
      const login = client && peerOf(client).login;
      const { topic } = subscription;
      if (login?.subscribe.some((filter) => covers(filter, topic))) return done(null, subscription);
      // No fault: devices ask for group and fallback topics by themselves. The answer is an honest SUBACK 128.
      log.debug('a subscription was refused', { username: login?.username, topic });
      done(null, null);
    },
  });
  // The types know of no 'error', yet without a listener it would end the process.
  (broker as EventEmitter).on('error', (error: Error) =>
    log.error('the local broker failed', { error: error.message }),
  );
  const cut = (client: Client | null, error: Error) =>
    log.info('the local broker ended a connection', {
      from: client && peers.get(client.conn)?.from,
      reason: error.message,
    });
  broker.on('clientError', cut);
  broker.on('connectionError', cut);
  await broker.listen();

  const sockets = new Set<net.Socket>();
  function accept(socket: net.Socket): void {
    const from = socket.remoteAddress ?? 'an unknown address';
    if ((strangers.get(from) ?? 0) >= strangersPerAddress) return void socket.destroy();
    strangers.set(from, (strangers.get(from) ?? 0) + 1);
    const peer: Peer = { from, login: null };
    peers.set(socket, peer);
    sockets.add(socket);
    let reason = 'the device closed the connection';
    socket.once('error', (error) => (reason = error.message));
    socket.once('close', () => {
      sockets.delete(socket);
      if (peer.login === null) return leave(strangers, from);
      const { username } = peer.login;
      if (leave(sessions, username) === 0 && !closed) onNews(username, { kind: 'gone', reason });
    });
    broker.handle(bounded(socket, at.maxPacketBytes));
  }
  const server = at.tls
    ? tls.createServer({ ...at.tls, noDelay: true, handshakeTimeout: connectTimeoutMs }, accept)
    : net.createServer({ noDelay: true }, accept);
  server.maxConnections = at.connections;
  server.on('tlsClientError', (error: Error) => log.info('no TLS with a peer', { reason: error.message }));
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
  server.on('error', (error) => log.error('the local broker cannot accept', { error: error.message }));

  return {
    port: (server.address() as net.AddressInfo).port,
    async close() {
      closed = true;
      const ended = new Promise<void>((resolve) => server.close(() => resolve()));
      for (const socket of sockets) socket.destroy();
      await shutBroker();
      await ended;
    },
  };
}

/** One fewer; how many there are still. */
function leave(counts: Map<string, number>, key: string): number {
  const left = (counts.get(key) ?? 1) - 1;
  if (left <= 0) counts.delete(key);
  else counts.set(key, left);
  return left;
}

/**
 * Looks at passwords, one at a time: a crowd at the door must not take the threads that write the alarms. A password
 * that was right before is known again without the work, so that a whole campus comes back quickly.
 */
function passwordGate(random: Randomness) {
  const key = random.bytes(32);
  const right = new Map<string, string>();
  let last: Promise<unknown> = Promise.resolve();
  return (login: BrokerLogin, password: Uint8Array): Promise<boolean> => {
    const mark = createHmac('sha256', key).update(password).digest('base64');
    if (right.get(login.username) === mark) return Promise.resolve(true);
    const looked = last.then(async () => {
      const good = await fits(password, login.passwordHash);
      if (good) right.set(login.username, mark);
      return good;
    });
    last = looked.catch(() => {});
    return looked;
  };
}

function bytesOf(payload: string | Buffer): Uint8Array {
  return typeof payload === 'string' ? Buffer.from(payload) : payload;
}
