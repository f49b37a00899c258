import fastify from 'fastify';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { guard } from '#cloud/api/access.ts';
import { type Access, openAccess } from '#cloud/access/access.ts';
import { Lockout, networkOf } from '#cloud/access/lockout.ts';
import {
  apiAccount,
  apiAuditEntry,
  apiSession,
  apiToken,
  type Right,
  rightsOf,
  type Role,
  role,
} from '#protocols/api-access.ts';
import { itemsOf } from '#protocols/api.ts';
import { ApiWorld } from './api-world.ts';
import { quiet, seeded } from './fake-ports.ts';
import { apiCityVerdict } from '#protocols/api-four-hundred.ts';
import { city } from './four-hundred-school.ts';

const password = 'correct horse battery';
const here = { 'sec-fetch-site': 'same-origin' };

let world: ApiWorld;
let access: Access;
beforeEach(async () => {
  world = new ApiWorld();
  world.campuses.push({
    id: 'other-school',
    name: { zh: '二小', en: 'Second School' },
    gateways: [{ id: 'lodge', devices: [{ id: 'b9', name: { zh: '门', en: 'Door' }, kind: 'button' }] }],
  });
  access = await openAccess({ clock: world.clock, random: seeded(3), databases: world.disk });
  await world.start({ access });
});
afterEach(() => world.close());

const cookieOf = (answer: Response) => answer.headers.get('set-cookie')!.split(';')[0]!;

function signIn(username: string, given = password, headers: Record<string, string> = here) {
  return world.post('/api/v1/session', { username, password: given }, headers);
}

/** Makes the account and signs it in. */
async function signedIn(username: string, as: Role, campuses: string[] | null = null) {
  await access.addAccount({ username, name: `Name of ${username}`, password, role: as, campuses });
  const answer = await signIn(username);
  expect(answer.status).toBe(200);
  return { cookie: cookieOf(answer), ...here };
}

const asLocal = () => ({ authorization: `Bearer ${world.token}` });
const audit = async () =>
  (await access.audit.list({ limit: 100 })).map((e) => `${e.who}: ${e.what} ${e.outcome}`);

describe('the set-up', () => {
  const account = { username: 'wang', name: '王', password };

  it('is one link, works once, and closes the API to whoever is not signed in', async () => {
    expect((await world.get('/api/v1/alarms')).status).toBe(200);
    expect(apiSession.parse(await (await world.get('/api/v1/session')).json())).toMatchObject({
      set_up: false,
      who: { kind: 'open' },
    });
    const link = await access.newSetupLink();
    const made = await world.post('/api/v1/setup', { ...account, link }, here);
    expect(made.headers.get('set-cookie')).toMatch(
      /^belfry=[\w-]{43}; Path=\/; Max-Age=\d+; HttpOnly; SameSite=Strict$/,
    );
    expect(apiSession.parse(await made.json())).toMatchObject({
      set_up: true,
      who: { name: '王', role: 'city_admin' },
    });
    expect((await world.get('/api/v1/alarms')).status).toBe(401);
    expect((await world.get('/api/v1/alarms', { cookie: cookieOf(made) })).status).toBe(200);
    expect((await world.get('/readyz')).status).toBe(503);
    const again = await world.post('/api/v1/setup', { ...account, username: 'li', link }, here);
    expect(again.status).toBe(403);
    expect((await access.accounts()).map(({ username }) => username)).toEqual(['wang']);
  });

  it('refuses a link after its day, and the older of two links', async () => {
    const old = await access.newSetupLink();
    const link = await access.newSetupLink();
    expect((await world.post('/api/v1/setup', { ...account, link: old })).status).toBe(403);
    await world.clock.pass(24 * 3_600_000);
    expect((await world.post('/api/v1/setup', { ...account, link })).status).toBe(403);
    expect(await access.isSetUp()).toBe(false);
  });

  it('makes one account of one link, however many use it in the same moment', async () => {
    const link = await access.newSetupLink();
    const all = ['a', 'b', 'c'].map((username) => access.setUp(link, { ...account, username }, '::1'));
    expect((await Promise.all(all)).filter((entry) => entry !== null)).toHaveLength(1);
    expect(await access.accounts()).toHaveLength(1);
  });
});

