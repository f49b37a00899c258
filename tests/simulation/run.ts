import { availableParallelism } from 'node:os';
import { parseArgs } from 'node:util';
import { Hand, liveAll } from './crew.ts';
import type { Day } from './day.ts';
import { caughtBy, mutants } from './mutants.ts';
import type { DayOptions } from './plan.ts';
import { type Promised, promises } from './promises.ts';
import { commandOf, shrink } from './shrink.ts';

const usage = `npm run simulate -- [--seeds N] [--seed S] [--presses P] [--jobs J] [--mutants]

Lives N bad days of a campus (default 100; 1 where a seed is given) from seed S (default 1), with P presses each
(default 100), in J threads (default: one for each processor). --mutants: then tries the days on code with mistakes.
A day that has gone wrong prints its story and the command that lives it again; such a command names the parts of the
day that are left: --only-presses 3,17|none --only-troubles 0,4|none --good-broker.`;

const { values } = parseArgs({
  options: {
    seeds: { type: 'string' },
    seed: { type: 'string' },
    presses: { type: 'string', default: '100' },
    jobs: { type: 'string', default: String(availableParallelism()) },
    mutants: { type: 'boolean', default: false },
    'only-presses': { type: 'string' },
    'only-troubles': { type: 'string' },
    'good-broker': { type: 'boolean', default: false },
    help: { type: 'boolean', short: 'h', default: false },
  },
});

/** Failures that are shrunk and told in full; the others are named. */
const toldInFull = 3;

const say = (line: string) => process.stderr.write(`${line}\n`);

if (values.help) process.stdout.write(`${usage}\n`);
else process.exitCode = await simulate();

async function simulate(): Promise<number> {
  const presses = whole('presses', values.presses);
  const first = whole('seed', values.seed ?? '1');
  const count = whole('seeds', values.seeds ?? (values.seed === undefined ? '100' : '1'));
  const only = {
    ...(values['only-presses'] === undefined ? {} : { presses: places(values['only-presses']) }),
    ...(values['only-troubles'] === undefined ? {} : { strikes: places(values['only-troubles']) }),
    goodBroker: values['good-broker'],
  };
  const days = Array.from({ length: count }, (_, i): DayOptions => ({ seed: first + i, presses, only }));
  const total = { seeds: 0, presses: 0, events: 0, lost: 0, duplicate: 0, violations: 0 };
  const allowed = { twins: 0, forgotten: 0, repeats: 0 };
  const failed: { options: DayOptions; promise: Promised }[] = [];
  const began = performance.now();
  let saidAt = began;

  await liveAll(days, Math.min(whole('jobs', values.jobs), count), (options, day) => {
    total.seeds += 1;
    total.presses += day.presses;
    total.events += day.events;
    total.lost += day.wrongs.lost?.length ?? 0;
    total.duplicate += day.wrongs.doubled?.length ?? 0;
    for (const what of ['twins', 'forgotten', 'repeats'] as const) allowed[what] += day[what];
    for (const [promise, wrongs] of Object.entries(day.wrongs) as [Promised, string[]][]) {
      total.violations += wrongs.length;
      say(`seed ${options.seed}: ${promise} (${promises[promise]}): ${wrongs[0]}`);
      if (!failed.some((f) => f.options === options)) failed.push({ options, promise });
    }
    const now = performance.now();
    if (now - saidAt < 2000 && total.seeds < count) return;
    saidAt = now;
    const speed = Math.round(total.presses / ((now - began) / 1000));
    say(`${total.seeds} of ${count} days, ${total.presses} presses, ${speed} presses/s`);
  });

  for (const { options, promise } of failed.slice(0, toldInFull)) await explain(options, promise);
  const tried = values.mutants ? await tryMutants() : { mutants_caught: 0, mutants: 0 };
  process.stdout.write(`${JSON.stringify({ ...total, ...allowed, ...tried })}\n`);
  return total.violations === 0 && tried.mutants_caught === tried.mutants ? 0 : 1;
}

async function explain(options: DayOptions, promise: Promised): Promise<void> {
  const hand = new Hand();
  say(`\nseed ${options.seed}: leaving out what it does not need …`);
  const smallest = options.only?.presses === undefined ? await shrink(hand, options, promise) : options;
  const day: Day = await hand.live(smallest, { stopAtFirst: true, tracing: true });
  await hand.close();
  for (const line of day.story) say(line);
  for (const wrong of day.wrongs.broken ?? []) say(wrong);
  say(`\nTo see it again: ${commandOf(smallest)}`);
}

async function tryMutants(): Promise<{ mutants_caught: number; mutants: number }> {
  let caught = 0;
  for (const mutant of mutants) {
    const found = await caughtBy(mutant);
    if (found !== null) caught += 1;
    say(
      `${found === null ? 'NOT CAUGHT' : `caught (${found.promise}, seed ${found.seed})`}: ${mutant.mistake}`,
    );
  }
  return { mutants_caught: caught, mutants: mutants.length };
}

function whole(name: string, text: string): number {
  const value = Number(text);
  if (!Number.isSafeInteger(value) || value < 0)
    throw new Error(`--${name} wants a whole number, not ${text}`);
  return value;
}

function places(text: string): number[] {
  return text === 'none' ? [] : text.split(',').map((place) => whole('only-…', place));
}
