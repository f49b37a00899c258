import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Item, Level } from '#protocols/four-hundred/answer.ts';
import type { DeviceReport } from '#protocols/messages/state.ts';
import { CloudWorld, config, epoch } from './cloud-world.ts';
import { settle } from './fake-ports.ts';
import { city } from './four-hundred-school.ts';

let world: CloudWorld;
let beats = 0;

const campuses = [
  { id: 'school', name: { zh: '一小', en: 'First School' }, gateways: [] },
] as unknown as (typeof config)['campuses'];

beforeEach(async () => {
  world = new CloudWorld(campuses);
  world.inventory = city;
  // A Tuesday of term, at noon: the gate is to be closed.
  world.clock.wallAt = Date.UTC(2026, 8, 1, 4);
  await world.start();
});
afterEach(() => world.cloud.close());

const kinds = { b1: 'button', contact: 'input', cam: 'camera' } as const;
function report(id: keyof typeof kinds, more: Partial<DeviceReport> = {}): DeviceReport {
  const facts: DeviceReport['facts'] = id === 'contact' ? { state: 'closed' } : {};
  const common = { driver: 'any', heartbeat_s: 60, acts: [], heard_ago_ms: 0, line_open: true };
  return { id, kind: kinds[id], ...common, health: { state: 'good' }, facts, ...more };
}
function say(message: object): void {
  world.publish('belfry/v1/school/gate/state', JSON.stringify({ session: 's', sent_at: 1, ...message }));
}
async function born(devices = [report('b1'), report('contact'), report('cam')]): Promise<void> {
  beats = 0;
  say({ kind: 'birth', epoch, highest_n: 0, version: '1', account: '1234', devices });
  await world.clock.pass(1_000);
}
async function beat(devices: DeviceReport[]): Promise<void> {
  beats += 1;
  say({ kind: 'heartbeat', n: beats, offset: null, pending_alarms: 0, devices });
  await world.clock.pass(1_000);
}
async function batch(n: number, body: { points?: object[]; records?: object[] }): Promise<void> {
  world.publish(
    'belfry/v1/school/gate/telemetry',
    JSON.stringify({ kind: 'telemetry', session: 's', epoch, n, points: [], ...body }),
  );
  await settle();
  await world.clock.pass(1_000);
}
const now = () => Math.round(world.clock.wall());
const looked = (n: number) =>
  batch(n, {
    points: [
      { device: 'cam', field: 'clock_offset_s', value: 0.4, unit: 's', at: now() },
      { device: 'cam', field: 'recorded_days', value: 92, unit: 'd', at: now() },
    ],
  });
function answerOf(item: Item, level: Level): string {
  const cells = world.cloud.fourHundred.verdict('school')!.cells;
  return cells.find((cell) => cell.item === item && cell.level === level)!.answer;
}
function partOf(kind: string, device?: string) {
  const ledger = world.cloud.fourHundred.campus('school')!;
  return ledger
    .open()
    .find(
      ({ part }) =>
        part.kind === kind && (device === undefined || ledger.plan.devices[part.entity]?.ref === device),
    )!;
}

