import { DatabaseError } from '#platform/database-error.ts';
import type { Database, Ports, StreamEvents } from '#platform/ports.ts';

/** The ports of one life of a process that runs inside this one. */
export interface Mortal {
  ports: Ports;
  /**
   * As kill -9: from now on nothing that it does has an effect, no timer of it fires, its connections are gone,
   * and what it had committed stays. Resolves when its files are free.
   */
  kill(): Promise<void>;
}

/** How many calls wait for a disk now, of all lives together. */
export interface DiskWork {
  waiting: number;
}

export function mortal(real: Ports, disk: DiskWork): Mortal {
  let alive = true;
  const ends = new Set<() => unknown>();
  const databases: Database[] = [];
  const whileAlive = <A extends unknown[]>(then: (...args: A) => void) => {
    return (...args: A) => {
      if (alive) then(...args);
    };
  };
  const onDisk = async <T>(call: () => Promise<T>): Promise<T> => {
    if (!alive) throw new DatabaseError('closed', 'this process was killed');
    disk.waiting += 1;
    try {
      return await call();
    } finally {
      disk.waiting -= 1;
    }
  };
  const heard = (events: StreamEvents): StreamEvents => ({
    onData: whileAlive((bytes, at) => events.onData(bytes, at)),
    onClose: whileAlive((reason) => events.onClose(reason)),
  });

  const ports: Ports = {
    ...real,
    clock: {
      wall: () => real.clock.wall(),
      monotonic: () => real.clock.monotonic(),
      after: (ms, then) => real.clock.after(ms, whileAlive(then)),
    },
    databases: {
      async open(name, durability, schema) {
        const file = await onDisk(() => real.databases.open(name, durability, schema));
        databases.push(file);
        return {
          read: (sql, params) => onDisk(() => file.read(sql, params)),
          commit: (statements) => onDisk(() => file.commit(statements)),
          close: () => file.close(),
        };
      },
    },
    mqtt: {
      connect(options) {
        const link = real.mqtt.connect({
          ...options,
          onUp: whileAlive(() => options.onUp()),
          onDown: whileAlive((reason) => options.onDown(reason)),
          onMessage: whileAlive((topic, payload) => options.onMessage(topic, payload)),
        });
        ends.add(() => link.close());
        return link;
      },
    },
    streams: {
      async open(address, events, timeoutMs) {
        const stream = await real.streams.open(address, heard(events), timeoutMs);
        if (alive) ends.add(() => stream.close());
        else stream.close();
        return stream;
      },
    },
    listening: {
      async listen(at, onConnection) {
        const listener = await real.listening.listen(at, (stream, remote) =>
          heard(onConnection(stream, remote)),
        );
        ends.add(() => listener.close());
        return listener;
      },
    },
  };
  return {
    ports,
    async kill() {
      alive = false;
      await Promise.allSettled([...ends].map(async (end) => end()));
      await Promise.allSettled(databases.map((file) => file.close()));
    },
  };
}
