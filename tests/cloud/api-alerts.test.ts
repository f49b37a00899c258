import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { AlertText } from '#cloud/alerts/alerts.ts';
import { openAccess } from '#cloud/access/access.ts';
import {
  type ApiAlert,
  apiAlert,
  apiAlertLoad,
  apiMaintenance,
  apiSilence,
  itemsOf,
  problem,
} from '#protocols/api.ts';
import { ApiWorld } from './api-world.ts';
import { seeded } from './fake-ports.ts';
import { city } from './four-hundred-school.ts';

let world: ApiWorld;
beforeEach(async () => {
  world = new ApiWorld();
  world.campuses.push({
    id: 'other-school',
    name: { zh: '二小', en: 'Second School' },
    gateways: [{ id: 'lodge', devices: [{ id: 'b9', name: { zh: '门', en: 'Door' }, kind: 'button' }] }],
  });
  await world.start();
});
afterEach(() => world.close());

const hour = 3_600_000;
const minute = 60_000;
const now = () => Math.round(world.clock.wall());
const act = (path: string, body: object) =>
  world.post(`/api/v1${path}`, { by: '王', ...body }, { authorization: `Bearer ${world.token}` });
const device = (name = 'b1', gateway = 'gate'): AlertText => ({
  code: 'device-offline',
  severity: 'warning',
  subject: `${gateway}/${name}`,
  text: { zh: '离线', en: 'offline' },
});
const undelivered: AlertText = {
  code: 'alarm-undelivered',
  severity: 'critical',
  subject: 'gate.00112233aabbccdd.alarm.1',
  mode: 'real',
  text: { zh: '未送达', en: 'not delivered' },
};
const alerts = async (query = ''): Promise<ApiAlert[]> =>
  itemsOf(apiAlert).parse(await (await world.get(`/api/v1/alerts${query}`)).json()).items;
const alert = async (id: number) => apiAlert.parse(await (await world.get(`/api/v1/alerts/${id}`)).json());

async function refused(answer: Response, status: number, words: RegExp): Promise<void> {
  const said = problem.parse(await answer.json());
  expect([answer.status, JSON.stringify(said)]).toEqual([status, expect.stringMatching(words)]);
}

describe('an alert', () => {
  it('is acknowledged once, by name and with a note, stays open, and closes by itself', async () => {
    await world.alerts.raise(device());
    const answer = await act('/alerts/1/acknowledge', { note: 'on my way' });
    expect(apiAlert.parse(await answer.json())).toMatchObject({
      state: 'acknowledged',
      acknowledged: { by: '王', at: now(), note: 'on my way' },
      closed_at: null,
      campus: 'school',
      gateway: 'gate',
      device: 'b1',
    });
    await refused(await act('/alerts/1/acknowledge', {}), 409, /acknowledged by 王/);
    await world.alerts.clear('device-offline', 'gate/b1');
    expect(await alert(1)).toMatchObject({ state: 'closed', acknowledged: { note: 'on my way' } });
    await refused(await act('/alerts/1/acknowledge', {}), 409, /already/);
    await refused(await act('/alerts/9/acknowledge', {}), 404, /no alert 9/);
  });

  it('opens unacknowledged when its cause comes back', async () => {
    await world.alerts.raise(device());
    await act('/alerts/1/acknowledge', {});
    await world.alerts.clear('device-offline', 'gate/b1');
    await world.alerts.raise(device());
    expect(await alert(2)).toMatchObject({ state: 'open', acknowledged: null });
  });

  it('is acknowledged and silenced by who may act on its campus alone', async () => {
    await world.close();
    const access = await openAccess({ clock: world.clock, random: seeded(3), databases: world.disk });
    await world.start({ access });
    await world.alerts.raise(device());
    const given = async (rights: ('view' | 'act')[], campuses: string[] | null) => {
      const entry = { name: 't', rights, campuses, expires_at: null, created_by: 'test' };
      return { authorization: `Bearer ${(await access.newToken(entry)).token}` };
    };
    const path = '/api/v1/alerts/1/acknowledge';
    expect((await world.post(path, { by: 'x' }, await given(['view'], null))).status).toBe(403);
    const elsewhere = await given(['view', 'act'], ['other-school']);
    expect((await world.post(path, { by: 'x' }, elsewhere)).status).toBe(404);
    const silence = { until: now() + hour, reason: 'r', by: 'x' };
    expect((await world.post('/api/v1/alerts/1/silence', silence, elsewhere)).status).toBe(404);
    const here = await given(['view', 'act'], ['school']);
    expect((await world.post(path, { by: 'x' }, here)).status).toBe(200);
    const [entry] = await access.audit.list({ limit: 1 });
    expect(entry).toMatchObject({
      who: 't',
      what: 'POST /api/v1/alerts/:id/acknowledge',
      about: { id: 1, code: 'device-offline', subject: 'gate/b1' },
    });
  });

  it('is found page by page, the open ones first, each once', async () => {
    for (let i = 0; i < 5; i += 1) await world.alerts.raise(device(`d${i}`));
    await world.alerts.clear('device-offline', 'gate/d1');
    await world.alerts.clear('device-offline', 'gate/d3');
    const found: number[] = [];
    let next: string | null | undefined;
    do {
      const query = `?limit=2${next ? `&before=${next}` : ''}`;
      const page = itemsOf(apiAlert).parse(await (await world.get(`/api/v1/alerts${query}`)).json());
      found.push(...page.items.map(({ id }) => id));
      next = page.next;
    } while (next);
    expect(found).toEqual([5, 3, 1, 4, 2]);
    await refused(await world.get('/api/v1/alerts?before=x'), 400, /next/);
  });
});