/** The right of every route: a new one belongs here, or this test fails. */
const declared: Record<string, Right | 'public' | 'signed-in' | 'gateway'> = {
  'GET /healthz': 'public',
  'GET /readyz': 'public',
  'GET /api/v1/session': 'public',
  'POST /api/v1/session': 'public',
  'DELETE /api/v1/session': 'public',
  'POST /api/v1/setup': 'public',
  'PUT /api/v1/session/password': 'signed-in',
  'POST /api/v1/alarms/{name}/end': 'act',
  'POST /api/v1/alerts/{id}/acknowledge': 'act',
  'POST /api/v1/alerts/{id}/silence': 'act',
  'POST /api/v1/channels/{id}/test': 'configure',
  'POST /api/v1/silences/{id}/end': 'act',
  'POST /api/v1/maintenance': 'act',
  'POST /api/v1/maintenance/{id}/end': 'act',
  'POST /api/v1/incidents/{id}/acknowledge': 'act',
  'POST /api/v1/incidents/{id}/resolve': 'act',
  'POST /api/v1/gateways/{gateway}/devices/{device}/acts': 'act',
  'POST /api/v1/drills': 'act',
  'POST /api/v1/drills/{id}/end': 'act',
  'GET /api/v1/pictures': 'pictures',
  'GET /api/v1/pictures/{id}/jpeg': 'pictures',
  'POST /api/v1/gateways/{gateway}/devices/{device}/picture': 'pictures',
  'GET /api/v1/pictures/views': 'audit',
  'GET /pictures/{alarm}/{gateway}/{camera}': 'gateway',
  'POST /api/v1/four-hundred/campuses/{campus}/blind-spots/best-place': 'view',
  'POST /api/v1/four-hundred/campuses/{campus}/maintenance': 'act',
  'POST /api/v1/four-hundred/campuses/{campus}/maintenance/{id}/end': 'act',
  'POST /api/v1/four-hundred/campuses/{campus}/explanations': 'act',
  'POST /api/v1/four-hundred/campuses/{campus}/drills': 'act',
  'POST /api/v1/four-hundred/reports': 'act',
  'GET /api/v1/campuses/{campus}/people': 'cards',
  'PUT /api/v1/campuses/{campus}/people': 'configure',
  'POST /api/v1/campuses/{campus}/people/import': 'configure',
  'PUT /api/v1/campuses/{campus}/people/{person}': 'configure',
  'DELETE /api/v1/campuses/{campus}/people/{person}': 'configure',
  'GET /api/v1/inventory/export': 'configure',
  'POST /api/v1/inventory/imports': 'configure',
  'POST /api/v1/inventory/imports/{digest}/apply': 'configure',
  'GET /api/v1/inventory/city': 'configure',
  'PUT /api/v1/inventory/city': 'configure',
  'GET /api/v1/inventory/campuses/{campus}': 'configure',
  'PUT /api/v1/inventory/campuses/{campus}': 'configure',
  'PATCH /api/v1/inventory/campuses/{campus}': 'configure',
  'DELETE /api/v1/inventory/campuses/{campus}': 'configure',
  'GET /api/v1/inventory/campuses/{campus}/versions': 'configure',
  'GET /api/v1/inventory/campuses/{campus}/versions/{version}': 'configure',
  'GET /api/v1/inventory/campuses/{campus}/differences': 'configure',
  'POST /api/v1/inventory/campuses/{campus}/versions/{version}/restore': 'configure',
  'GET /api/v1/accounts': 'accounts',
  'POST /api/v1/accounts': 'accounts',
  'PATCH /api/v1/accounts/{username}': 'accounts',
  'POST /api/v1/accounts/{username}/reset-link': 'accounts',
  'POST /api/v1/session/reset': 'public',
  'GET /api/v1/channels/rules': 'view',
  'GET /api/v1/personal-data': 'view',
  'POST /api/v1/setup-links': 'administer',
  'GET /api/v1/tokens': 'administer',
  'POST /api/v1/tokens': 'administer',
  'DELETE /api/v1/tokens/{id}': 'administer',
  'GET /api/v1/audit': 'administer',
};

