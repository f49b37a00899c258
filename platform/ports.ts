/**
 * What the alarm path asks of the world, as narrow ports. The composition root passes in the real ones
 * (`platform/real/`) or the simulated ones (`platform/simulated/`); the path itself never touches `Date`,
 * timers, sockets, files or randomness. A set of ports belongs to one incarnation of a process.
 */

import type { HttpPort } from './http.ts';

/** Time, passed in. Durations come from `monotonic`, instants from `wall`; never mix the two. */
export interface Clock {
  /** UTC milliseconds of this machine's wall clock. It may jump by hours in either direction. */
  wall(): number;
  /** Milliseconds of a clock that only goes forward. Its zero means nothing. */
  monotonic(): number;
  /** Calls `then` once, `ms` milliseconds from now. Returns what cancels it (calling that late is harmless). */
  after(ms: number, then: () => void): () => void;
}

export interface Randomness {
  /** Uniform in [0, 1). */
  fraction(): number;
  bytes(count: number): Uint8Array;
}

export type SqlValue = string | number | bigint | boolean | null | Uint8Array;
export type Row = Record<string, SqlValue>;
export interface Statement {
  sql: string;
  params?: readonly SqlValue[];
}
export interface StatementResult {
  /** Rows changed by INSERT, UPDATE or DELETE. */
  changes: number;
  /** What RETURNING gave. */
  rows: Row[];
}

/**
 * A SQLite database file. Two calls only: no transaction spans an await, and deduplication rests on UNIQUE,
 * not on read-then-write. Both reject with a `DatabaseError` when the disk fails or the file is closed.
 */
export interface Database {
  read<T extends Row = Row>(sql: string, params?: readonly SqlValue[]): Promise<T[]>;
  /** Runs the statements in one transaction; resolves only when they are durable (synchronous=FULL). */
  commit(statements: readonly Statement[]): Promise<StatementResult[]>;
  close(): Promise<void>;
}

/** `durable`: WAL, synchronous=FULL. `relaxed`: synchronous=NORMAL, may lose the last commits at a power cut. */
export type Durability = 'durable' | 'relaxed';

export interface DatabasePort {
  /** Opens (and creates) the named database of this process, and runs `schema` (idempotent DDL) on it. */
  open(name: string, durability: Durability, schema: string): Promise<Database>;
}

/** The disk under the database files of this process, for whoever must live with a bad one. All reject with a `DatabaseError`. */
export interface DiskPort {
  /**
   * Moves a damaged file, which must be closed, out of the way: under a name with the time `at` (UTC ms), for
   * people. Resolves with that name. The next `open` begins an empty file.
   */
  setAside(name: string, at: number): Promise<string>;
  /** Bytes that this process may still write on the disk of its files. */
  freeBytes(): Promise<number>;
  /**
   * Holds so many bytes of the disk back in a file that says nothing; 0 gives them free. Idempotent. Rejects with
   * `full` when there is no room for it (and then holds nothing).
   */
  holdBack(bytes: number): Promise<void>;
}

/** Small files of this process beside its databases: pictures. All reject with a `DatabaseError`. */
export interface FilePort {
  /** Whole or not at all, durable when it resolves. A name is `xx/rest`: a-z, 0-9, dots. */
  write(name: string, bytes: Uint8Array): Promise<void>;
  /** Null: there is none. */
  read(name: string): Promise<Uint8Array | null>;
  /** Idempotent. */
  remove(name: string): Promise<void>;
  list(): Promise<string[]>;
}

export interface MqttMessage {
  topic: string;
  payload: Uint8Array;
}

/** One MQTT connection that is kept up for ever: it reconnects by itself, with back-off and jitter. */
export interface MqttLink {
  readonly up: boolean;
  /**
   * QoS 1. Rejects at once while the link is down, and after `timeoutMs` without a PUBACK (which closes the
   * connection). It queues nothing: the outbox is the only queue. A PUBACK promises nothing about the cloud.
   */
  publish(topic: string, payload: string): Promise<void>;
  /**
   * No callback comes after it. The broker publishes the will, as after a crash; `withheld` says DISCONNECT, and
   * the broker keeps it to itself (unless the connection is dead: then gone is gone).
   */
  close(will?: 'published' | 'withheld'): Promise<void>;
}

