import * as fc from 'fast-check';
import { beforeEach, expect, test } from 'vitest';
import { nextSlot, type Window } from '#cloud/probes/schedule.ts';
import type { SignalFacts } from '#protocols/signal.ts';
import { nameText } from '#protocols/signal.ts';
import { CloudWorld, directReport, nameOf, press } from './cloud-world.ts';
import { settle } from './fake-ports.ts';

let world: CloudWorld;
const hour = 3_600_000;

beforeEach(() => {
  world = new CloudWorld();
  world.more = { probes: { every_h: 1 } };
});

async function start(): Promise<void> {
  await world.start();
  await birth();
}

async function birth(): Promise<void> {
  const device = {
    driver: 'd',
    heartbeat_s: 86_400 * 3,
    heard_ago_ms: 0,
    health: { state: 'good' },
    line_open: true,
    facts: {},
  };
  world.publish(
    'belfry/v1/school/gate/state',
    JSON.stringify({
      kind: 'birth',
      session: 's',
      sent_at: 1,
      epoch: '00112233445566aa',
      highest_n: 0,
      version: '1',
      account: '1234',
      devices: [
        { ...device, id: 'button-1', kind: 'button' },
        { ...device, id: 'direct', kind: 'direct-path' },
      ],
    }),
  );
  await settle();
}

/** Lets time pass, with the gateway alive. */
async function pass(ms: number): Promise<void> {
  for (let left = ms; left > 0; left -= 15_000) {
    await world.clock.pass(Math.min(left, 15_000));
    await birth();
  }
}

function asked(route?: string) {
  return world.sent
    .map(({ message }) => message as unknown as { kind: string; id: string; route: string })
    .filter((message) => message.kind === 'probe' && (route === undefined || message.route === route));
}

async function untilAsked(route: 'cloud' | 'direct') {
  for (let i = 0; i < 600 && asked(route).length === 0; i += 1) await pass(15_000);
  const command = asked(route).at(-1);
  if (command === undefined) throw new Error('nobody was asked');
  return command.id;
}

async function replies(command: string, more: object = {}): Promise<void> {
  const reply = { kind: 'reply', session: 's', command, ok: true, detail: '', facts: {}, ...more };
  world.publish('belfry/v1/school/gate/reply', JSON.stringify(reply));
  await settle();
}

function probe(n: number, route: 'cloud' | 'direct') {
  const facts: Partial<SignalFacts> = { type: 'probe', mode: 'probe', code: '602', origin: null, route };
  return press(world, n, { facts });
}

const last = () =>
  world.rows<{ route: string; proved: string; ok: number; why: string | null; done_at: number | null }>(
    'SELECT route, proved, ok, why, done_at FROM probes ORDER BY id DESC LIMIT 1',
  )[0];

test('both paths are probed in turn, each within its period', async () => {
  await start();
  await pass(2.2 * hour);
  expect(new Set(asked().map(({ route }) => route))).toEqual(new Set(['cloud', 'direct']));
});

test('a probe through the cloud is proved up to the centre by its receipt', async () => {
  await start();
  const command = await untilAsked('cloud');
  await replies(command, { facts: { signal: nameText(nameOf(1)) } });
  await world.says(probe(1, 'cloud'));
  await pass(5_000);
  expect(last()).toMatchObject({ route: 'cloud', proved: 'centre', ok: 1 });
  expect(world.first.taken).toMatchObject([{ mode: 'probe', code: '602' }]);
  // To the primary alone.
  expect(world.other.taken).toEqual([]);
  expect(world.rows('SELECT * FROM incidents')).toEqual([]);
});

test('a probe of the direct path is never delivered by the cloud, and proved by the receipt that the gateway got', async () => {
  await start();
  const command = await untilAsked('direct');
  await replies(command);
  const signal = probe(1, 'direct');
  await world.says(signal);
  await pass(20_000);
  expect(world.first.taken).toEqual([]);
  await world.says(directReport(signal));
  await pass(5_000);
  expect(last()).toMatchObject({ route: 'direct', proved: 'centre', ok: 1 });
});

test('a centre that takes no tests is sent none: the proof ends at its door, and so does the probe', async () => {
  world.takesTests = false;
  world.first.state = { state: 'answering', since: 0, roundTripMs: 3 };
  await start();
  const command = await untilAsked('cloud');
  await replies(command);
  await world.says(probe(1, 'cloud'));
  await pass(5_000);
  expect(world.first.taken).toEqual([]);
  expect(last()).toMatchObject({ proved: 'door', ok: 1, why: null });
  expect(world.receipts().at(-1)).toMatchObject({ state: 'ended' });
});

test('a door that is silent proves nothing of a centre that takes no tests', async () => {
  world.takesTests = false;
  world.first.state = world.second.state = { state: 'silent', since: 0, reason: 'unreachable: gone' };
  await start();
  await replies(await untilAsked('cloud'));
  await world.says(probe(1, 'cloud'));
  await pass(5_000);
  expect(last()).toMatchObject({ proved: 'cloud', ok: 0 });
  expect(world.openAlerts()).toContain('probe-failed gate/button-1/cloud');
});

