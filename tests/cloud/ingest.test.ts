import { beforeEach, expect, test } from 'vitest';
import { quarantineBytes, quarantineKept } from '#cloud/ingest/quarantine.ts';
import { originMemoryMs } from '#cloud/ingest/forgetting.ts';
import { nameText } from '#protocols/signal.ts';
import { CloudWorld, directReport, nameOf, press, sha256 } from './cloud-world.ts';
import { settle } from './fake-ports.ts';

let world: CloudWorld;
beforeEach(async () => {
  world = new CloudWorld();
  await world.start();
});
const topic = 'belfry/v1/school/gate/alarm';

test('a press is committed, dispatched and answered', async () => {
  const alarm = press(world, 1);
  await world.says(alarm);
  expect(world.first.taken).toMatchObject([
    { name: nameText(alarm.name), account: '1234', zone: 1, code: '120', sequence: 1, mode: 'real' },
  ]);
  expect(world.clock.monotonic() - world.first.taken[0]!.pressedAtMonotonic).toBe(100);
  const states = world.receipts().map(({ state, echo_sent_at }) => [state, echo_sent_at]);
  expect(states).toEqual([
    ['stored', alarm.sent_at],
    ['delivered', null],
  ]);
  expect(world.receipts().at(-1)).toMatchObject({
    digest: alarm.digest,
    cloud_epoch: world.cloud.store.epoch,
    centres: expect.arrayContaining([
      expect.objectContaining({ centre: 'police', primary: true, path: 'cloud' }),
    ]),
  });
  expect(world.receipts().at(-1)!.log_head).toMatch(/^[0-9a-f]{64}$/);
});

test('ten copies in one instant are one signal, dispatched once', async () => {
  world.first.does = 'nothing';
  const alarm = press(world, 1);
  for (let copy = 1; copy <= 10; copy += 1) {
    world.publish(topic, JSON.stringify({ ...alarm, copy, sent_at: alarm.sent_at + copy }));
  }
  await settle();
  expect(world.first.taken).toHaveLength(1);
  expect(world.rows('SELECT * FROM signals')).toHaveLength(1);
  // The newest copy is answered: those that it overtook in the queue asked the same.
  expect(world.receipts().at(-1)!.echo_sent_at).toBe(alarm.sent_at + 10);
});

test('every later copy is answered with the state held then', async () => {
  world.first.does = 'nothing';
  const alarm = press(world, 1);
  await world.says(alarm);
  await world.says({ ...alarm, copy: 2 });
  world.first.answer();
  await settle();
  await world.says({ ...alarm, copy: 3 });
  expect(world.receipts().map(({ state }) => state)).toEqual(['stored', 'stored', 'delivered', 'delivered']);
  expect(world.first.taken).toHaveLength(1);
});

test('two names of one press in one instant call 110 once, and both are told', async () => {
  const one = press(world, 1, { counter: 9 });
  const two = press(world, 5, { counter: 9 });
  world.publish(topic, JSON.stringify(one));
  world.publish(topic, JSON.stringify(two));
  await settle();
  expect(world.first.taken).toHaveLength(1);
  for (const alarm of [one, two]) {
    expect(world.receipts(alarm.name).at(-1)).toMatchObject({ state: 'delivered', digest: alarm.digest });
  }
  expect(world.rows('SELECT id FROM incidents')).toHaveLength(1);
});

test('a second name that comes after the receipt is answered delivered at once', async () => {
  await world.says(press(world, 1, { counter: 9 }));
  await world.says(press(world, 2, { counter: 9 }));
  expect(world.receipts(nameOf(2))).toMatchObject([{ state: 'delivered' }]);
  expect(world.first.taken).toHaveLength(1);
});

test('a press told once as a drill and once as real goes out as real as well', async () => {
  await world.drill(['button-1']);
  await world.says(press(world, 1, { counter: 9, facts: { mode: 'drill', code: '607' } }));
  await world.says(press(world, 2, { counter: 9 }));
  expect(world.first.taken.map(({ mode }) => mode)).toEqual(['drill', 'real']);
});

test('levels, which have no origin, are never taken for one another', async () => {
  const smoke = { type: 'smoke', origin: null } as const;
  await world.says(press(world, 1, { facts: smoke }));
  await world.says(press(world, 2, { facts: smoke }));
  expect(world.first.taken).toHaveLength(2);
});

test('one name with two digests (a cloned card) is two alarms and an alert', async () => {
  const one = press(world, 1, { counter: 1 });
  const two = press(world, 1, { counter: 2, facts: { zone: 2 } });
  world.publish(topic, JSON.stringify(one));
  world.publish(topic, JSON.stringify(two));
  await settle();
  expect(world.first.taken.map(({ zone }) => zone).sort()).toEqual([1, 2]);
  expect(world.openAlerts()).toEqual(['identity-conflict gate']);
  expect(new Set(world.receipts().map(({ digest }) => digest))).toEqual(new Set([one.digest, two.digest]));
});