async function routes(): Promise<{ method: string; path: string; right: (typeof declared)[string] }[]> {
  const document = (await (await world.get('/api/v1/openapi.json', asLocal())).json()) as {
    paths: Record<string, Record<string, unknown>>;
  };
  return Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.keys(methods).map((name) => {
      const method = name.toUpperCase();
      const upload = method === 'PUT' && path.startsWith('/api/v1/pictures/');
      // What is read and not named above is for everybody who may look.
      const right =
        declared[`${method} ${path}`] ?? (upload ? 'gateway' : method === 'GET' ? 'view' : undefined);
      expect(right, `${method} ${path} is in no list of this test`).toBeDefined();
      return { method, path, right: right! };
    }),
  );
}

async function statusOf(method: string, path: string, headers: Record<string, string>): Promise<number> {
  const url = world.api.url + path.replaceAll(/\{\w+\}/g, '1');
  const stop = new AbortController();
  const answer = await fetch(url, { method, headers, signal: stop.signal });
  stop.abort();
  return answer.status;
}

describe('rights', () => {
  it('are asked of every role on every route', async () => {
    await signedIn('first', 'city_admin');
    const all = await routes();
    expect(all.length).toBeGreaterThan(35);
    for (const as of role.options) {
      const headers = await signedIn(`a-${as.replace('_', '-')}`, as);
      for (const { method, path, right } of all) {
        // It ends the session.
        if (right === 'gateway' || (method === 'DELETE' && path === '/api/v1/session')) continue;
        const may = right === 'public' || right === 'signed-in' || rightsOf[as].includes(right);
        const status = await statusOf(method, path, headers);
        if (may) expect(status, `${as} ${method} ${path}`).not.toBe(401);
        const wanted = may
          ? expect(status, `${as} ${method} ${path}`).not
          : expect(status, `${as} ${method} ${path}`);
        wanted.toBe(403);
      }
    }
  }, 60_000);

  it('open nothing but what is public to whoever is not signed in', async () => {
    await signedIn('first', 'city_admin');
    for (const { method, path, right } of await routes()) {
      if (right === 'gateway') continue;
      const status = await statusOf(method, path, here);
      const wanted = expect(status, `${method} ${path}`);
      if (right === 'public') wanted.not.toBe(401);
      else wanted.toBe(401);
    }
  });

  it('keep the API from starting where a route declares none', async () => {
    const app = fastify();
    const options = { token: 't', access: null, openBeforeSetUp: true, loopbackOnly: true, log: quiet };
    guard(app, options);
    app.get('/forgotten', async () => 'secret');
    await expect(app.ready()).rejects.toThrow(/GET \/forgotten/);
    await app.close();
  });

  it('stop at the campuses of whoever asks, on every list and every name', async () => {
    const far = await world.alarm({
      campus: 'other-school',
      gateway: 'lodge',
      device: 'b9',
      account: 'FARR',
    });
    const near = await world.alarm();
    world.birth([{ id: 'b1' }]);
    world.liveness.onState(
      'other-school',
      'lodge',
      {
        kind: 'birth',
        session: 's9',
        sent_at: 1,
        epoch: 'ffff',
        highest_n: 0,
        version: '1',
        account: 'FARR',
        devices: [],
      },
      world.clock.wall(),
    );
    await world.store.commit(
      ['school', 'other-school'].map((campus) => ({
        sql: 'INSERT INTO incidents (campus, gateway, device, opened_at) VALUES (?, ?, ?, 1)',
        params: [campus, campus === 'school' ? 'gate' : 'lodge', 'b1'],
      })),
    );
    const text = { zh: '离线', en: 'offline' };
    for (const subject of ['gate', 'lodge', 'lodge/b9'])
      await world.alerts.raise({ code: 'gateway-offline', severity: 'warning', subject, text });
    await signedIn('first', 'city_admin');
    const headers = await signedIn('scoped', 'campus_admin', ['school']);
    const everything = await signedIn('whole', 'campus_admin');
    let seen = 0;
    for (const { method, path, right } of await routes()) {
      if (method !== 'GET' || path.includes('{') || path.endsWith('/events') || right === 'administer')
        continue;
      const url = `${path}${path.endsWith('telemetry') ? '?device=lodge/b9&field=level' : ''}`;
      const body = await (await world.get(url, headers)).text();
      expect(body.replace(/device lodge.b9/, ''), path).not.toMatch(/lodge|other-school|FARR/);
      if (/lodge|other-school/.test(await (await world.get(url, everything)).text())) seen += 1;
    }
    expect(seen).toBeGreaterThanOrEqual(4);
    expect((await world.get(`/api/v1/alarms/${far}`, headers)).status).toBe(404);
    expect((await world.get(`/api/v1/alarms/${near}`, headers)).status).toBe(200);
    expect((await world.post('/api/v1/incidents/2/resolve', {}, headers)).status).toBe(404);
    expect((await world.post('/api/v1/incidents/1/resolve', {}, headers)).status).toBe(200);
    expect((await world.get('/api/v1/latency?campus=other-school', headers)).status).toBe(404);
  });

  it('give who sees some campuses their rows of the four hundred, and their reports', async () => {
    await world.close();
    const other = { ...city.campuses[0]!, id: 'other-school', gateways: [], gates: [], zones: [] };
    world.inventory = { ...city, campuses: [city.campuses[0]!, other] };
    access = await openAccess({ clock: world.clock, random: seeded(3), databases: world.disk });
    await world.start({ access });
    await world.clock.pass(2_000);
    const all = await signedIn('first', 'city_admin');
    const some = await signedIn('scoped', 'campus_admin', ['school']);
    const month = new Date(world.clock.wall()).toISOString().slice(0, 7);
    for (const campus of ['school', 'other-school', undefined]) {
      const made = await world.post('/api/v1/four-hundred/reports', { campus, month }, all);
      expect(made.status, await made.clone().text()).toBe(201);
    }
    const rows = async (path: string, headers: Record<string, string>) => {
      const answer = await world.get(`/api/v1${path}`, headers);
      expect(answer.status, path).toBe(200);
      const { items } = (await answer.json()) as { items: { campus: string | null }[] };
      return items.map(({ campus }) => campus);
    };
    for (const path of [
      '/four-hundred/campuses',
      '/four-hundred/ranking?item=guards&level=present',
      '/four-hundred/reports',
    ]) {
      expect(await rows(path, all)).toContain('other-school');
      expect(await rows(path, some)).toEqual(['school']);
    }
    const page = (id: number) => world.get(`/reports/${id}`, some).then(({ status }) => status);
    expect([await page(1), await page(2), await page(3)]).toEqual([200, 404, 404]);

    const summed = async (path: string, headers: Record<string, string>) => {
      const answer = await world.get(`/api/v1/four-hundred${path}`, headers);
      expect(answer.status, path).toBe(200);
      return answer.json();
    };
    const sums = (of: number, scope: string) => {
      const cells = expect.arrayContaining([
        expect.objectContaining({ campuses: expect.objectContaining({ of }) }),
      ]);
      return { scope, cells };
    };
    expect(apiCityVerdict.parse(await summed('', all))).toMatchObject(sums(2, 'all'));
    const own = apiCityVerdict.parse(await summed('', some));
    expect(own).toMatchObject({ ...sums(1, 'own'), counties: [sums(1, 'own')] });
    expect(await summed('/counties/east', some)).toMatchObject(sums(1, 'own'));
    const now = Math.round(world.clock.wall());
    const past = `/history?item=guards&level=present&from=${now - 3_600_000}&to=${now}`;
    expect(await summed(past, all)).toMatchObject({ campuses: 2, scope: 'all' });
    expect(await summed(past, some)).toMatchObject({ campuses: 1, scope: 'own' });
    expect(await rows('/four-hundred/repairs', all)).toContain('other-school');
    expect(await rows('/four-hundred/repairs', some)).toEqual(['school']);
    const none = await signedIn('elsewhere', 'campus_admin', ['third-school']);
    expect(apiCityVerdict.parse(await summed('', none))).toMatchObject({ ...sums(0, 'own'), counties: [] });
    expect((await world.get('/api/v1/four-hundred/counties/east', none)).status).toBe(404);
    const ofCity = { month };
    expect((await world.post('/api/v1/four-hundred/reports', ofCity, some)).status).toBe(403);
  });

  it('tell who sees one campus of that one only, live', async () => {
    await signedIn('first', 'city_admin');
    const headers = await signedIn('scoped', 'viewer', ['school']);
    const answer = await world.get('/api/v1/events?last_event_id=0', headers);
    await world.alarm({ campus: 'other-school', gateway: 'lodge', device: 'b9' });
    const near = await world.alarm();
    const reader = answer.body!.pipeThrough(new TextDecoderStream()).getReader();
    let text = '';
    while (!text.includes(near)) text += (await reader.read()).value ?? '';
    expect(text).not.toContain('lodge');
    await access.changeAccount('scoped', { disabled: true });
    await world.clock.pass(15_000);
    // Cut off: it ends, or breaks.
    await expect(
      (async () => {
        for (;;) if ((await reader.read()).done) return 'ended';
      })().catch(() => 'ended'),
    ).resolves.toBe('ended');
  });

  it('hide card numbers from who does not need them, and log who was told them', async () => {
    await world.store.commit([
      {
        sql: `INSERT INTO records (campus, gateway, device, kind, at, details, batch, place)
              VALUES ('school', 'gate', 'r1', 'check-in', 1, '{"card":"0012345678"}', 'b', 0)`,
      },
    ]);
    const admin = await signedIn('first', 'city_admin');
    const operator = await signedIn('op', 'operator');
    expect(await (await world.get('/api/v1/records', operator)).text()).not.toContain('12345678');
    expect(await (await world.get('/api/v1/records', admin)).text()).toContain('0012345678');
    const logged = (await audit()).filter((line) => line.includes('records'));
    expect(logged).toEqual(['Name of first: GET /api/v1/records 200']);
  });
});

