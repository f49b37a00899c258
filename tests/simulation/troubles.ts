import type { CentreMode } from '#sim/centre/behaviour.ts';
import type { MqttMessage } from '#platform/ports.ts';
import type { Seeded } from '#platform/simulated/seeded.ts';
import { centres, type City } from './city.ts';

const hourMs = 3_600_000;

/** One thing that goes wrong for `ms`. What it draws, it draws from its own seed. */
type Trouble = (city: City, ms: number, random: Seeded) => void;

/** What may go wrong, by name, so that a day can be lived with some of it only. */
export const troubles = {
  'the edge crashes': (city, ms, random) => crash(city, 'edge', ms, random),
  'the cloud crashes': (city, ms, random) => crash(city, 'cloud', ms, random),
  'the broker forgets everything': ({ world }, ms) => world.broker.restart(ms),
  'the cloud is overloaded': overload,
  'a slow disk': (city, ms, random) => {
    const { disk } = city.world.machine(either(random, 'edge', 'cloud'));
    disk.slowness = 40;
    city.world.after(ms, () => (disk.slowness = 1));
  },
  'a failing disk': (city, ms, random) => {
    const { disk } = city.world.machine(either(random, 'edge', 'cloud'));
    disk.failing = either(random, 'full', 'io');
    city.world.after(ms, () => (disk.failing = null));
  },
  "the edge's disk is dead": (city, ms, random) => {
    const { disk } = city.world.machine('edge');
    disk.failing = 'io';
    if (random.chance(0.3)) crash(city, 'edge', 200, random);
    city.trouble(4 * ms);
    city.world.after(4 * ms, () => (disk.failing = null));
  },
  'a clock that jumps': (city, ms, random) => {
    const name = either(random, 'edge', 'cloud');
    city.setClock(name, city.world.machine(name).skewMs + random.between(-8 * hourMs, 8 * hourMs));
    if (random.chance(0.5)) city.world.after(ms, () => city.setClock(name, 0));
  },
  'packets vanish': ({ world }, ms, random) => {
    const hole = either(random, 'broker', 'edge', 'cloud', ...centres);
    world.network.blackholes.add(hole);
    world.after(ms, () => world.network.blackholes.delete(hole));
  },
  'a network that is parted': ({ world }, ms, random) => {
    const pair: [string, string] = [
      either(random, 'edge', 'cloud'),
      either(random, 'broker', 'broker', ...centres),
    ];
    world.network.partitions.add(pair);
    world.after(ms, () => world.network.partitions.delete(pair));
  },
  'connections are reset': ({ world }, _ms, random) => world.network.reset(either(random, ...centres)),
  'receipts are lost': ({ world }, ms) => swallow(world, ms, ({ topic }) => topic.endsWith('/receipt')),
  'alarms are lost': ({ world }, ms) => swallow(world, ms, ({ topic }) => topic.endsWith('/alarm')),
  'a centre misbehaves': (city, ms, random) => {
    const centre = city.centre(either(random, ...centres));
    const mode = either<CentreMode>(
      random,
      'silent',
      'reset',
      'refuse-duh',
      'refuse-nak',
      'delay',
      'bad-crc',
      'odd-ack',
    );
    // Some answers come in time, some after the sender has given up.
    centre.behave({ mode, delayMs: either(random, 300, 900, 4000, 15_000) });
    city.world.after(ms, () => centre.behave({ mode: 'acknowledge' }));
  },
  "a centre's clock is off": (city, ms, random) => {
    const centre = city.centre(either(random, ...centres));
    centre.behave({ checkTime: true, clockOffsetMs: either(random, -hourMs, hourMs) });
    city.trouble(3 * ms);
    city.world.after(ms * 3, () => centre.behave({ clockOffsetMs: 0 }));
  },
  'a serial line is cut': (city, ms, random) => {
    const wire = either(random, ...city.wires);
    wire.plugged = false;
    city.world.after(ms, () => (wire.plugged = true));
  },
  'a serial adapter is pulled': (city, ms, random) => {
    const path = `/dev/tty${pick(city, random)}`;
    city.world.network.setTty('edge', path, false);
    city.world.after(ms, () => city.world.network.setTty('edge', path, true));
  },
  'a button loses its power': (city, _ms, random) => city.restartUnit(pick(city, random)),
  'a button is replaced': replaceButton,
  'the broker repeats old messages': ({ world }, ms, random) =>
    repeatOldMessages(world, ms, random, () => true),
  'another gateway has a copy of the card': hearOfAnother,
  'the outbox is an old copy': restoreOutbox,
  "the cloud's store is an old copy": restoreStore,
} satisfies Record<string, Trouble>;
export type TroubleName = keyof typeof troubles;

function either<T>(random: Seeded, ...these: T[]): T {
  return these[Math.floor(random.fraction() * these.length)]!;
}

function pick(city: City, random: Seeded): number {
  return Math.floor(random.fraction() * city.units.length);
}

function crash(city: City, name: 'edge' | 'cloud', ms: number, random: Seeded): void {
  const power = random.chance(0.3);
  if (city.crash(name, power ? 'power' : 'process')) city.world.after(ms, () => city.startIfDown(name));
}

/** Of the telemetry that may wait at the cloud, so much as to have it refused (cloud/ingest/shedding.ts). */
const batchesOfOverload = 900;

/** Another campus sends all at once what it has kept for long: of many epochs, each of which must be looked up. */
function overload({ world }: City): void {
  for (let i = 0; i < batchesOfOverload; i++) {
    const epoch = i.toString(16).padStart(16, '0');
    const message = { kind: 'telemetry', session: 'far', epoch, n: 1, points: [], records: [] };
    const payload = Buffer.from(JSON.stringify(message));
    world.broker.route({ topic: 'belfry/v1/far/far-gateway/telemetry', payload });
  }
}

