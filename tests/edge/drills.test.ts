import { beforeEach, expect, test } from 'vitest';
import { World } from './world.ts';

let world: World;
beforeEach(async () => {
  world = await new World().start();
});
const minute = 60_000;
const drill = (more: object = {}) => {
  const now = Math.round(world.clock.cloudTime());
  return { id: 'autumn', devices: ['north'], from: now - minute, to: now + 30 * minute, ...more };
};
async function declare(more: object = {}) {
  world.command({ kind: 'drill', drill: drill(more) });
  await world.clock.pass(100);
  return world.replies.at(-1)!;
}
const facts = () => world.cloud.alarms.at(-1)!.facts;

test('a plain press within a declared drill goes out as drill; every other, and every other device, as real', async () => {
  expect(await declare()).toMatchObject({ ok: true, facts: { drill: 'autumn' } });
  world.press();
  await world.clock.pass(100);
  expect(facts()).toMatchObject({ type: 'press', mode: 'drill', code: '607' });
  const origin = (type: 'long-press' | 'second-press' | 'duress', counter: number) => ({
    type,
    origin: { serial: 7, boot: 9, counter, type },
  });
  world.press(origin('long-press', 1));
  await world.clock.pass(100);
  expect(facts()).toMatchObject({ mode: 'real', code: '120' });
  world.press(origin('second-press', 2));
  await world.clock.pass(100);
  expect(facts()).toMatchObject({ mode: 'real', code: '120' });
  world.press(origin('duress', 3));
  await world.clock.pass(100);
  expect(facts()).toMatchObject({ mode: 'real', code: '121' });
  world.press({ device: 'south' });
  await world.clock.pass(100);
  expect(facts()).toMatchObject({ mode: 'real', code: '120' });
});

test('the mode is fixed at the press: a press inside that comes late is a drill, one before it is real', async () => {
  await declare({ from: Math.round(world.clock.cloudTime()) + 10_000 });
  await world.clock.pass(20_000);
  world.press({ ageMs: 15_000 });
  await world.clock.pass(100);
  expect(facts().mode).toBe('real');
  await world.clock.pass(30 * minute);
  world.press({ ageMs: 2 * minute });
  await world.clock.pass(100);
  expect(facts().mode).toBe('drill');
  world.press();
  await world.clock.pass(100);
  expect(facts().mode).toBe('real');
});

test('a press of before a power cut of its unit, whose age nobody knows, is real', async () => {
  await declare();
  world.press({ ageMs: 1000, ageIsLowerBound: true });
  await world.clock.pass(100);
  expect(facts()).toMatchObject({ mode: 'real', code: '120' });
});

test('a press in the half second in which a drill begins is real: its frame was on the line before it was read', async () => {
  await declare({ from: Math.round(world.clock.cloudTime()) });
  await world.clock.pass(300);
  world.press();
  await world.clock.pass(100);
  expect(facts().mode).toBe('real');
  await world.clock.pass(400);
  world.press({ origin: { serial: 7, boot: 9, counter: 2, type: 'press' } });
  await world.clock.pass(100);
  expect(facts().mode).toBe('drill');
});

test.each([
  ['longer than 2 hours', () => ({ from: 0, to: 2 * 3600_000 + 1 }), /2 hours/],
  ['over already', () => ({ from: 0, to: 1000 }), /over/],
  ['backwards', () => ({ to: Math.round(world.clock.cloudTime()) - 2 * minute }), /before it begins/],
  ['of a device that is not here', () => ({ devices: ['north', 'nowhere'] }), /nowhere/],
])('a drill that is %s is refused with a sentence, and presses stay real', async (_, more, sentence) => {
  const answer = await declare(more());
  expect(answer.ok).toBe(false);
  expect(answer.detail).toMatch(sentence);
  world.press();
  await world.clock.pass(100);
  expect(facts().mode).toBe('real');
});

test('a clock that is not known to 2 s: no drill is taken, and one that was declared does not hold', async () => {
  await declare();
  world.cloud.answersBirths = false;
  await world.restart();
  world.press();
  await world.clock.pass(100);
  expect(world.cloud.alarms.at(-1)!.facts.mode).toBe('real');
  // The receipt of that press has told the time again.
  world.press();
  await world.clock.pass(100);
  expect(world.cloud.alarms.at(-1)!.facts.mode).toBe('drill');

  world.kill();
  world.cloud.answers = null;
  await world.start();
  expect((await declare({ id: 'second' })).detail).toMatch(/clock/);
});

test('a drill is kept over a restart, and the heartbeats tell which ones hold', async () => {
  await declare();
  await world.restart();
  await world.clock.pass(6000);
  const beats = world.cloud.states.filter((m) => m.kind === 'heartbeat');
  expect(beats.at(-1)!.drills).toEqual(['autumn']);
  world.press();
  await world.clock.pass(100);
  expect(facts().mode).toBe('drill');
});

test('a drill that is ended early ends at once, also when the disk does not take its end, and stays ended', async () => {
  await declare();
  world.disk.fault = 'failing';
  world.command({ kind: 'drill-end', drill: 'autumn' });
  await world.clock.pass(100);
  expect(world.replies.at(-1)!.ok).toBe(true);
  world.press();
  await world.clock.pass(1000);
  expect(facts().mode).toBe('real');
  world.disk.heal();
  await world.clock.pass(120_000);
  await world.restart();
  world.press();
  await world.clock.pass(100);
  expect(facts().mode).toBe('real');
});

test('a disk that does not take the drill: it is not confirmed, and does not hold', async () => {
  world.disk.fault = 'failing';
  expect(await declare()).toMatchObject({ ok: false, detail: expect.stringMatching(/could not keep/) });
  world.press();
  await world.clock.pass(1000);
  expect(facts().mode).toBe('real');
});

test("the cloud's clock is set back within a drill: it lasts no longer for that", async () => {
  await declare();
  await world.clock.pass(31 * minute);
  const cloudTime = world.clock.cloudTime;
  world.clock.cloudTime = () => cloudTime() - 20 * minute;
  // Until the answers that knew the time as it was have gone out of the filter.
  await world.clock.pass(3 * minute);
  world.press();
  await world.clock.pass(100);
  expect(facts().occurred_at).toBeLessThan(cloudTime() - 19 * minute);
  expect(facts().mode).toBe('real');
});

test('a copy of its declaration that its end has overtaken does not bring it back', async () => {
  await world.clock.pass(5000);
  const now = world.clock.cloudTime();
  const drill = { id: 'overtaken', devices: ['north'], from: now - 5000, to: now + 1_800_000 };
  for (const command of [
    { kind: 'drill', drill },
    { kind: 'drill-end', drill: drill.id },
    { kind: 'drill', drill },
  ]) {
    world.command(command);
    await world.clock.pass(100);
  }
  expect(world.replies.map(({ ok }) => ok)).toEqual([true, true, false]);
  await world.clock.pass(5000);
  world.press();
  await world.clock.pass(100);
  expect(world.cloud.alarms.at(-1)!.facts.mode).toBe('real');
});