describe('a silence', () => {
  const silence = (id: number, more: object = {}) =>
    act(`/alerts/${id}/silence`, { until: now() + hour, reason: 'known', ...more });

  it('lasts until its time for this alert alone, also when it closes and opens again', async () => {
    await world.alerts.raise(device());
    await world.alerts.raise(device('b2'));
    expect((await silence(1)).status).toBe(201);
    expect(await alert(1)).toMatchObject({ state: 'silenced', silenced: { reason: 'known', by: /王/ } });
    expect(await alert(2)).toMatchObject({ state: 'open', silenced: null });
    await world.alerts.clear('device-offline', 'gate/b1');
    await world.alerts.raise(device());
    expect(await alert(3)).toMatchObject({ state: 'silenced' });
    await world.clock.pass(hour);
    expect(await alert(3)).toMatchObject({ state: 'open' });
  });

  it('does not hide what has become worse', async () => {
    await world.alerts.raise(device());
    await silence(1);
    await world.alerts.clear('device-offline', 'gate/b1');
    await world.alerts.raise({ ...device(), severity: 'critical' });
    expect(await alert(2)).toMatchObject({ state: 'open', silenced: null });
  });

  it('of an alarm there is none', async () => {
    await world.alerts.raise(undelivered);
    await refused(await silence(1), 409, /nothing silences an alarm/);
    expect(await alert(1)).toMatchObject({ state: 'open' });
  });

  it('has a reason and an end within 30 days, and ends early by a person', async () => {
    await world.alerts.raise(device());
    await refused(await silence(1, { until: now() }), 400, /later than now/);
    await refused(await silence(1, { until: now() + 31 * 24 * hour }), 400, /30 days/);
    await refused(await silence(1, { reason: ' ' }), 400, /reason/);
    await silence(1);
    const list = async (query = '') =>
      itemsOf(apiSilence).parse(await (await world.get(`/api/v1/silences${query}`)).json()).items;
    expect(await list()).toMatchObject([{ id: 1, subject: 'gate/b1', campus: 'school', ended: null }]);
    expect((await act('/silences/1/end', {})).status).toBe(200);
    expect(await alert(1)).toMatchObject({ state: 'open' });
    expect([await list(), (await list('?state=all')).length]).toEqual([[], 1]);
    await refused(await act('/silences/1/end', {}), 409, /over already/);
  });

  it('outlives a restart, and its end is told in the feed', async () => {
    await world.alerts.raise(device());
    await silence(1);
    await world.close();
    await world.start();
    expect(await alert(1)).toMatchObject({ state: 'silenced' });
    const before = await world.store.read('SELECT MAX(id) AS id FROM events');
    await world.clock.pass(hour);
    const after = await world.store.read('SELECT type, subject FROM events WHERE id > ?', [before[0]!.id!]);
    expect(after).toContainEqual({ type: 'alert', subject: '1' });
  });
});