describe('a session', () => {
  it('acts for its own page only: a page of another site is refused (CSRF)', async () => {
    const { cookie } = await signedIn('first', 'city_admin');
    await world.alarm();
    const act = (headers: Record<string, string>) =>
      world.post('/api/v1/incidents/7/resolve', {}, { cookie, ...headers }).then(({ status }) => status);
    expect(await act({ 'sec-fetch-site': 'cross-site' })).toBe(403);
    expect(await act({ 'sec-fetch-site': 'same-site' })).toBe(403);
    expect(await act({ origin: 'https://evil.example' })).toBe(403);
    expect(await act({ origin: 'null' })).toBe(403);
    expect(await act({})).toBe(403);
    expect(await act(here)).toBe(404);
    expect(await act({ origin: world.api.url })).toBe(404);
    expect((await signIn('first', password, { 'sec-fetch-site': 'cross-site' })).status).toBe(403);
  });

  it('acts under its own name, whatever the body says', async () => {
    const headers = await signedIn('first', 'city_admin');
    await world.store.commit([
      {
        sql: `INSERT INTO incidents (campus, gateway, device, opened_at) VALUES ('school', 'gate', 'b1', 1)`,
      },
    ]);
    const done = await world.post('/api/v1/incidents/1/acknowledge', { by: 'somebody else' }, headers);
    expect(await done.json()).toMatchObject({ acknowledged_by: 'Name of first' });
  });

  it('ends by signing out, by half a day of rest, by a week, and with a new password', async () => {
    const headers = await signedIn('first', 'city_admin');
    const status = () => world.get('/api/v1/alarms', headers).then((answer) => answer.status);
    expect(await status()).toBe(200);
    await fetch(`${world.api.url}/api/v1/session`, { method: 'DELETE', headers });
    expect(await status()).toBe(401);
    Object.assign(headers, { cookie: cookieOf(await signIn('first')) });
    await world.clock.pass(12 * 3_600_000 + 1);
    expect(await status()).toBe(401);
    Object.assign(headers, { cookie: cookieOf(await signIn('first')) });
    for (let hours = 0; hours < 7 * 24; hours += 8) {
      expect(await status()).toBe(200);
      await world.clock.pass(8 * 3_600_000);
    }
    expect(await status()).toBe(401);
    Object.assign(headers, { cookie: cookieOf(await signIn('first')) });
    await access.changeAccount('first', { password: 'another long password' });
    expect(await status()).toBe(401);
    expect((await signIn('first')).status).toBe(401);
  });
});

