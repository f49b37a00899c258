import { afterEach, describe, expect, test } from 'vitest';
import type { MqttLinkOptions, StreamEvents } from '#platform/ports.ts';
import { type SimulatedPorts, World } from '#platform/simulated/world.ts';
import { matches } from '#platform/simulated/broker.ts';

const worlds: World[] = [];
afterEach(() => {
  for (const world of worlds.splice(0)) world.close();
});

function create(seed: string | number = 1): World {
  const world = new World(seed);
  worlds.push(world);
  return world;
}

const schema = 'CREATE TABLE IF NOT EXISTS press (n INTEGER PRIMARY KEY) STRICT';
const insert = (n: number) => [{ sql: 'INSERT INTO press VALUES (?)', params: [n] }];
const rows = (world: World, machine = 'edge') =>
  world
    .machine(machine)
    .disk.look('outbox', 'SELECT n FROM press ORDER BY n')
    .map(({ n }) => n);

/** What became of a promise, told without waiting for it. */
function watch(promise: Promise<unknown>) {
  const seen = { state: 'pending', value: undefined as unknown };
  promise.then(
    (value) => Object.assign(seen, { state: 'resolved', value }),
    (error) => Object.assign(seen, { state: 'rejected', value: (error as Error).message }),
  );
  return seen;
}

async function settled<T>(world: World, promise: Promise<T>): Promise<T> {
  const seen = watch(promise);
  await world.run({ whileTrue: () => seen.state === 'pending' });
  return promise;
}

function link(ports: SimulatedPorts, clientId: string, options: Partial<MqttLinkOptions> = {}) {
  const seen = { ups: 0, downs: [] as string[], messages: [] as string[] };
  const mqtt = ports.mqtt.connect({
    clientId,
    subscribe: ['belfry/#'],
    onUp: () => seen.ups++,
    onDown: (reason) => seen.downs.push(reason),
    onMessage: (topic, payload) => seen.messages.push(`${topic} ${Buffer.from(payload)}`),
    ...options,
  });
  return { mqtt, seen };
}

function ear() {
  const heard = { bytes: [] as number[], chunks: 0, reasons: [] as string[] };
  const events: StreamEvents = {
    onData(bytes) {
      heard.bytes.push(...bytes);
      heard.chunks++;
    },
    onClose: (reason) => heard.reasons.push(reason),
  };
  return { heard, events };
}

describe('one seed', () => {
  /** Everything at once: two machines, all faults, crashes and a broker that restarts. */
  async function life(seed: number): Promise<string> {
    const world = create(seed);
    world.broker.faults = { lost: 0.05, lostPuback: 0.05, duplicate: 0.1, reorder: 0.1, cutSubscriber: 0.05 };
    const edge = world.machine('edge');
    const start = async (ports: SimulatedPorts) => {
      const { mqtt } = link(ports, 'edge', {
        will: () => ({ topic: 'belfry/will', payload: Buffer.from('w') }),
      });
      const db = await ports.databases.open('outbox', 'durable', schema);
      let [row] = await db.read('SELECT coalesce(max(n), 0) AS n FROM press');
      for (let n = Number(row!.n) + 1; ; n++) {
        await db.commit(insert(n));
        await mqtt.publish('belfry/alarm', `${n} ${ports.random.fraction()}`).catch((error: Error) => {
          ports.log.warn('not published', { error });
        });
        await new Promise<void>((then) => ports.clock.after(200 * ports.random.fraction(), then));
      }
    };
    link(world.machine('cloud').boot(), 'cloud');
    for (let i = 0; i < 5; i++) {
      void start(edge.boot());
      world.after(world.random.between(0, 5000), () => world.broker.restart());
      await world.run({ until: world.now + world.random.between(1000, 20_000) });
    }
    return world.trace.join('\n');
  }

  test('twice gives the same log, byte for byte; another gives another', async () => {
    const first = await life(7);
    expect(first.split('\n').length).toBeGreaterThan(500);
    expect(await life(7)).toBe(first);
    expect(await life(8)).not.toBe(first);
  });
});

