import type { CentreMode } from '#sim/centre/behaviour.ts';
import { centres, type City } from './city.ts';

const hourMs = 3_600_000;

/** One thing that goes wrong for `ms`. */
type Trouble = (city: City, ms: number) => void;

/** What may go wrong, by name, so that a day can be lived with some of it only. */
export const troubles = {
  'the edge crashes': (city, ms) => crash(city, 'edge', ms),
  'the cloud crashes': (city, ms) => crash(city, 'cloud', ms),
  'the broker forgets everything': ({ world }, ms) => world.broker.restart(ms),
  'a slow disk': (city, ms) => {
    const { disk } = city.world.machine(either(city, 'edge', 'cloud'));
    disk.slowness = 40;
    city.world.after(ms, () => (disk.slowness = 1));
  },
  'a failing disk': (city, ms) => {
    const { disk } = city.world.machine(either(city, 'edge', 'cloud'));
    disk.failing = either(city, 'full', 'io');
    city.world.after(ms, () => (disk.failing = null));
  },
  'a clock that jumps': (city, ms) => {
    const machine = city.world.machine(either(city, 'edge', 'cloud'));
    machine.skewMs += city.world.random.between(-8 * hourMs, 8 * hourMs);
    if (city.world.random.chance(0.5)) city.world.after(ms, () => (machine.skewMs = 0));
  },
  'packets vanish': (city, ms) => {
    const { world } = city;
    const holes = ['broker', 'edge', 'cloud', ...centres];
    const hole = holes[Math.floor(world.random.fraction() * holes.length)]!;
    world.network.blackholes.add(hole);
    world.after(ms, () => world.network.blackholes.delete(hole));
  },
  'a centre misbehaves': (city, ms) => {
    const { world } = city;
    const modes: CentreMode[] = [
      'silent',
      'reset',
      'refuse-duh',
      'refuse-nak',
      'delay',
      'bad-crc',
      'odd-ack',
    ];
    const centre = city.centre(either(city, ...centres));
    const mode = modes[Math.floor(world.random.fraction() * modes.length)]!;
    centre.behave({ mode, delayMs: world.random.between(300, 900) });
    world.after(ms, () => centre.behave({ mode: 'acknowledge' }));
  },
  "a centre's clock is off": (city, ms) => {
    const centre = city.centre(either(city, ...centres));
    centre.behave({ checkTime: true, clockOffsetMs: either(city, -hourMs, hourMs) });
    city.world.after(ms * 3, () => centre.behave({ clockOffsetMs: 0 }));
  },
  'a button loses its power': (city) =>
    city.restartUnit(Math.floor(city.world.random.fraction() * city.units.length)),
  'the broker repeats old messages': ({ world }, ms) => repeatOldMessages(world, ms),
  'the outbox is an old copy': restoreOutbox,
} satisfies Record<string, Trouble>;
export type TroubleName = keyof typeof troubles;

function either<T>({ world }: City, ...these: T[]): T {
  return these[Math.floor(world.random.fraction() * these.length)]!;
}

function crash(city: City, name: 'edge' | 'cloud', ms: number): void {
  const power = city.world.random.chance(0.3);
  if (city.crash(name, power ? 'power' : 'process')) city.world.after(ms, () => city.startIfDown(name));
}

const past = new WeakMap<City['world'], { topic: string; payload: Uint8Array }[]>();
const copies = new WeakMap<City['world'], Uint8Array>();

/** Keeps what old messages and old copies are made of: what the broker has carried, and the outbox as it is now. */
export function remember({ world }: City): void {
  const kept: { topic: string; payload: Uint8Array }[] = [];
  past.set(world, kept);
  const route = world.broker.route.bind(world.broker);
  world.broker.route = (message) => {
    kept.push(message);
    route(message);
  };
  copies.set(world, world.machine('edge').disk.save('alarms'));
}

function repeatOldMessages(world: City['world'], ms: number): void {
  const kept = past.get(world)!;
  for (let i = 0; i < 20 && kept.length > 0; i++) {
    const old = kept[Math.floor(world.random.fraction() * kept.length)]!;
    world.after(world.random.between(0, ms), () => world.broker.route(old));
  }
}

/**
 * A card is put back from a copy. Only while nothing is pending: what was on the lost card alone, no program can
 * bring back.
 */
function restoreOutbox(city: City, ms: number): void {
  const { world } = city;
  const { disk } = world.machine('edge');
  const swap = () => {
    const edge = city.edge?.status();
    const idle =
      edge?.outbox_open && edge.alarms.length === 0 && city.memories.every((m) => m.waiting.length === 0);
    if (!idle || disk.failing !== null) return void world.after(100, swap);
    world.note('the outbox is put back from a copy');
    city.crash('edge', 'power');
    disk.restore('alarms', copies.get(world)!);
    city.startEdge();
  };
  world.after(ms, swap);
}