describe('maintenance', () => {
  const declare = (more: object = {}) =>
    act('/maintenance', { campus: 'school', until: now() + hour, reason: 'new cables', ...more });
  beforeEach(() => world.birth([{ id: 'b1' }, { id: 'b2' }]));

  it('is shown on the alerts of its place for its time, and never on one about an alarm', async () => {
    await world.alerts.raise(device());
    await world.alerts.raise(device('b9', 'lodge'));
    await world.alerts.raise(undelivered);
    expect((await declare({ gateway: 'gate', from: now() + minute, until: now() + hour })).status).toBe(201);
    const states = async () => [(await alert(1)).state, (await alert(2)).state, (await alert(3)).state];
    expect(await states()).toEqual(['open', 'open', 'open']);
    await world.clock.pass(minute);
    expect(await states()).toEqual(['maintenance', 'open', 'open']);
    await world.clock.pass(hour);
    expect(await states()).toEqual(['open', 'open', 'open']);
  });

  it('of a whole campus does not cover how long its alarms take', async () => {
    const text = { zh: '太慢', en: 'too slow' };
    await world.alerts.raise({ code: 'latency-breach', severity: 'warning', subject: 'school', text });
    await world.alerts.raise(device());
    await declare();
    expect([(await alert(1)).state, (await alert(2)).state]).toEqual(['open', 'maintenance']);
  });

  it('of some devices is theirs alone', async () => {
    await world.alerts.raise(device());
    await world.alerts.raise(device('b2'));
    await declare({ gateway: 'gate', devices: ['b2'] });
    expect((await alerts()).map(({ state, subject }) => `${subject} ${state}`)).toEqual([
      'gate/b2 maintenance',
      'gate/b1 open',
    ]);
  });

  it('ends early by a person', async () => {
    await world.alerts.raise(device());
    await declare();
    expect(await alert(1)).toMatchObject({ state: 'maintenance', maintenance: { reason: 'new cables' } });
    expect(apiMaintenance.parse(await (await act('/maintenance/1/end', {})).json()).ended).toMatchObject({
      by: '王',
    });
    expect(await alert(1)).toMatchObject({ state: 'open' });
    await refused(await act('/maintenance/1/end', {}), 409, /over already/);
    expect(await (await world.get('/api/v1/maintenance')).json()).toMatchObject({ items: [] });
    expect(await (await world.get('/api/v1/maintenance?state=all')).json()).toMatchObject({
      items: [{ id: 1, campus: 'school', gateway: null }],
    });
  });

  it('counts in the four hundred as well, until it is ended', async () => {
    await world.close();
    world.inventory = city;
    await world.start();
    world.birth([{ id: 'b1' }, { id: 'b2' }]);
    const record = async () => {
      const path = '/api/v1/four-hundred/campuses/school/maintenance';
      const answer = await world.get(path, { authorization: `Bearer ${world.token}` });
      return ((await answer.json()) as { items: Record<string, unknown>[] }).items;
    };
    const until = now() + hour;
    await declare({ gateway: 'gate', devices: ['b1', 'b2'], until });
    expect(await record()).toMatchObject([{ of: { device: 'gate/b1' }, to: until, reason: 'new cables' }]);
    expect((await act('/maintenance/1/end', {})).status).toBe(200);
    expect(await record()).toMatchObject([{ to: expect.toSatisfy((to: number) => to < until) }]);
    await declare();
    expect((await record()).map(({ of }) => of)).toContain('campus');
  });

  it('that cannot be is refused', async () => {
    await refused(await declare({ campus: 'none' }), 404, /no campus none/);
    await refused(await declare({ gateway: 'lodge' }), 404, /no gateway lodge on campus school/);
    await refused(await declare({ gateway: 'gate', devices: ['b7'] }), 400, /no device b7/);
    await refused(await declare({ devices: ['b1'] }), 400, /gateway/);
    await refused(await declare({ until: now() }), 400, /later/);
    await refused(await declare({ from: now() - hour }), 400, /beforehand/);
    await refused(await declare({ until: now() + 8 * 24 * hour }), 400, /7 days/);
    expect((await world.post('/api/v1/maintenance', {})).status).toBe(401);
  });
});

it('the load is counted in ten minutes, and a flood is named', async () => {
  const begin = now();
  for (let i = 0; i < 12; i += 1) await world.alerts.raise(device(`d${i}`));
  await world.clock.freeze(20 * minute);
  await world.alerts.raise(device('late'));
  const query = `?from=${begin}&to=${now() + minute}`;
  const load = apiAlertLoad.parse(await (await world.get(`/api/v1/alerts/load${query}`)).json());
  expect(load.items.map(({ opened }) => opened)).toEqual([12, 0, 1]);
  expect(load).toMatchObject({ most: 12, floods: 1 });
  await refused(await world.get('/api/v1/alerts/load?from=2&to=1'), 400, /later/);
});

describe('the channels', () => {
  it('are listed as they fare, and tried by who configures, with the real answer of the other side', async () => {
    const last = { at: now(), ok: false, answer: 'it answered 500: no' };
    const duty = { id: 'duty', kind: 'wecom', language: 'zh', waiting: 3, lost: 0, last } as const;
    const tried: string[] = [];
    world.channels = {
      ...world.channels,
      list: async () => [duty],
      async try(id, by) {
        tried.push(`${id} by ${by}`);
        return id === 'duty' ? { ok: false, answer: 'it refused: {"errcode":40008}', took_ms: 12 } : null;
      },
    };
    await world.close();
    await world.start();
    expect(await (await world.get('/api/v1/channels')).json()).toEqual({ items: [duty] });
    expect(await (await act('/channels/duty/test', {})).json()).toMatchObject({
      ok: false,
      answer: 'it refused: {"errcode":40008}',
    });
    await refused(await act('/channels/none/test', {}), 404, /no channel none/);
    expect(tried).toEqual(['duty by 王', 'none by 王']);
    expect((await world.post('/api/v1/channels/duty/test', {})).status).toBe(401);
  });
});