function swallow(world: City['world'], ms: number, what: (message: MqttMessage) => boolean): void {
  world.broker.swallows = what;
  world.after(ms, () => {
    if (world.broker.swallows === what) world.broker.swallows = () => false;
  });
}

/** What old messages and old copies are made of. */
interface Past {
  messages: MqttMessage[];
  outboxes: Uint8Array[];
  stores: { at: number; bytes: Uint8Array }[];
}
const pasts = new WeakMap<City['world'], Past>();
const copiesEveryMs = 20_000;

/** Keeps what the broker has carried, and from time to time a copy of the outbox and of the store. */
export function remember({ world }: City): void {
  const past: Past = { messages: [], outboxes: [], stores: [] };
  pasts.set(world, past);
  const route = world.broker.route.bind(world.broker);
  world.broker.route = (message) => {
    past.messages.push(message);
    route(message);
  };
  const copy = () => {
    if (past.outboxes.length === 3) return;
    past.outboxes.push(world.machine('edge').disk.save('alarms'));
    past.stores.push({ at: world.now, bytes: world.machine('cloud').disk.save('cloud') });
    world.after(copiesEveryMs, copy);
  };
  copy();
}

function repeatOldMessages(
  world: City['world'],
  ms: number,
  random: Seeded,
  which: (message: MqttMessage) => boolean,
): void {
  const old = pasts.get(world)!.messages.filter(which);
  for (let i = 0; i < 20 && old.length > 0; i++) {
    const message = either(random, ...old);
    world.after(random.between(0, ms), () => world.broker.route(message));
  }
}

/** What the cloud tells another gateway of the same name: its alarms have the same names, and other digests. */
function hearOfAnother(city: City, ms: number): void {
  const { broker, now } = city.world;
  const route = broker.route;
  broker.route = (message) => {
    route(message);
    if (!message.topic.endsWith('/alarm') || city.world.now > now + ms) return;
    const { kind, name, sent_at } = JSON.parse(Buffer.from(message.payload).toString()) as Record<
      string,
      unknown
    >;
    const [epoch] = city.look<{ value: string }>('cloud', "SELECT value FROM meta WHERE key = 'cloud_epoch'");
    if (kind !== 'alarm' || epoch === undefined) return;
    const receipt = {
      kind: 'alarm-receipt',
      cloud_epoch: epoch.value,
      received_at: sent_at,
      sent_at,
      name,
      digest: 'f'.repeat(64),
      state: 'delivered',
      centres: [],
      echo_sent_at: null,
      reported: 0,
      log_head: null,
    };
    const topic = message.topic.replace(/alarm$/, 'receipt');
    city.world.after(1, () => broker.route({ topic, payload: Buffer.from(JSON.stringify(receipt)) }));
  };
}

/** Presses that wait for their sum. */
const openWindow = "SELECT 1 FROM alarms WHERE name LIKE '%#%' AND left_at IS NULL LIMIT 1";

/** Nothing is on its way: what was on a lost card alone, no program can bring back. */
function idle(city: City): boolean {
  const edge = city.edge?.status();
  return (
    edge?.outbox_open === true &&
    edge.alarms.length === 0 &&
    city.look('edge', openWindow).length === 0 &&
    city.memories.every(({ waiting }) => waiting.length === 0) &&
    city.world.machine('edge').disk.failing === null
  );
}

/** Tries every tenth of a second until it may; a day that is over is not disturbed. */
function whenever(city: City, may: () => boolean, then: () => void, tries = 100): void {
  if (may()) then();
  else if (tries > 0) city.world.after(100, () => whenever(city, may, then, tries - 1));
}

/** A card is put back from a copy, and the broker still has receipts of the names that it will give again. */
function restoreOutbox(city: City, ms: number, random: Seeded): void {
  const { world } = city;
  whenever(
    city,
    () => idle(city),
    () => {
      world.note('the outbox is put back from a copy');
      city.trouble(ms);
      city.crash('edge', 'power');
      world.machine('edge').disk.restore('alarms', either(random, ...pasts.get(world)!.outboxes));
      city.startEdge();
      if (random.chance(0.5)) return;
      for (let i = 0; i < 3; i++) {
        const unit = pick(city, random) % city.pressed;
        world.after(random.between(0, 400), () => city.press(unit, 'press'));
      }
      repeatOldMessages(world, 1500, random, ({ topic }) => topic.endsWith('/receipt'));
    },
  );
}

/** The cloud begins again from a backup. What it alone had of an alarm that has left the edge, is gone. */
function restoreStore(city: City, ms: number, random: Seeded): void {
  const { world } = city;
  const safe = () =>
    city.cloud !== null &&
    city.edge?.status().outbox_open === true &&
    world.machine('edge').disk.failing === null &&
    world.machine('cloud').disk.failing === null &&
    city.memories.every(({ waiting }) => waiting.length === 0);
  whenever(city, safe, () => {
    city.trouble(ms);
    city.restoreStore(either(random, ...pasts.get(world)!.stores));
  });
}

/**
 * Another unit in its place, once nothing of the old one is pending: a press that nobody has taken goes with its
 * unit.
 */
function replaceButton(city: City, _ms: number, random: Seeded): void {
  const i = pick(city, random);
  const serial = random.chance(0.5) ? null : Math.floor(random.between(1, 0xffff_ffff));
  // An edge without its outbox does not know what it still has to show on the old unit's lamp.
  const done = () => {
    const edge = city.edge?.status();
    return city.memories[i]!.waiting.length === 0 && edge?.outbox_open === true && edge.alarms.length === 0;
  };
  whenever(city, done, () => city.replaceUnit(i, serial));
}
