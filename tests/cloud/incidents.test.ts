import * as fc from 'fast-check';
import { beforeEach, expect, test } from 'vitest';
import { chained, firstBreak, genesis, type LogEntry } from '#cloud/incidents/chain.ts';
import { CloudWorld, press } from './cloud-world.ts';

let world: CloudWorld;
beforeEach(async () => {
  world = new CloudWorld();
  await world.start();
});
const steps = async (incident: number) => (await world.cloud.incidents.log(incident)).map(({ step }) => step);

test('an incident tells its whole story, and the gateway holds its head', async () => {
  await world.says(press(world, 1));
  const { incidents } = world.cloud;
  expect(await incidents.acknowledge(1, 'li')).toBe(true);
  expect(await incidents.resolve(1, 'wang')).toBe(true);
  const told = await steps(1);
  expect(told.filter((step) => step !== 'centre-receipt')).toEqual([
    'raised',
    'dispatched',
    'delivered',
    'acknowledged',
    'resolved',
  ]);
  expect(await incidents.verify(1)).toBeNull();
  const hashes = (await incidents.log(1)).map(({ hash }) => hash);
  expect(hashes).toContain(world.receipts().at(-1)!.log_head);
});

test('presses of one point join its open incident; the next after it was resolved opens another', async () => {
  await world.says(press(world, 1));
  await world.says(press(world, 2));
  await world.cloud.incidents.resolve(1, 'li');
  await world.says(press(world, 3));
  expect(world.rows('SELECT n, incident FROM signals ORDER BY n')).toEqual([
    { n: 1, incident: 1 },
    { n: 2, incident: 1 },
    { n: 3, incident: 2 },
  ]);
});

test('an open console hears of the point when an incident opens, is acknowledged and is resolved', async () => {
  const heard = () =>
    world.rows<{ subject: string }>(`SELECT subject FROM events WHERE type = 'device' ORDER BY id`).length;
  const { incidents } = world.cloud;
  await world.says(press(world, 1));
  expect(world.rows(`SELECT subject FROM events WHERE type = 'device'`)).toEqual([
    { subject: 'gate/button-1' },
  ]);
  // Into an incident that is open already: nothing changes about the point.
  await world.clock.pass(1_000);
  await world.says(press(world, 2));
  await world.says({ ...press(world, 1), copy: 2 });
  await world.says(press(world, 3, { facts: { mode: 'test' } }));
  expect(heard()).toBe(1);
  await incidents.acknowledge(1, 'li');
  expect(heard()).toBe(2);
  await incidents.acknowledge(1, 'wang');
  expect(heard()).toBe(2);
  await incidents.resolve(1, 'li');
  expect(heard()).toBe(3);
  await incidents.resolve(1, 'wang');
  expect(heard()).toBe(3);
});

test('a copy of an alarm whose incident is resolved opens nothing', async () => {
  const alarm = press(world, 1);
  await world.says(alarm);
  await world.cloud.incidents.resolve(1, 'li');
  await world.says({ ...alarm, copy: 2 });
  await world.says(press(world, 2, { counter: 1 }));
  expect(world.rows('SELECT id FROM incidents')).toHaveLength(1);
});

test.each(['test', 'drill', 'probe'] as const)('a %s is delivered and is no incident', async (mode) => {
  if (mode === 'drill') await world.drill(['button-1']);
  await world.says(press(world, 1, { facts: { mode } }));
  expect(world.receipts().at(-1)).toMatchObject({ state: 'delivered', log_head: null });
  expect(world.rows('SELECT * FROM incidents')).toEqual([]);
});

test('two people at once: one has acknowledged it, and what is resolved cannot be', async () => {
  await world.says(press(world, 1));
  const { incidents } = world.cloud;
  const both = await Promise.all([incidents.acknowledge(1, 'li'), incidents.acknowledge(1, 'wang')]);
  expect(both).toEqual([true, false]);
  await incidents.resolve(1, 'li');
  expect(await incidents.resolve(1, 'wang')).toBe(false);
  expect(await incidents.acknowledge(1, 'wang')).toBe(false);
  expect(await incidents.acknowledge(99, 'wang')).toBe(false);
});

test('two hundred steps written at once are one whole chain', async () => {
  await world.says(press(world, 1));
  const { incidents } = world.cloud;
  await Promise.all(
    Array.from({ length: 200 }, (_, i) =>
      incidents.record(1, [{ step: 'centre-receipt', at: i, signal: null, detail: { i } }], []),
    ),
  );
  expect(await incidents.verify(1)).toBeNull();
  expect(await steps(1)).toHaveLength(204);
});

test('a step that the disk refused leaves no gap in the chain', async () => {
  await world.says(press(world, 1));
  const { incidents } = world.cloud;
  world.disk.fail = new Error('disk full');
  await expect(incidents.acknowledge(1, 'li')).rejects.toThrow('disk full');
  world.disk.fail = null;
  expect(await incidents.acknowledge(1, 'li')).toBe(true);
  expect(await incidents.verify(1)).toBeNull();
});

test('a step behind one that the disk refused is chained to the last that was written', async () => {
  await world.says(press(world, 1));
  const { incidents } = world.cloud;
  const step = (i: number) =>
    incidents.record(1, [{ step: 'centre-receipt', at: i, signal: null, detail: { i } }], []);
  world.disk.fail = new Error('disk full');
  const refused = step(1).catch(() => (world.disk.fail = null));
  const behind = step(2);
  await Promise.all([refused, behind]);
  expect(await incidents.verify(1)).toBeNull();
});

test.each([
  ['a detail', `UPDATE incident_log SET detail = '{"by":"nobody"}' WHERE seq = 2`],
  ['a time', 'UPDATE incident_log SET at = at + 1 WHERE seq = 2'],
  ['a step', `UPDATE incident_log SET step = 'resolved' WHERE seq = 2`],
  ['the hash itself', `UPDATE incident_log SET hash = '00' WHERE seq = 2`],
  ['an entry taken out', 'DELETE FROM incident_log WHERE seq = 2'],
])('tampering with %s is found', async (_, sql) => {
  await world.says(press(world, 1));
  world.disk.files.get('cloud')!.exec(sql);
  expect(await world.cloud.incidents.verify(1)).toBe(2);
});

test('a log is only whole as it was written', () => {
  const entry = fc.record({
    at: fc.nat(),
    step: fc.constantFrom('raised', 'dispatched', 'resolved'),
    signal: fc.option(fc.nat()),
    detail: fc.dictionary(fc.string(), fc.oneof(fc.string(), fc.integer(), fc.boolean())),
  });
  fc.assert(
    fc.property(fc.array(entry, { minLength: 2, maxLength: 8 }), fc.nat(), (entries, pick) => {
      let hash = genesis;
      const log = entries.map((one, i) => {
        const whole = { ...one, incident: 1, seq: i + 1 } as LogEntry;
        hash = chained(hash, whole);
        return { ...whole, hash };
      });
      expect(firstBreak(log)).toBeNull();
      const at = pick % log.length;
      const changed = log.map((one, i) => (i === at ? { ...one, at: one.at + 1 } : one));
      expect(firstBreak(changed)).toBe(at + 1);
    }),
  );
});