test('after 30 days a counter that comes round again is a new press', async () => {
  await world.says(press(world, 1, { counter: 9 }));
  await world.clock.freeze(originMemoryMs + 3_600_001);
  await settle();
  await world.says(press(world, 2, { counter: 9 }));
  expect(world.first.taken).toHaveLength(2);
});

const unreadable: [string, string, string][] = [
  ['no JSON', topic, '{"kind":"alarm",'],
  ['another version', 'belfry/v2/school/gate/alarm', '{"kind":"alarm"}'],
  ['a missing field', topic, '{"kind":"alarm","session":"s"}'],
  ['nothing at all', topic, ''],
];
test.each(unreadable)('%s on the alarm lane is refused by hash, kept and alerted', async (_, on, payload) => {
  world.publish(on, payload);
  await settle();
  expect(world.sent).toMatchObject([
    {
      topic: on.replace('/alarm', '/receipt'),
      message: { kind: 'refused', sha256: sha256(payload), cloud_epoch: world.cloud.store.epoch },
    },
  ]);
  expect(world.rows('SELECT topic, sha256 FROM quarantine')).toMatchObject([
    { topic: on, sha256: sha256(payload) },
  ]);
  expect(world.openAlerts()).toEqual(['alarm-unreadable gate']);
});

test('a digest that is not that of the facts is refused', async () => {
  await world.says({ ...press(world, 1), digest: 'f'.repeat(64) });
  expect(world.sent.map(({ message }) => message.kind)).toEqual(['refused']);
  expect(world.first.taken).toHaveLength(0);
});

test("one gateway's signal on another's topic is refused", async () => {
  world.publish('belfry/v1/school/elsewhere/alarm', JSON.stringify(press(world, 1)));
  await settle();
  expect(world.sent).toMatchObject([
    { topic: 'belfry/v1/school/elsewhere/receipt', message: { kind: 'refused' } },
  ]);
});

test('an unreadable message does not delay or lose the alarm behind it', async () => {
  world.publish(topic, 'noise');
  world.publish(topic, JSON.stringify(press(world, 1)));
  await settle();
  expect(world.first.taken).toHaveLength(1);
});

test('the alert over an unreadable gateway ends when it has long been readable, and not before', async () => {
  world.publish(topic, 'noise');
  await settle();
  for (const n of [1, 2, 3]) await world.says(press(world, n));
  expect(world.openAlerts()).toEqual(['alarm-unreadable gate']);
  await world.clock.pass(600_001);
  await world.says(press(world, 4));
  expect(world.openAlerts()).toEqual([]);
});

test('the quarantine cuts long messages and keeps the newest', async () => {
  const state = 'belfry/v1/school/gate/state';
  world.publish(state, 'x'.repeat(quarantineBytes + 1));
  await settle();
  expect(world.rows('SELECT length(payload) AS size FROM quarantine')).toEqual([{ size: quarantineBytes }]);
  for (let i = 0; i < quarantineKept; i += 1) {
    world.publish(state, `noise ${i}`);
    if (i % 500 === 0) await settle();
  }
  await settle();
  const [row] = world.rows('SELECT COUNT(*) AS count, MAX(sha256) AS any FROM quarantine');
  expect(row!.count).toBe(quarantineKept);
});

test('a disk that fails makes no promise: no answer, and the next copy is served', async () => {
  const alarm = press(world, 1);
  world.disk.fail = new Error('disk full');
  await world.says(alarm);
  expect(world.receipts()).toEqual([]);
  expect(world.first.taken).toHaveLength(0);
  world.disk.fail = null;
  await world.says({ ...alarm, copy: 2 });
  expect(world.first.taken).toHaveLength(1);
  expect(world.receipts().at(-1)!.state).toBe('delivered');
});

test('an alarm that is in the store although its commit seemed to fail is still brought to 110', async () => {
  const alarm = press(world, 1);
  world.answersLost = true;
  await world.says(alarm);
  expect(world.first.taken).toHaveLength(0);
  world.answersLost = false;
  await world.says({ ...alarm, copy: 2 });
  expect(world.first.taken).toHaveLength(1);
});

test("a report's direct receipt is delivered, and stops the dispatch to that centre only", async () => {
  world.first.does = world.second.does = 'unreachable';
  world.other.does = 'unreachable';
  const alarm = press(world, 1);
  await world.says(alarm);
  await world.clock.pass(1000);
  await world.says(directReport(alarm));
  const [police, guards] = [world.first.taken.length, world.other.taken.length];
  await world.clock.pass(60_000);
  expect(world.first.taken).toHaveLength(police);
  expect(world.other.taken.length).toBeGreaterThan(guards);
  expect(world.receipts().at(-1)).toMatchObject({
    state: 'delivered',
    reported: 1,
    centres: [{ path: 'direct' }],
  });
  expect(world.openAlerts()).toEqual([`alarm-undelivered ${nameText(alarm.name)}@guards`]);
});