describe('the four hundred of a running cloud', () => {
  it('knows nothing where nothing was measured, and what it hears at once', async () => {
    expect(partOf('alive', 'gate/b1').code).toBe('never-heard');
    await born();
    expect(partOf('alive', 'gate/b1').answer).toBe('yes');
    expect(partOf('closed').answer).toBe('yes');
    await beat([report('contact', { facts: { state: 'open' } })]);
    for (let i = 0; i < 150; i += 1) await beat([report('contact', { facts: { state: 'open' } })]);
    expect(partOf('closed').code).toBe('open');
  });

  it('a press that a device renews holds no longer than three heartbeats', async () => {
    await born();
    for (let i = 0; i < 60; i += 1) await beat([]);
    expect(partOf('alive', 'gate/b1').answer).toBe('yes');
    for (let i = 0; i < 150; i += 1) await beat([report('cam')]);
    expect(partOf('alive', 'gate/b1').answer).toBe('no');
    expect(partOf('alive', 'gate/cam').code).not.toBe('offline');
  });

  it('a camera that goes dark opens its blind spot, and its return closes it', async () => {
    await born();
    await looked(1);
    await batch(2, { points: [{ device: 'cam', field: 'picture_entropy', value: 7, unit: '', at: now() }] });
    await beat([report('cam', { facts: { picture: 'good' } })]);
    await batch(3, { points: [{ device: 'cam', field: 'picture_entropy', value: 7, unit: '', at: now() }] });
    expect(partOf('zone-seen').answer).toBe('yes');
    await beat([report('cam', { health: { state: 'offline', reason: { zh: '黑屏', en: 'dark' } } })]);
    expect(partOf('zone-seen').answer).toBe('no');
    expect(answerOf('one-key-video', 'working')).toBe('no');
    await beat([report('cam', { facts: { picture: 'good' } })]);
    expect(partOf('zone-seen').answer).toBe('yes');
  });

  it('killed and opened again, the verdict of the same moment as of the same is the same to the last digit', async () => {
    await born();
    await looked(1);
    for (let i = 0; i < 100; i += 1) await beat([report('b1'), report('contact'), report('cam')]);
    const moment = now() - 30_000;
    const asOf = now();
    const before = await world.cloud.fourHundred.at('school', moment, asOf);
    const live = world.cloud.fourHundred.verdict('school')!;
    expect((await world.cloud.fourHundred.at('school', live.moment, live.as_of))!.verdict.cells).toEqual(
      live.cells,
    );
    world.crash();
    await world.clock.freeze(600_000);
    await world.start();
    await born();
    const after = await world.cloud.fourHundred.at('school', moment, asOf);
    expect(after).not.toBeNull();
    expect({ ...after, plan: null }).toEqual({ ...before, plan: null });
  });

  it('what comes late is a new revision, and the old one is still what it was', async () => {
    await born();
    for (let i = 0; i < 200; i += 1) await beat([report('contact')]);
    const moment = now();
    const old = (await world.cloud.fourHundred.at('school', moment, moment))!;
    await world.clock.pass(60_000);
    await batch(1, { records: [{ device: 'contact', kind: 'opened', at: moment - 180_000, details: {} }] });
    const again = (await world.cloud.fourHundred.at('school', moment, moment))!;
    expect(again.verdict).toEqual(old.verdict);
    const revised = (await world.cloud.fourHundred.at('school', moment, now()))!;
    expect(revised.verdict.revision).toBeGreaterThan(old.verdict.revision);
    const codes = (past: typeof old) =>
      past.parts.filter(({ part }) => part.kind === 'closed').map(({ code }) => code);
    expect(codes(old)).toEqual(['alive']);
    expect(codes(revised)).toEqual(['open']);
  });

  it('while the cloud was away it was not measuring, and that is nobody else’s failure', async () => {
    await born();
    world.crash();
    const died = now();
    await world.clock.freeze(3_600_000);
    await world.start();
    expect(partOf('alive', 'gate/b1').answer).toBe('not-measured');
    const stretches = await world.cloud.fourHundred.history.spent(
      ['school'],
      0,
      'minute',
      died - 60_000,
      now(),
    );
    const away = stretches.reduce((sum, { spent }) => sum + spent['not-measured'], 0);
    expect(away).toBeGreaterThan(3_590_000);
    await born();
    expect(partOf('alive', 'gate/b1').answer).toBe('yes');
  });

  it('the same batch told twice is one piece of evidence', async () => {
    await born();
    await looked(1);
    await looked(1);
    expect(world.rows('SELECT id FROM evidence WHERE kind = ?', 'clock')).toHaveLength(1);
  });

  it('a value that cannot be is no evidence, and costs its batch nothing', async () => {
    await born();
    await batch(1, {
      points: [
        { device: 'cam', field: 'recorded_days', value: -3, unit: 'd', at: now() },
        { device: 'cam', field: 'clock_offset_s', value: 0.4, unit: 's', at: now() },
      ],
    });
    expect(world.rows('SELECT kind FROM evidence WHERE kind IN (?, ?)', 'clock', 'recording')).toEqual([
      { kind: 'clock' },
    ]);
    expect(await world.cloud.fourHundred.at('school', now(), now())).not.toBeNull();
  });

  it('the sums of a past hour are what was kept of it, and what came late since is judged anew', async () => {
    await born();
    await world.clock.pass(2 * 3_600_000);
    const { fourHundred } = world.cloud;
    const hour = Math.floor(now() / 3_600_000) * 3_600_000;
    const kept = () => fourHundred.cellsAt(hour + 1_234, now());
    const judged = async () => (await fourHundred.at('school', hour, now()))!.verdict.cells;
    expect(await kept()).toEqual({
      at: hour,
      campuses: [{ campus: 'school', county: 'east', cells: await judged() }],
    });
    // Nothing is judged anew: what is kept is what counts.
    await world.cloud.store.commit([{ sql: `UPDATE kept_cells SET county = 'west' WHERE at = ${hour}` }]);
    expect((await kept()).campuses[0]!.county).toBe('west');

    const before = await judged();
    const outage = { kind: 'outage' as const, at: hour - 600_000, to: hour + 600_000, reason: 'told late' };
    await fourHundred.declare('school', 'late', outage);
    const after = await judged();
    expect(after).not.toEqual(before);
    expect((await kept()).campuses[0]!.cells).toEqual(after);
    // As it was known then it is what it was.
    expect((await fourHundred.cellsAt(hour, hour)).campuses[0]!.cells).toEqual(before);
    // Of an hour of which nothing is kept every campus is judged anew, at the moment itself.
    await world.cloud.store.commit([{ sql: 'DELETE FROM kept_cells' }]);
    expect(await fourHundred.cellsAt(hour + 1_234, hour + 1_234)).toMatchObject({ at: hour + 1_234 });
  });

  it('hours add up to what their minutes were', async () => {
    await born();
    await world.clock.pass(3 * 3_600_000);
    const from = Math.ceil(now() / 3_600_000) * 3_600_000 - 2 * 3_600_000;
    const { history } = world.cloud.fourHundred;
    const [hour] = await history.spent(['school'], 7, 'hour', from, from + 3_600_000);
    const minutes = await history.spent(['school'], 7, 'minute', from, from + 3_600_000);
    expect(minutes).toHaveLength(60);
    for (const answer of ['yes', 'no', 'unknown', 'not-measured', 'maintenance'] as const)
      expect(minutes.reduce((sum, { spent }) => sum + spent[answer], 0)).toBe(hour!.spent[answer]);
    expect(world.rows(`SELECT from_at FROM cell_spent WHERE length = 'hour'`).length).toBeGreaterThan(0);
  });
});
