import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { apiAlarm, apiCommand, apiDrill, apiProbe, itemsOf, problem } from '#protocols/api.ts';
import { ApiWorld } from './api-world.ts';

let world: ApiWorld;
beforeEach(async () => {
  world = await new ApiWorld().start();
  world.birth([{ id: 'b1', acts: ['self-test'] }, { id: 'b2' }]);
});
afterEach(() => world.close());

const hour = 3_600_000;
const act = (path: string, body: unknown) =>
  world.post(`/api/v1${path}`, body, { authorization: `Bearer ${world.token}` });
const replies = (command: string, more: object = {}) =>
  world.commands.onReply('gate', {
    kind: 'reply',
    session: 's',
    command,
    ok: true,
    detail: 'passed',
    facts: {},
    ...more,
  });

async function refused(answer: Response, status: number, words: RegExp): Promise<void> {
  expect(answer.status).toBe(status);
  expect(answer.headers.get('content-type')).toContain('application/problem+json');
  const said = problem.parse(await answer.json());
  expect([said.status, JSON.stringify(said)]).toEqual([status, expect.stringMatching(words)]);
}

describe('acts of devices', () => {
  const selfTest = { do: 'self-test', by: 'li' };

  it('go down at once, are answered 202, and are found with what came of them', async () => {
    const answer = await act('/gateways/gate/devices/b1/acts', selfTest);
    expect(answer.status).toBe(202);
    const asked = apiCommand.parse(await answer.json());
    expect(asked).toMatchObject({ state: 'waiting', device: 'b1', act: 'self-test', by: 'li' });
    expect(world.sent).toMatchObject([{ kind: 'act', id: asked.id, device: 'b1', act: { do: 'self-test' } }]);
    replies(asked.id);
    await expect
      .poll(async () => apiCommand.parse(await (await world.get(`/api/v1/commands/${asked.id}`)).json()))
      .toMatchObject({ state: 'done', detail: 'passed' });
  });

  it('are answered 200 with the reply by who waits for it', async () => {
    const waiting = act('/gateways/gate/devices/b1/acts?wait=30', selfTest);
    await expect.poll(() => world.sent.length).toBe(1);
    replies(world.sent[0]!.id, { ok: false, detail: 'the circuit is open' });
    const answer = await waiting;
    expect(answer.status).toBe(200);
    expect(apiCommand.parse(await answer.json())).toMatchObject({
      state: 'failed',
      detail: 'the circuit is open',
    });
  });

  it('that nobody can do are refused, and nothing goes down', async () => {
    await refused(await act('/gateways/gate/devices/b9/acts', selfTest), 404, /no device gate\/b9/);
    await refused(await act('/gateways/gate/devices/b2/acts', selfTest), 409, /cannot do self-test/);
    await refused(await act('/gateways/gate/devices/b1/acts', { do: 'explode' }), 400, /not valid/);
    await refused(await act('/gateways/gate/devices/b1/acts?wait=-1', selfTest), 400, /wait/);
    await refused(await world.post('/api/v1/gateways/gate/devices/b1/acts', selfTest), 401, /token/i);
    await refused(await world.get('/api/v1/commands/none'), 404, /no command none/);
    expect(world.sent).toEqual([]);
  });
});