describe('time', () => {
  test('passes only in the world, in order of time and then of asking', async () => {
    const world = create();
    const { clock } = world.machine('edge').boot();
    const order: string[] = [];
    clock.after(20, () => order.push('c'));
    clock.after(10, () => order.push('a'));
    clock.after(10, () => order.push('b'));
    clock.after(15, () => order.push('never'))();
    await world.run({ until: 30 });
    expect(order).toEqual(['a', 'b', 'c']);
    expect(world.now).toBe(30);
    expect(clock.monotonic()).toBe(30);
  });

  test('a wall clock jumps alone; the monotonic one begins again with each boot', async () => {
    const world = create();
    const edge = world.machine('edge');
    const before = edge.boot().clock;
    await world.run({ until: 100 });
    edge.skewMs = -3_600_000;
    expect(before.wall()).toBe(Date.UTC(2026, 0, 1) + 100 - 3_600_000);
    expect(before.monotonic()).toBe(100);
    expect(world.machine('cloud').boot().clock.wall()).toBe(Date.UTC(2026, 0, 1) + 100);
    expect(edge.boot().clock.monotonic()).toBe(0);
  });

  test('what runs in circles is found', async () => {
    const world = create();
    const { clock } = world.machine('edge').boot();
    const circle = () => void clock.after(0, circle);
    circle();
    await expect(world.run({ maxEvents: 1000 })).rejects.toThrow('in circles');
  });
});

describe('a crash', () => {
  test('before the commit loses it, between commit and answer keeps it unanswered', async () => {
    const found = new Set<string>();
    for (let seed = 0; seed < 60; seed++) {
      const world = create(seed);
      const edge = world.machine('edge');
      const db = await settled(world, edge.boot().databases.open('outbox', 'durable', schema));
      const commit = watch(db.commit(insert(1)));
      world.after(world.random.between(0, 3), () => edge.crash());
      await world.run({});
      found.add(`${commit.state} ${rows(world).length}`);
    }
    expect([...found].sort()).toEqual(['pending 0', 'pending 1', 'resolved 1']);
  });

  test('stops timers, settles no promise and ends every port', async () => {
    const world = create();
    const edge = world.machine('edge');
    const ports = edge.boot();
    const db = await settled(world, ports.databases.open('outbox', 'durable', schema));
    let fired = false;
    ports.clock.after(10, () => (fired = true));
    edge.crash();
    const late = [db.read('SELECT 1'), db.commit(insert(1)), ports.databases.open('x', 'durable', '')].map(
      watch,
    );
    expect(() => ports.clock.monotonic()).toThrow('edge has crashed');
    expect(() => ports.clock.after(1, () => {})).toThrow('edge has crashed');
    expect(() => ports.random.fraction()).toThrow('edge has crashed');
    await world.run({ until: 1000 });
    expect(fired).toBe(false);
    expect(late.map(({ state }) => state)).toEqual(['pending', 'pending', 'pending']);
    expect(rows(world)).toEqual([]);
  });

  test('the next boot finds the disk as it was', async () => {
    const world = create();
    const edge = world.machine('edge');
    const db = await settled(world, edge.boot().databases.open('outbox', 'durable', schema));
    await settled(world, db.commit(insert(1)));
    edge.crash('power');
    const again = await settled(world, edge.boot().databases.open('outbox', 'durable', schema));
    expect(await settled(world, again.read('SELECT n FROM press'))).toEqual([{ n: 1 }]);
  });

  test('a power cut takes the last commits of a relaxed file, a killed process does not', async () => {
    for (const [how, left] of [
      ['power', 1],
      ['process', 2],
    ] as const) {
      const world = create();
      const edge = world.machine('edge');
      const db = await settled(world, edge.boot().databases.open('outbox', 'relaxed', schema));
      await world.run({ until: 6000 });
      await settled(world, db.commit(insert(1)));
      await settled(world, db.commit(insert(2)));
      edge.crash(how);
      expect(rows(world)).toHaveLength(left);
    }
  });
});

