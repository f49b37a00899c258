import type { CentreMode } from '#sim/centre/behaviour.ts';
import { World } from '#platform/simulated/world.ts';
import { centres, City } from './city.ts';
import { findUntold, judge, type Judged } from './judge.ts';
import { type DayOptions, type Plan, planOf } from './plan.ts';
import { DayEnds, type Wrongs } from './promises.ts';
import { tell } from './story.ts';
import { remember, troubles } from './troubles.ts';

/** What came of a day. `wrongs` should be empty. */
export interface Day extends Judged {
  wrongs: Wrongs;
  presses: number;
  events: number;
  trace: readonly string[];
  /** What people can read of the first wrong; empty when there is none, or nothing was written down. */
  story: string[];
}

export interface Living {
  /** Ends the day at the first wrong that is seen. */
  stopAtFirst?: boolean;
  /** Writes down all that happens. */
  tracing?: boolean;
}

const badBroker = { lost: 0.03, lostPuback: 0.03, duplicate: 0.05, reorder: 0.05, cutSubscriber: 0.01 };
const goodBroker = { lost: 0, lostPuback: 0, duplicate: 0, reorder: 0, cutSubscriber: 0 };
/** Batches that may be on their way at the end of the day. */
const batchesLeft = 5;
/** Of the primary centre at the end of the day, ms: long enough that people must have been told. */
const silenceMs = 45_000;

/** One bad day of one campus, which follows from its seed. */
export async function liveThrough(options: DayOptions, how: Living = {}): Promise<Day> {
  const { seed, buttons = 10 } = options;
  const { stopAtFirst = false, tracing = true } = how;
  const plan = planOf(options);
  const world = new World(seed, { tracing });
  const city = new City(world, plan, buttons, stopAtFirst);
  let judged: Judged = { twins: 0, forgotten: 0, repeats: 0 };
  try {
    await city.open(plan.nextN);
    await world.run({ until: world.now + 3000 });
    remember(city);
    await badHours(city, plan);
    mend(city);
    await longSilence(city);
    await untilQuiet(city);
    judged = judge(city, plan);
  } catch (error) {
    if (!(error instanceof DayEnds)) city.findings.add('broken', String(error));
  } finally {
    world.close();
  }
  const { wrongs } = city.findings;
  const story = tell(city, plan);
  return {
    ...judged,
    wrongs,
    presses: city.ledger.all.length,
    events: world.events,
    trace: world.trace,
    story,
  };
}

async function badHours(city: City, plan: Plan): Promise<void> {
  const { world } = city;
  world.broker.faults = plan.badBroker ? badBroker : goodBroker;
  for (const { at, unit, how } of plan.presses) world.after(at, () => city.press(unit, how));
  for (const { at, ms, trouble, random } of plan.strikes) {
    world.after(at, () => {
      world.note(`trouble: ${trouble}, ${(ms / 1000).toFixed(1)} s`);
      city.trouble(ms);
      troubles[trouble](city, ms, random);
    });
  }
  for (const drill of plan.drills) world.after(drill.at, () => city.drills.declare(drill));
  await world.run({ until: world.now + plan.ends + 30_000 });
}

function mend(city: City): void {
  const { world } = city;
  world.note('all is mended');
  world.broker.faults = goodBroker;
  world.broker.swallows = () => false;
  world.network.blackholes.clear();
  world.network.partitions.clear();
  for (const wire of city.wires) wire.plugged = true;
  for (const name of centres) behave(city, name, 'acknowledge');
  for (const name of ['edge', 'cloud'] as const) {
    const machine = world.machine(name);
    machine.disk.failing = null;
    machine.disk.slowness = 1;
    city.startIfDown(name);
  }
}

function behave(city: City, name: (typeof centres)[number], mode: CentreMode): void {
  city.centre(name).behave({ mode, clockOffsetMs: 0 });
}

/** 110 answers nobody, and nothing else is wrong: each press of this time must have been told of. */
async function longSilence(city: City): Promise<void> {
  const { world } = city;
  await world.run({ until: world.now + 20_000 });
  city.trouble(silenceMs + 60_000);
  behave(city, centres[0], 'silent');
  city.witness.countAnswers();
  for (let i = 0; i < city.pressed; i++) city.press(i, 'press');
  await world.run({ until: world.now + silenceMs });
  findUntold(city);
  city.witness.findUnanswered();
  behave(city, centres[0], 'acknowledge');
}

async function untilQuiet(city: City): Promise<void> {
  const { world } = city;
  const owed = 'SELECT 1 FROM deliveries WHERE done_at IS NULL LIMIT 1';
  const quiet = () =>
    city.edge !== null &&
    city.owedByEdge().length === 0 &&
    city.memories.every(({ waiting }) => waiting.length === 0) &&
    city.look('cloud', owed).length === 0;
  for (const limit = world.now + 600_000; world.now < limit && !quiet();)
    await world.run({ until: world.now + 500 });
  const drained = () => city.measured.waiting() <= batchesLeft;
  for (const limit = world.now + 120_000; world.now < limit && !drained();)
    await world.run({ until: world.now + 500 });
  if (!drained()) city.findings.add('vanished', `${city.measured.waiting()} batches are still at the edge`);
  await world.run({ until: world.now + 1000 });
}