test('a report on one name of a press tells every name of it', async () => {
  world.first.does = world.second.does = 'nothing';
  const one = press(world, 1, { counter: 9 });
  const two = press(world, 2, { counter: 9 });
  await world.says(one);
  await world.says(two);
  await world.says(directReport(two));
  for (const { name } of [one, two]) expect(world.receipts(name).at(-1)!.state).toBe('delivered');
  expect(world.rows('SELECT lamp FROM signals')).toEqual([{ lamp: 'delivered' }, { lamp: 'delivered' }]);
});

test('the same report again changes nothing and is answered again', async () => {
  const alarm = press(world, 1);
  await world.says(alarm);
  const report = directReport(alarm);
  await world.says(report);
  const log = world.rows('SELECT hash FROM incident_log');
  await world.says(report);
  expect(world.rows('SELECT hash FROM incident_log')).toEqual(log);
  expect(world.receipts().at(-1)).toMatchObject({ reported: 1, echo_sent_at: report.sent_at });
});

test('a receipt that a report names twice is one step of the incident', async () => {
  world.first.does = world.second.does = 'nothing';
  const alarm = press(world, 1);
  await world.says(alarm);
  const report = directReport(alarm);
  await world.says({ ...report, direct: [...report.direct, ...report.direct] });
  expect(world.rows(`SELECT * FROM incident_log WHERE step = 'delivered'`)).toHaveLength(1);
});

test("the edge's word that it never heard of a name stops nothing and is not kept", async () => {
  world.first.does = world.second.does = 'unreachable';
  const alarm = press(world, 1);
  await world.says(alarm);
  await world.says(directReport(alarm, { digest: '', direct: [], lamp: null }));
  expect(world.rows('SELECT * FROM early_reports')).toEqual([]);
  world.first.does = 'receipt';
  await world.clock.pass(15_000);
  expect(world.receipts(alarm.name).at(-1)!.state).toBe('delivered');
});

test('an older revision does not undo a newer one', async () => {
  const alarm = press(world, 1);
  await world.says(alarm);
  await world.says(directReport(alarm, { revision: 2, lamp: 'delivered', direct: [] }));
  await world.says(directReport(alarm, { revision: 1, lamp: 'received', direct: [] }));
  expect(world.rows('SELECT lamp, reported FROM signals')).toEqual([{ lamp: 'delivered', reported: 2 }]);
  expect(world.receipts().at(-1)!.reported).toBe(2);
});

test('a receipt of a centre that the edge only calls primary does not make it delivered', async () => {
  world.first.does = world.second.does = 'nothing';
  const alarm = press(world, 1);
  await world.says(alarm);
  const direct = directReport(alarm).direct.map((receipt) => ({ ...receipt, centre: 'guards' }));
  await world.says(directReport(alarm, { direct }));
  expect(world.receipts().at(-1)).toMatchObject({ state: 'stored', reported: 1 });
});

test.each(['a disk that fails', 'a crash'])(
  'a report that overtook its alarm is not forgotten over %s between the two',
  async (trouble) => {
    const alarm = press(world, 1);
    await world.says(directReport(alarm));
    world.disk.failsAt = 'INSERT INTO receipts';
    await world.says(alarm);
    expect(world.rows(`SELECT * FROM receipts WHERE path = 'direct'`)).toEqual([]);
    if (trouble === 'a crash') {
      world.crash();
      world.disk.failsAt = null;
      await world.start();
    } else await world.clock.pass(5000);
    world.disk.failsAt = null;
    await world.clock.pass(60_000);
    expect(world.rows(`SELECT centre FROM receipts WHERE path = 'direct'`)).toEqual([{ centre: 'police' }]);
    expect(world.rows('SELECT * FROM early_reports')).toEqual([]);
    expect(world.receipts(alarm.name).at(-1)).toMatchObject({ state: 'delivered', reported: 1 });
  },
);

test('a report that overtakes its alarm is kept, and then nobody calls 110 a second time', async () => {
  const alarm = press(world, 1);
  await world.says(directReport(alarm));
  expect(world.receipts().at(-1)).toMatchObject({ state: 'stored', reported: 1, centres: [] });
  await world.says(alarm);
  expect(world.first.taken).toHaveLength(0);
  expect(world.other.taken).toHaveLength(1);
  expect(world.receipts().at(-1)).toMatchObject({ state: 'delivered', reported: 1 });
  expect(world.rows('SELECT * FROM early_reports')).toEqual([]);
  expect(await world.cloud.incidents.verify(1)).toBeNull();
});

test('a report before its alarm that tells of no receipt is not answered: its press is stored nowhere yet', async () => {
  const alarm = press(world, 1);
  await world.says(directReport(alarm, { direct: [], lamp: 'failed' }));
  expect(world.receipts()).toEqual([]);
  await world.says(alarm);
  expect(world.receipts().at(-1)).toMatchObject({ reported: 1 });
});

test('a report before its alarm survives a restart of the cloud', async () => {
  const alarm = press(world, 1);
  await world.says(directReport(alarm));
  world.crash();
  await world.start();
  await world.says(alarm);
  expect(world.first.taken).toHaveLength(0);
  expect(world.receipts().at(-1)!.state).toBe('delivered');
});