describe('the disk', () => {
  test('a full disk refuses commits and still reads; a failing one does neither', async () => {
    const world = create();
    const { disk } = world.machine('edge');
    const db = await settled(world, world.machine('edge').boot().databases.open('outbox', 'durable', schema));
    disk.failing = 'full';
    await expect(settled(world, db.commit(insert(1)))).rejects.toMatchObject({ code: 'full' });
    expect(await settled(world, db.read('SELECT n FROM press'))).toEqual([]);
    disk.failing = 'io';
    await expect(settled(world, db.read('SELECT n FROM press'))).rejects.toMatchObject({ code: 'io' });
    disk.failing = null;
    await settled(world, db.commit(insert(1)));
    await expect(settled(world, db.commit(insert(1)))).rejects.toMatchObject({ code: 'unique' });
    await expect(settled(world, db.read('SELECT ?', [new Date(0) as never]))).rejects.toMatchObject({
      code: 'parameter',
    });
  });

  test('an earlier copy can be put back, as a restored backup', async () => {
    const world = create();
    const edge = world.machine('edge');
    const db = await settled(world, edge.boot().databases.open('outbox', 'durable', schema));
    await settled(world, db.commit(insert(1)));
    const backup = edge.disk.save('outbox');
    await settled(world, db.commit(insert(2)));
    edge.crash();
    edge.disk.restore('outbox', backup);
    expect(rows(world)).toEqual([1]);
    const again = await settled(world, edge.boot().databases.open('outbox', 'durable', schema));
    await settled(world, again.commit(insert(5)));
    expect(rows(world)).toEqual([1, 5]);
  });

  test('calls are served in order, and one file belongs to one opener', async () => {
    const world = create();
    const { databases } = world.machine('edge').boot();
    const db = await settled(world, databases.open('outbox', 'durable', schema));
    await expect(settled(world, databases.open('outbox', 'durable', schema))).rejects.toMatchObject({
      code: 'in-use',
    });
    const order: number[] = [];
    for (let n = 1; n <= 50; n++) void db.commit(insert(n)).then(() => order.push(n));
    await settled(world, db.close());
    expect(order).toEqual(Array.from({ length: 50 }, (_, i) => i + 1));
    await expect(db.read('SELECT 1')).rejects.toMatchObject({ code: 'closed' });
    await settled(world, databases.open('outbox', 'durable', schema));
  });
});

