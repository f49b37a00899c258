import { World } from '#platform/simulated/world.ts';
import { centres, City } from './city.ts';
import { type Findings, findUntold, judge } from './judge.ts';
import { remember, type TroubleName, troubles } from './troubles.ts';

export interface DayOptions {
  seed: number | string;
  presses: number;
  buttons?: number;
  /** What may go wrong; all of it by default. */
  wrong?: readonly TroubleName[];
}

const badBroker = { lost: 0.03, lostPuback: 0.03, duplicate: 0.05, reorder: 0.05, cutSubscriber: 0.01 };
const goodBroker = { lost: 0, lostPuback: 0, duplicate: 0, reorder: 0, cutSubscriber: 0 };
/** Of the primary centre at the end of the day, ms: long enough that people must have been told. */
const silenceMs = 45_000;

/** One bad day of one campus, which follows from its seed. */
export async function liveThrough({ seed, presses, buttons = 10, wrong }: DayOptions): Promise<Findings> {
  const world = new World(seed);
  try {
    const city = new City(world, buttons);
    // In some worlds the sequence numbers of DC-09 come round during the day.
    await city.open(world.random.chance(0.3) ? 9900 : 1);
    await world.run({ until: world.now + 3000 });
    remember(city);
    await badHours(city, presses, wrong ?? (Object.keys(troubles) as TroubleName[]));
    mend(city);
    const untold = await longSilence(city);
    await untilQuiet(city);
    return { ...judge(city), untold };
  } finally {
    world.close();
  }
}

async function badHours(city: City, presses: number, names: readonly TroubleName[]): Promise<void> {
  const { world } = city;
  const { random } = world;
  world.broker.faults = badBroker;
  let end = world.now;
  for (let i = 0; i < presses; i++) {
    end += 50 + random.fraction() * 1500;
    const how = kindOf(random.fraction());
    world.after(end - world.now, () => city.press(i % city.units.length, how));
  }
  const strike = () => {
    if (world.now > end) return;
    const name = names[Math.floor(random.fraction() * names.length)]!;
    world.note(`trouble: ${name}`);
    troubles[name](city, 200 + random.fraction() * 8000);
    world.after(500 + random.fraction() * 8000, strike);
  };
  world.after(random.fraction() * 3000, strike);
  await world.run({ until: end + 30_000 });
}

function kindOf(dice: number): 'press' | 'longPress' | 'secondPress' | 'test' {
  if (dice < 0.76) return 'press';
  if (dice < 0.84) return 'longPress';
  return dice < 0.92 ? 'secondPress' : 'test';
}

function mend(city: City): void {
  const { world } = city;
  world.note('all is mended');
  world.broker.faults = goodBroker;
  world.network.blackholes.clear();
  for (const name of centres) city.centre(name).behave({ mode: 'acknowledge', clockOffsetMs: 0 });
  for (const name of ['edge', 'cloud'] as const) {
    const machine = world.machine(name);
    machine.disk.failing = null;
    machine.disk.slowness = 1;
    city.startIfDown(name);
  }
}

/** 110 answers nobody, and nothing else is wrong: each press of this time must have been told of. */
async function longSilence(city: City): Promise<string[]> {
  const { world } = city;
  await world.run({ until: world.now + 20_000 });
  city.centre(centres[0]).behave({ mode: 'silent' });
  for (let i = 0; i < city.units.length; i++) city.press(i, 'press');
  await world.run({ until: world.now + silenceMs });
  const untold = findUntold(city);
  city.centre(centres[0]).behave({ mode: 'acknowledge' });
  return untold;
}

async function untilQuiet(city: City): Promise<void> {
  const { world } = city;
  const owed = 'SELECT 1 FROM deliveries WHERE done_at IS NULL LIMIT 1';
  const quiet = () =>
    city.edge?.status().alarms.length === 0 &&
    city.memories.every(({ waiting }) => waiting.length === 0) &&
    city.look('cloud', owed).length === 0;
  for (const limit = world.now + 600_000; world.now < limit && !quiet();)
    await world.run({ until: world.now + 500 });
  await world.run({ until: world.now + 1000 });
}