test('a self-test that fails is an alert, and the next good probe ends it', async () => {
  await start();
  await replies(await untilAsked('cloud'), { ok: false, detail: 'the circuit is open' });
  await pass(5_000);
  expect(last()).toMatchObject({ proved: 'nothing', ok: 0, why: 'the circuit is open' });
  expect(world.openAlerts()).toContain('probe-failed gate/button-1/cloud');
  world.sent = [];
  await replies(await untilAsked('cloud'));
  await world.says(probe(1, 'cloud'));
  await pass(5_000);
  expect(world.openAlerts()).not.toContain('probe-failed gate/button-1/cloud');
});

test('an unanswered probe ends by itself, and a button without a proof for one and a half periods is an alert', async () => {
  world.first.does = world.second.does = 'unreachable';
  await start();
  await replies(await untilAsked('cloud'));
  await world.says(probe(1, 'cloud'));
  await pass(200_000);
  expect(last()).toMatchObject({ proved: 'cloud', ok: 0 });
  expect(world.receipts().at(-1)).toMatchObject({ state: 'ended' });
  await pass(1.6 * hour);
  expect(world.openAlerts()).toEqual(
    expect.arrayContaining(['unproved gate/button-1/cloud', 'unproved gate/button-1/direct']),
  );
});

test('old probes are forgotten, and never the last proof of a button', async () => {
  await start();
  const day = 86_400_000;
  const insert = world.disk.files.get('cloud')!.prepare(
    `INSERT INTO probes (campus, gateway, device, route, asked_at, command, proved, ok, done_at)
     VALUES ('school', 'gate', ?, 'cloud', ?, 'c', 'centre', ?, 1)`,
  );
  for (const ok of [1, 1, 0]) insert.run('away', world.clock.wall() - 200 * day, ok);
  insert.run('button-1', world.clock.wall() - 80 * day, 0);
  await untilAsked('cloud');
  const left = world.rows('SELECT device, ok FROM probes WHERE done_at = 1 ORDER BY id');
  expect(left).toEqual([
    { device: 'away', ok: 1 },
    { device: 'button-1', ok: 0 },
  ]);
});

test('a test press at a centre that takes no tests: nothing is sent to it, it ends by itself, and nobody is called', async () => {
  world.takesTests = false;
  world.first.state = { state: 'answering', since: 0, roundTripMs: 3 };
  await start();
  const facts = { type: 'test', mode: 'test', code: '601' } as const;
  await world.says(press(world, 1, { facts }));
  await pass(20_000);
  expect([...world.first.taken, ...world.second.taken]).toEqual([]);
  expect(world.receipts().at(-1)).toMatchObject({ state: 'ended' });
  expect(world.rows('SELECT ended_reason FROM signals')).toEqual([
    { ended_reason: 'no emergency; proved up to: door' },
  ]);
  await pass(120_000);
  expect(world.openAlerts().filter((alert) => alert.startsWith('alarm-'))).toEqual([]);
  expect(world.rows('SELECT * FROM incidents')).toEqual([]);
  await world.says(press(world, 2));
  expect(world.first.taken).toMatchObject([{ mode: 'real' }]);
});

test('nobody probes a button whose incident is open', async () => {
  await start();
  await world.says(press(world, 1));
  await pass(2.2 * hour);
  expect(asked()).toEqual([]);
});

test('slots come evenly, in turn, within the window, whatever the clock says', () => {
  const windows: (Window | null)[] = [null, { from: '01:00', to: '04:30' }, { from: '22:00', to: '05:00' }];
  fc.assert(
    fc.property(
      fc.integer({ min: 1.6e12, max: 2e12 }),
      fc.integer({ min: 1, max: 50 }),
      fc.double({ min: 0, max: 0.999, noNaN: true }),
      fc.constantFrom(...windows),
      (now, of, fraction, window) => {
        const turn = { index: of - 1, of, everyMs: 24 * hour, window };
        const first = nextSlot(now, turn, fraction);
        const second = nextSlot(first.at, turn, fraction);
        expect(first.at).toBeGreaterThanOrEqual(now);
        expect(second.at).toBeGreaterThan(first.at);
        expect(second.route).not.toBe(first.route);
        // Both paths within one period, and what chance adds.
        expect(second.at - now).toBeLessThanOrEqual(27 * hour);
        if (window === null) return;
        const minute = new Date(first.at + 8 * hour).getUTCHours() * 60 + new Date(first.at).getUTCMinutes();
        const from = Number(window.from.slice(0, 2)) * 60;
        const to = Number(window.to.slice(0, 2)) * 60 + Number(window.to.slice(3));
        expect(from < to ? minute >= from && minute <= to : minute >= from || minute <= to).toBe(true);
      },
    ),
  );
});