describe('the broker', () => {
  async function two(seed = 1) {
    const world = create(seed);
    const edge = link(world.machine('edge').boot(), 'edge', {
      will: () => ({ topic: 'belfry/will', payload: Buffer.from('gone') }),
    });
    const cloud = link(world.machine('cloud').boot(), 'cloud');
    await expect(edge.mqtt.publish('belfry/x', '0')).rejects.toThrow('not connected');
    await world.run({ until: 100 });
    expect([edge.seen.ups, cloud.seen.ups]).toEqual([1, 1]);
    return { world, edge, cloud };
  }

  test('brings messages in order and acknowledges them', async () => {
    const { world, edge, cloud } = await two();
    const all = Array.from({ length: 50 }, (_, n) => edge.mqtt.publish('belfry/x', `${n}`));
    await settled(world, Promise.all(all));
    await world.run({ until: 200 });
    expect(cloud.seen.messages).toEqual(Array.from({ length: 50 }, (_, n) => `belfry/x ${n}`));
  });

  test('forgets everything at a restart; the links come back', async () => {
    const { world, edge, cloud } = await two();
    const publish = watch(edge.mqtt.publish('belfry/x', '1'));
    world.broker.restart(3000);
    await world.run({ until: 30_000 });
    expect(publish.state).toBe('rejected');
    expect([edge.seen.ups, cloud.seen.ups]).toEqual([2, 2]);
    expect(edge.seen.downs).toHaveLength(1);
    expect(cloud.seen.messages).toEqual([]);
  });

  test('publishes the will of a killed process at once, of one without power after the keep-alive', async () => {
    for (const [how, after] of [
      ['process', 100],
      ['power', 10_000],
    ] as const) {
      const { world, cloud } = await two();
      world.machine('edge').crash(how);
      await world.run({ until: 100 + after - 1 });
      const early = cloud.seen.messages.length;
      await world.run({ until: 100 + after + 6000 });
      expect(cloud.seen.messages).toEqual(['belfry/will gone']);
      expect(early).toBe(how === 'process' ? 1 : 0);
    }
  });

  test('behind a black hole a publish rejects in its time, and both sides learn', async () => {
    const { world, edge, cloud } = await two();
    world.network.blackholes.add('edge');
    const publish = watch(edge.mqtt.publish('belfry/x', '1'));
    await world.run({ until: 60_000 });
    expect(publish).toEqual({ state: 'rejected', value: 'no PUBACK within 5000 ms' });
    expect(cloud.seen.messages).toEqual(['belfry/will gone']);
    world.network.blackholes.clear();
    await world.run({ until: 90_000 });
    expect(edge.mqtt.up).toBe(true);
  });

  test('each fault does what it says', async () => {
    const outcome = async (fault: keyof World['broker']['faults']) => {
      const { world, edge, cloud } = await two();
      world.broker.faults[fault] = 1;
      const publish = watch(edge.mqtt.publish('belfry/x', '1'));
      await world.run({ until: 1200 });
      return [publish.state, cloud.seen.messages.filter((message) => message === 'belfry/x 1').length];
    };
    expect(await outcome('lost')).toEqual(['rejected', 0]);
    expect(await outcome('lostPuback')).toEqual(['rejected', 1]);
    expect(await outcome('duplicate')).toEqual(['resolved', 2]);
    expect((await outcome('cutSubscriber'))[1]).toBe(0);
    const { world, edge, cloud } = await two();
    world.broker.faults.reorder = 0.5;
    for (let n = 0; n < 50; n++) void edge.mqtt.publish('belfry/x', `${n}`);
    await world.run({ until: 5000 });
    const order = cloud.seen.messages.map((message) => Number(message.split(' ')[1]));
    expect(order).toHaveLength(50);
    expect(order).not.toEqual(order.toSorted((a, b) => a - b));
  });

  test('takes topic filters as MQTT does', () => {
    expect(matches('belfry/+/+/alarm', 'belfry/v1/c/alarm')).toBe(true);
    expect(matches('belfry/+/alarm', 'belfry/v1/c/alarm')).toBe(false);
    expect(matches('belfry/#', 'belfry')).toBe(true);
    expect(matches('belfry/#', 'belfry/a/b')).toBe(true);
    expect(matches('belfry/a', 'belfry/a/b')).toBe(false);
  });
});