describe('drills', () => {
  const drill = (more: object = {}) => ({
    gateway: 'gate',
    devices: ['b1'],
    to: Math.round(world.clock.wall()) + hour,
    reason: 'autumn',
    by: 'li',
    ...more,
  });

  it('are declared, confirmed by the gateway, listed, and ended', async () => {
    const answer = await act('/drills', drill());
    expect(answer.status).toBe(201);
    const declared = apiDrill.parse(await answer.json());
    expect(declared.state).toBe('declared');
    replies(world.sent.find(({ kind }) => kind === 'drill')!.id);
    const now = async () => apiDrill.parse(await (await world.get(`/api/v1/drills/${declared.id}`)).json());
    await expect.poll(now).toMatchObject({ state: 'confirmed' });
    const list = async (query: string) =>
      itemsOf(apiDrill).parse(await (await world.get(`/api/v1/drills${query}`)).json()).items.length;
    expect([await list('?gateway=gate'), await list('?campus=other')]).toEqual([1, 0]);

    expect((await act(`/drills/${declared.id}/end`, { by: 'wang' })).status).toBe(200);
    await expect.poll(() => world.sent.some(({ kind }) => kind === 'drill-end')).toBe(true);
    replies(world.sent.find(({ kind }) => kind === 'drill-end')!.id);
    await expect.poll(now).toMatchObject({ state: 'over', ended_by: 'wang' });
    await refused(await act(`/drills/${declared.id}/end`, { by: 'wang' }), 409, /over already/);
  });

  it('that cannot be are refused, and nothing goes down', async () => {
    const now = Math.round(world.clock.wall());
    await refused(await act('/drills', drill({ gateway: 'none' })), 404, /no gateway none/);
    await refused(await act('/drills', drill({ campus: 'other' })), 404, /on campus other/);
    await refused(await act('/drills', drill({ devices: ['b1', 'b9'] })), 400, /no device b9/);
    await refused(await act('/drills', drill({ devices: [] })), 400, /devices/);
    await refused(await act('/drills', drill({ to: now - 1 })), 400, /later/);
    await refused(await act('/drills', drill({ to: now + 3 * hour })), 400, /2 hours/);
    const far = { from: now + 8 * 24 * hour, to: now + 8 * 24 * hour + hour };
    await refused(await act('/drills', drill(far)), 400, /7 days/);
    await refused(await world.post('/api/v1/drills', drill()), 401, /token/i);
    await refused(await act('/drills/none/end', { by: 'li' }), 404, /no drill none/);
    await refused(await world.get('/api/v1/drills/none'), 404, /no drill none/);
    expect(world.sent).toEqual([]);
  });
});

describe('probes', () => {
  it('are listed newest first, by place and path, page by page', async () => {
    const insert = (device: string, route: string) => ({
      sql: `INSERT INTO probes (campus, gateway, device, route, asked_at, command, proved, ok)
            VALUES ('school', 'gate', ?, ?, 1, 'c', 'centre', 1)`,
      params: [device, route],
    });
    await world.store.commit([insert('b1', 'cloud'), insert('b1', 'direct'), insert('b2', 'cloud')]);
    const list = async (query: string) =>
      itemsOf(apiProbe).parse(await (await world.get(`/api/v1/probes${query}`)).json());
    expect((await list('')).items.map(({ id }) => id)).toEqual([3, 2, 1]);
    expect((await list('?device=b1&route=cloud')).items).toMatchObject([
      { id: 1, place: { campus: 'school' }, ok: true, alarm: null },
    ]);
    const page = await list('?limit=2');
    expect((await list(`?limit=2&before=${page.next}`)).items.map(({ id }) => id)).toEqual([1]);
    await refused(await world.get('/api/v1/probes?route=pigeon'), 400, /route/);
  });
});

describe('the end of a delivery', () => {
  const ending = { by: 'li', reason: 'taken by telephone' };

  it('is told with the alarm as it is then', async () => {
    const name = await world.alarm({ ended_by: 'li', ended_at: 1, ended_reason: 'taken by telephone' });
    world.ends = 'ended';
    const answer = await act(`/alarms/${name}/end`, ending);
    expect(answer.status).toBe(200);
    expect(apiAlarm.parse(await answer.json())).toMatchObject({ ended: { by: 'li' } });
  });

  it('is refused for what is settled, what nobody knows, and without name and reason', async () => {
    const name = await world.alarm({ delivered_at: 5 });
    world.ends = 'settled';
    await refused(await act(`/alarms/${name}/end`, ending), 409, /already/);
    world.ends = 'ambiguous';
    await refused(await act(`/alarms/${name}/end`, ending), 409, /digest/);
    world.ends = 'unknown';
    await refused(await act('/alarms/gate.0.alarm.9/end', ending), 404, /no alarm/);
    await refused(await act(`/alarms/${name}/end`, { by: 'li' }), 400, /reason/);
    await refused(await act(`/alarms/${name}/end`, { by: ' ', reason: 'x' }), 400, /by/);
    await refused(await world.post(`/api/v1/alarms/${name}/end`, ending), 401, /token/i);
  });
});