describe('guessing', () => {
  it('is slowed after five failures, and says for how long', async () => {
    await signedIn('first', 'city_admin');
    for (let i = 0; i < 5; i += 1) expect((await signIn('first', 'wrong')).status).toBe(401);
    const slowed = await signIn('first');
    expect(slowed.status).toBe(429);
    expect(Number(slowed.headers.get('retry-after'))).toBeGreaterThanOrEqual(1);
    await world.clock.pass(2_000);
    expect((await signIn('first')).status).toBe(200);
  }, 30_000);

  it('from everywhere locks nobody out who has signed in from their own address before', async () => {
    const lockout = new Lockout(world.clock);
    for (let i = 0; i < 60; i += 1) lockout.failed('first', `2001:db8:${i.toString(16)}::1`);
    expect(lockout.waitMs('first', '192.0.2.7', true)).toBe(0);
    // And for a stranger it is a minute, never for good.
    expect(lockout.waitMs('first', '192.0.2.7', false)).toBeGreaterThan(1000);
    await world.clock.pass(60_000);
    expect(lockout.waitMs('first', '192.0.2.7', false)).toBe(0);
    expect(lockout.waitMs('second', '192.0.2.7', false)).toBe(0);
  });

  it('from one address slows that address for every name', () => {
    const lockout = new Lockout(world.clock);
    for (let i = 0; i < 25; i += 1) lockout.failed(`name-${i}`, '192.0.2.7');
    expect(lockout.waitMs('another', '192.0.2.7', true)).toBeGreaterThan(0);
    expect(lockout.waitMs('another', '192.0.2.8', false)).toBe(0);
  });

  it('costs bounded memory: what failed longest ago is forgotten first', () => {
    const lockout = new Lockout(world.clock);
    for (let i = 0; i < 6; i += 1) lockout.failed('first', '192.0.2.7');
    expect(lockout.waitMs('first', '192.0.2.7', false)).toBeGreaterThan(0);
    for (let i = 0; i < 10_000; i += 1) lockout.failed(`n${i}`, `10.0.${i >> 8}.${i & 255}`);
    expect(lockout.waitMs('first', '192.0.2.7', false)).toBe(0);
  });

  it('takes as long for a name that is not there', async () => {
    await signedIn('first', 'city_admin');
    expect(await (await signIn('nobody')).json()).toEqual(await (await signIn('first', 'wrong')).json());
  });

  it('counts an IPv6 network as one address', () => {
    expect(networkOf('2001:db8:1:2:aaaa::1')).toBe(networkOf('2001:db8:1:2:bbbb:0:0:2'));
    expect(networkOf('2001:db8:1:3::1')).not.toBe(networkOf('2001:db8:1:2::1'));
    expect(networkOf('::ffff:10.0.0.1')).toBe('10.0.0.1');
  });
});