describe('tcp', () => {
  async function connected(seed = 1) {
    const world = create(seed);
    const [near, far] = [ear(), ear()];
    const centre = world.machine('centre').boot();
    const { port } = await centre.listening.listen({ host: 'centre', port: 0 }, (stream) => ({
      onData(bytes, at) {
        far.events.onData(bytes, at);
        stream.write(bytes);
      },
      onClose: far.events.onClose,
    }));
    const edge = world.machine('edge').boot();
    const dial = () => edge.streams.open({ kind: 'tcp', host: 'centre', port }, near.events);
    return { world, near: near.heard, far: far.heard, port, dial, stream: await settled(world, dial()) };
  }

  test('bytes arrive in order, in any pieces, and the end after them', async () => {
    const { world, near, far, stream } = await connected();
    world.network.splitting = 1;
    const bytes = Array.from({ length: 100 }, (_, i) => i);
    for (const byte of bytes) stream.write(Uint8Array.of(byte, 255));
    await world.run({ until: world.now + 100 });
    expect(far.bytes).toEqual(bytes.flatMap((byte) => [byte, 255]));
    expect(far.chunks).toBe(200);
    expect(near.bytes).toEqual(far.bytes);
    stream.write(Uint8Array.of(1));
    stream.close();
    await world.run({ until: world.now + 100 });
    expect(far.bytes).toHaveLength(201);
    expect([near.reasons, far.reasons]).toEqual([['closed by us'], ['closed by the other side']]);
  });

  test('a killed peer resets, a powerless one leaves the stream half-open', async () => {
    const killed = await connected();
    killed.world.machine('centre').crash();
    await killed.world.run({ until: 1000 });
    expect(killed.near.reasons).toEqual(['connection reset by the other side']);
    await expect(settled(killed.world, killed.dial())).rejects.toThrow('connection refused');
    const dark = await connected();
    dark.world.machine('centre').crash('power');
    dark.stream.write(Uint8Array.of(1));
    await dark.world.run({ until: 1000 });
    expect(dark.near.reasons).toEqual([]);
  });

  test('a black hole swallows bytes and dials without a word; a reset is told to both', async () => {
    const { world, near, far, stream, dial } = await connected();
    world.network.blackholes.add('centre');
    stream.write(Uint8Array.of(1));
    const dialled = world.now;
    await expect(settled(world, dial())).rejects.toThrow('no answer within 4000 ms');
    expect(world.now - dialled).toBeCloseTo(4000);
    expect([far.bytes, near.reasons]).toEqual([[], []]);
    world.network.blackholes.clear();
    world.network.reset('centre');
    await world.run({ until: world.now + 10 });
    expect([near.reasons, far.reasons]).toEqual([
      ['connection reset by the other side'],
      ['connection reset by the other side'],
    ]);
  });
});

describe('a serial wire', () => {
  async function wired() {
    const world = create();
    const wire = world.network.wire(
      { machine: 'edge', path: '/dev/ttyS0' },
      { machine: 'unit', path: '/dev/ttyB' },
    );
    const [a, b] = [ear(), ear()];
    const [edge, unit] = [world.machine('edge').boot(), world.machine('unit').boot()];
    const open = () => edge.streams.open({ kind: 'tty', path: '/dev/ttyS0', baudRate: 9600 }, a.events);
    const near = await settled(world, open());
    const far = await settled(
      world,
      unit.streams.open({ kind: 'tty', path: '/dev/ttyB', baudRate: 9600 }, b.events),
    );
    return { world, wire, near, far, open, a: a.heard, b: b.heard };
  }

  test('carries bytes at its baud rate, and vanishes with its adapter', async () => {
    const { world, near, far, open, a, b } = await wired();
    const from = world.now;
    near.write(new Uint8Array(96));
    await world.run({ whileTrue: () => b.bytes.length < 96 });
    expect(world.now - from).toBeCloseTo(100);
    far.write(Uint8Array.of(5));
    await world.run({ until: world.now + 10 });
    expect(a.bytes).toEqual([5]);
    await expect(settled(world, open())).rejects.toThrow('in use by another process');
    world.network.setTty('edge', '/dev/ttyS0', false);
    await world.run({ until: world.now + 10 });
    expect(a.reasons).toEqual(['the tty is gone']);
    await expect(settled(world, open())).rejects.toThrow('no such tty');
    world.network.setTty('edge', '/dev/ttyS0', true);
    await settled(world, open());
  });

  test('corrupts and loses bytes as told, and a pulled cable swallows them', async () => {
    const { world, wire, near, b } = await wired();
    const send = async () => {
      b.bytes.length = 0;
      near.write(new Uint8Array(1000));
      await world.run({ until: world.now + 2000 });
      return b.bytes;
    };
    wire.corruption = 0.1;
    const corrupted = await send();
    expect(corrupted).toHaveLength(1000);
    expect(corrupted.filter((byte) => byte !== 0).length).toBeGreaterThan(50);
    wire.loss = 0.1;
    expect((await send()).length).toBeLessThan(950);
    wire.plugged = false;
    expect(await send()).toEqual([]);
  });
});
