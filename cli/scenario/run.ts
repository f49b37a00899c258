import type { ConfigurationSource } from '#platform/configuration.ts';
import { ConfigurationError } from '#platform/configuration.ts';
import type { SimulatedPart } from '#sim/kind.ts';
import { decidedWhen, look, type Seen } from './expectations.ts';
import type { Expectation, ScenarioFile, Step } from './file.ts';
import type { World } from './world.ts';

/** How often an expectation is looked at, ms of the scenario's time. */
const lookEveryMs = 250;

export interface Outcome extends Seen {
  expectation: Expectation;
  /** Scenario's time at which it was decided, ms since midnight. */
  at: number;
}

/** What is told while it runs. Times are ms since midnight of the school's clock. */
export interface Progress {
  step(at: number, step: Step): void;
  decided(outcome: Outcome): void;
}

/** Mistakes of the timeline that only show beside the running hardware; throws a `ConfigurationError`. */
export function checkTimeline(scenario: ScenarioFile, source: ConfigurationSource, world: World): void {
  const problems = scenario.timeline.flatMap((step, index) => {
    const at = (path: (string | number)[], message: string) => [
      source.problemAt(['timeline', index, ...path], message),
    ];
    const { press, act, expect } = step;
    if (press) {
      const buttons = [...(world.simulator.parts.get('buttons')?.keys() ?? [])];
      if (!buttons.includes(press.button)) {
        return at(['press'], `there is no button ${press.button}; there are: ${buttons.join(', ')}`);
      }
    }
    if (act) {
      const part = partCalled(world, act.on);
      if (part === undefined) {
        const all = [...world.simulator.parts.values()].flatMap((members) => [...members.keys()]);
        return at(['act', 'on'], `there is no part ${act.on}; there are: ${all.join(', ')}`);
      }
      const does = part.acts[act.do];
      if (does === undefined) {
        return at(['act', 'do'], `${act.on} does ${Object.keys(part.acts).join(', ') || 'nothing'}`);
      }
      const input = does.input.safeParse(act.with);
      if (!input.success) {
        return input.error.issues.flatMap((issue) =>
          at(['act', 'with', ...(issue.path as (string | number)[])], issue.message),
        );
      }
    }
    const device =
      expect?.alarm?.device ??
      expect?.alarms?.device ??
      expect?.at_110?.device ??
      expect?.device?.device ??
      expect?.measured?.device ??
      expect?.records?.device ??
      expect?.answer?.device ??
      step.ask?.device;
    const known = world.campus.edge.devices.map(({ id }) => id);
    if (device !== undefined && !known.includes(device)) {
      return at(
        [step.ask ? 'ask' : 'expect'],
        `there is no device ${device}; there are: ${known.join(', ')}`,
      );
    }
    const button = expect?.lamp?.button;
    if (button !== undefined && !world.simulator.parts.get('buttons')?.has(button)) {
      return at(['expect'], `there is no button ${button}`);
    }
    return [];
  });
  let last = scenario.starts;
  for (const [index, { at }] of scenario.timeline.entries()) {
    if (at.kind === 'after') last += at.ms;
    else if (at.ms < last) {
      problems.push(source.problemAt(['timeline', index, 'at'], 'is earlier than the step before it'));
    } else last = at.ms;
  }
  if (problems.length > 0) throw new ConfigurationError(problems);
}

function partCalled(world: World, id: string): SimulatedPart | undefined {
  for (const members of world.simulator.parts.values()) {
    const part = members.get(id);
    if (part !== undefined) return part;
  }
  return undefined;
}

/** Lives through the timeline; resolves with what became of each expectation, in the order of the file. */
export async function runTimeline(
  scenario: ScenarioFile,
  world: World,
  progress: Progress,
  stop: AbortSignal,
): Promise<Outcome[]> {
  const began = performance.now();
  const since = Date.now();
  const now = () => scenario.starts + performance.now() - began;
  const sleep = (ms: number) => new Promise<void>((done) => setTimeout(done, ms));
  const pending: Promise<Outcome>[] = [];
  let due = scenario.starts;

  for (const step of scenario.timeline) {
    due = step.at.kind === 'clock' ? step.at.ms : due + step.at.ms;
    while (now() < due && !stop.aborted) await sleep(Math.min(due - now(), 1000 * 3600));
    if (stop.aborted) break;
    progress.step(now(), step);
    if (step.expect === undefined) await doStep(world, step);
    else pending.push(decide(step.expect, now() + step.within));
  }
  return Promise.all(pending);

  async function decide(expectation: Expectation, deadline: number): Promise<Outcome> {
    const when = decidedWhen(expectation);
    const early = (holds: boolean) => (when === 'true once' ? holds : when === 'true throughout' && !holds);
    for (;;) {
      const seen = await look(world, expectation, since).catch((error: unknown) => ({
        holds: false,
        seen: error instanceof Error ? error.message : String(error),
      }));
      const over = now() >= deadline || stop.aborted;
      if (over || early(seen.holds)) {
        const outcome = { ...seen, expectation, at: now() };
        progress.decided(outcome);
        return outcome;
      }
      await sleep(Math.min(lookEveryMs, Math.max(1, deadline - now())));
    }
  }
}

async function doStep(world: World, step: Step): Promise<void> {
  const { parts } = world.simulator;
  const linkTo = (id: string) => parts.get('links')!.get(id)!.acts;
  if (step.press) {
    const { button, type } = step.press;
    await parts.get('buttons')!.get(button)!.acts['press']!.run({ type });
  } else if (step.act) await partCalled(world, step.act.on)!.acts[step.act.do]!.run(step.act.with);
  else if (step.ask) await world.ask(step.ask.device, step.ask.to);
  else if (step.cut) {
    await linkTo(step.cut)['cut']!.run(step.for === undefined ? {} : { for_s: step.for / 1000 });
  } else if (step.restore) await linkTo(step.restore)['restore']!.run({});
  else if (step.kill) await world.kill(step.kill);
  else if (step.stop) await world.stop(step.stop);
  else if (step.start) await world.start(step.start);
}