export interface MqttLinkOptions {
  clientId: string;
  /** Topic filters, subscribed with QoS 1 before every `onUp`; clean session always. */
  subscribe: readonly string[];
  /** Asked before each connection, so that will and birth can carry the same session. */
  will?: () => MqttMessage;
  /** Time to wait for a PUBACK before the connection is given up. Default 5000. */
  publishTimeoutMs?: number;
  onUp(): void;
  /** The connection is lost, or the first attempt to have one has failed; not again before the next `onUp`. */
  onDown(reason: string): void;
  /**
   * Must return quickly: it is called in order, and a slow handler delays all that follow. `retained`: the broker
   * kept it from earlier.
   */
  onMessage(topic: string, payload: Uint8Array, retained?: boolean): void;
}

export interface MqttPort {
  connect(options: MqttLinkOptions): MqttLink;
}

/** Who may sign in at a broker of our own. */
export interface BrokerLogin {
  username: string;
  /** Of the password, as `hashOf` makes it. */
  passwordHash: string;
  /** Topic filters: it may publish and subscribe inside of these only. */
  publish: readonly string[];
  subscribe: readonly string[];
}

/** What a broker of our own sees of one of its logins. `from`: the address of the peer. */
export type LoginNews =
  | { kind: 'signed-in'; from: string }
  | { kind: 'wrong-password'; from: string }
  /** It published where it may not; that was dropped. */
  | { kind: 'foreign-topic'; topic: string }
  /** It sends more than it may and is held to that. */
  | { kind: 'flood'; perSecond: number }
  /** Its last connection has ended. */
  | { kind: 'gone'; reason: string };

export interface BrokerPlace {
  host: string;
  /** 0 asks for a free one. */
  port: number;
  /** PEM. Without it nothing is encrypted. */
  tls?: { cert: string; key: string } | undefined;
  /** Connections at once, signed in or not. */
  connections: number;
  /** Messages of one login; what is beyond waits, and too much of that ends its connection. */
  messagesPerSecond: number;
  maxPacketBytes: number;
}

export interface BrokerServing {
  logins: readonly BrokerLogin[];
  /** A message inside of what its login may publish; never one that was kept from earlier. Must return quickly. */
  onMessage(username: string, topic: string, payload: Uint8Array): void;
  onNews(username: string, news: LoginNews): void;
}

/** Brokers of our own, to which devices connect (MQTT 3.1.1). They keep nothing: no sessions, no retained messages. */
export interface BrokerPort {
  /** Rejects when it cannot listen. */
  serve(at: BrokerPlace, serving: BrokerServing): Promise<Listener>;
}

/** Where bytes go: a tty of this machine, or a TCP peer (a serial device server, a receiver at 110). */
export type StreamAddress =
  | {
      kind: 'tty';
      path: string;
      baudRate: number;
      dataBits?: 7 | 8;
      parity?: 'none' | 'even' | 'odd';
      stopBits?: 1 | 2;
    }
  | { kind: 'tcp'; host: string; port: number; localAddress?: string };

export interface StreamEvents {
  /** `at` is the monotonic time at which these bytes were read. */
  onData(bytes: Uint8Array, at: number): void;
  /** Called once, also after `close()`. */
  onClose(reason: string): void;
}

export interface ByteStream {
  /** Never throws; bytes written to a closed stream are dropped (`onClose` has told). */
  write(bytes: Uint8Array): void;
  close(): void;
}

export interface StreamPort {
  /** Rejects when the address cannot be opened within `timeoutMs` (default 4000). No retry: callers own that. */
  open(address: StreamAddress, events: StreamEvents, timeoutMs?: number): Promise<ByteStream>;
}

export interface Listener {
  readonly port: number;
  close(): Promise<void>;
}

/** Serving bytes: simulators and receivers. `port` 0 asks for a free one. */
export interface ListenPort {
  listen(
    at: { host: string; port: number },
    onConnection: (stream: ByteStream, remote: string) => StreamEvents,
  ): Promise<Listener>;
}

export type LogFields = Record<string, unknown>;
export interface Log {
  debug(message: string, fields?: LogFields): void;
  info(message: string, fields?: LogFields): void;
  warn(message: string, fields?: LogFields): void;
  error(message: string, fields?: LogFields): void;
  child(fields: LogFields): Log;
}

/** All that a process of the alarm path is given. */
export interface Ports {
  clock: Clock;
  random: Randomness;
  databases: DatabasePort;
  disk: DiskPort;
  mqtt: MqttPort;
  streams: StreamPort;
  listening: ListenPort;
  log: Log;
  /** Not in every world: what needs it says so at its start. */
  http?: HttpPort;
  /** Where pictures are kept. Not in every world. */
  files?: FilePort;
  /** Brokers of devices on the campus, by URL with credentials. Not in every world. */
  brokerAt?(url: string): MqttPort;
  /** Not in every world. */
  brokers?: BrokerPort;
}