describe('administering', () => {
  it('makes, changes and ends accounts, and always leaves somebody who can', async () => {
    const headers = await signedIn('first', 'city_admin');
    const li = { username: 'li', name: '李', password, role: 'operator', campuses: ['school'] };
    const made = await world.post('/api/v1/accounts', li, headers);
    expect(made.status).toBe(201);
    expect(apiAccount.parse(await made.json())).toMatchObject({ name: '李', campuses: ['school'] });
    expect((await world.post('/api/v1/accounts', li, headers)).status).toBe(409);
    const change = (username: string, body: object) =>
      fetch(`${world.api.url}/api/v1/accounts/${username}`, {
        method: 'PATCH',
        headers: { 'content-type': 'application/json', ...headers },
        body: JSON.stringify(body),
      });
    expect(await (await change('li', { disabled: true })).json()).toMatchObject({ disabled: true });
    expect((await signIn('li')).status).toBe(401);
    expect((await change('first', { role: 'viewer' })).status).toBe(409);
    expect((await world.get('/api/v1/accounts', headers)).status).toBe(200);
    expect(await (await world.get('/api/v1/accounts', headers)).text()).not.toContain('scrypt');
  });

  it('gives a new password also where nobody administers', async () => {
    await signedIn('op', 'operator');
    expect(await access.changeAccount('op', { password: 'another long password' })).toMatchObject({
      username: 'op',
    });
    expect((await signIn('op', 'another long password')).status).toBe(200);
  });

  it('gives tokens some rights and campuses, tells each once, and takes it back', async () => {
    const headers = await signedIn('first', 'city_admin');
    const asked = { name: 'wall display', rights: ['view'], campuses: ['school'] };
    const made = await world.post('/api/v1/tokens', asked, headers);
    const { token, ...entry } = (await made.json()) as { token: string };
    expect(apiToken.parse(entry)).toMatchObject({ name: 'wall display', created_by: 'Name of first' });
    expect(JSON.stringify(await access.tokens())).not.toContain(token);
    const authorization = `Bearer ${token}`;
    expect((await world.get('/api/v1/alarms', { authorization })).status).toBe(200);
    expect((await world.get('/api/v1/pictures', { authorization })).status).toBe(403);
    expect((await world.post('/api/v1/incidents/1/resolve', { by: 'x' }, { authorization })).status).toBe(
      403,
    );
    const { id } = entry as { id: number };
    await fetch(`${world.api.url}/api/v1/tokens/${id}`, { method: 'DELETE', headers });
    expect((await world.get('/api/v1/alarms', { authorization })).status).toBe(401);
  });

  it('logs who did what from where, and what came of it, but no password', async () => {
    const headers = await signedIn('first', 'city_admin');
    await signIn('first', 'wrong');
    await world.post('/api/v1/incidents/9/resolve', {}, headers);
    await world.post('/api/v1/incidents/9/resolve', { by: 'li' }, asLocal());
    const answer = await world.get('/api/v1/audit', headers);
    const { items } = itemsOf(apiAuditEntry).parse(await answer.json());
    expect(items.map((e) => `${e.kind} ${e.who}: ${e.what} ${e.outcome}`).slice(0, 4)).toEqual([
      'local local token: POST /api/v1/incidents/:id/resolve 404',
      'person Name of first: POST /api/v1/incidents/:id/resolve 404',
      'nobody : POST /api/v1/session 401',
      'person Name of first: POST /api/v1/session 200',
    ]);
    expect(items[0]).toMatchObject({ from: '127.0.0.1', about: { id: expect.anything() } });
    expect(JSON.stringify(items)).not.toContain(password);
  });
});

describe('listening where others can reach it', () => {
  const reach = (options: object) => new ApiWorld().start({ host: '0.0.0.0', access, ...options });

  it('needs TLS or a proxy, and an account', async () => {
    await expect(reach({})).rejects.toThrow(/http\.tls/);
    await expect(reach({ behindProxy: ['127.0.0.1'] })).rejects.toThrow(/belfry user add/);
    await signedIn('first', 'city_admin');
    const far = new ApiWorld();
    await far.start({ host: '0.0.0.0', access, behindProxy: ['127.0.0.1'] });
    const url = `http://127.0.0.1:${far.api.port}/api/v1/session`;
    const answer = await fetch(url, {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        'x-forwarded-proto': 'https',
        'x-forwarded-for': '192.0.2.7',
      },
      body: JSON.stringify({ username: 'first', password }),
    });
    expect(answer.headers.get('set-cookie')).toMatch(/^__Host-belfry=.*; Secure$/);
    expect((await access.audit.list({ limit: 1 }))[0]).toMatchObject({ from: '192.0.2.7' });
    await far.close();
  });
});
