import { assert, constantFrom, option, property, uniqueArray } from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type Access, openAccess } from '#cloud/access/access.ts';
import { manages } from '#cloud/access/managing.ts';
import type { Principal } from '#cloud/access/principal.ts';
import { rightsOf, role, type Role } from '#protocols/api-access.ts';
import { ApiWorld } from './api-world.ts';
import { seeded } from './fake-ports.ts';

const password = 'correct horse battery';
const here = { 'sec-fetch-site': 'same-origin' };
const scope = option(uniqueArray(constantFrom('a', 'b', 'c')), { nil: null });
const anyRole = constantFrom(...role.options);
const principal = (role: Role, campuses: string[] | null): Principal => ({
  kind: 'person',
  name: 'x',
  username: 'x',
  role,
  rights: rightsOf[role],
  campuses,
});

describe('looking after people', () => {
  it('gives nobody a right or a campus that who gives it does not have', () => {
    assert(
      property(anyRole, scope, anyRole, scope, (own, campuses, theirs, of) => {
        const who = principal(own, campuses);
        if (!manages(who, { role: theirs, campuses: of })) return;
        expect(rightsOf[theirs].every((right) => who.rights.includes(right))).toBe(true);
        if (campuses !== null) expect(of?.every((one) => campuses.includes(one))).toBe(true);
        if (own !== 'city_admin' || campuses !== null) expect(theirs).not.toBe(own);
      }),
    );
    expect(manages(principal('campus_admin', ['a']), { role: 'operator', campuses: ['a'] })).toBe(true);
    expect(manages(principal('city_admin', null), { role: 'city_admin', campuses: null })).toBe(true);
    expect(manages(principal('operator', null), { role: 'viewer', campuses: ['a'] })).toBe(false);
    expect(manages(principal('city_admin', ['a']), { role: 'city_admin', campuses: ['a'] })).toBe(false);
  });

  let world: ApiWorld;
  let access: Access;
  let admin: Record<string, string>;
  beforeEach(async () => {
    world = new ApiWorld();
    access = await openAccess({ clock: world.clock, random: seeded(3), databases: world.disk });
    await world.start({ access });
    const add = (username: string, role: Role, campuses: string[] | null) =>
      access.addAccount({ username, name: username, password, role, campuses });
    await add('city', 'city_admin', null);
    await add('head', 'campus_admin', ['school']);
    await add('peer', 'campus_admin', ['school']);
    await add('guard', 'operator', ['school']);
    await add('elsewhere', 'operator', ['other']);
    await add('both', 'viewer', ['school', 'other']);
    await add('all', 'viewer', null);
    admin = await signedIn('head');
  });
  afterEach(() => world.close());

  async function signedIn(username: string, given = password) {
    const answer = await world.post('/api/v1/session', { username, password: given }, here);
    expect(answer.status).toBe(200);
    return { cookie: answer.headers.get('set-cookie')!.split(';')[0]!, ...here };
  }
  const post = (path: string, body: object = {}, as = admin) => world.post(`/api/v1${path}`, body, as);
  const patch = (username: string, body: object, as = admin) =>
    fetch(`${world.api.url}/api/v1/accounts/${username}`, {
      method: 'PATCH',
      headers: { 'content-type': 'application/json', ...as },
      body: JSON.stringify(body),
    }).then(({ status }) => status);

  it('shows a campus admin the people of their own campuses and of lower roles, and nobody else', async () => {
    const { items } = (await (await world.get('/api/v1/accounts', admin)).json()) as {
      items: { username: string }[];
    };
    expect(items.map(({ username }) => username)).toEqual(['guard']);
    for (const stranger of ['city', 'peer', 'head', 'elsewhere', 'both', 'all']) {
      expect([stranger, await patch(stranger, { disabled: true })]).toEqual([stranger, 404]);
      expect((await post(`/accounts/${stranger}/reset-link`)).status).toBe(404);
    }
  });

  it('lets a campus admin make and disable people of their own, raise nobody, and set no password', async () => {
    const one = { username: 'new', name: 'New', role: 'operator', campuses: ['school'] };
    for (const wrong of [
      { role: 'campus_admin' },
      { role: 'city_admin' },
      { campuses: null },
      { campuses: ['other'] },
      { campuses: ['school', 'other'] },
      { campuses: [] },
      { password },
    ])
      expect([wrong, (await post('/accounts', { ...one, ...wrong })).status]).toEqual([wrong, 403]);
    expect((await post('/accounts', one)).status).toBe(201);
    for (const raise of [{ role: 'campus_admin' }, { campuses: null }, { campuses: ['other'] }, { password }])
      expect([raise, await patch('new', raise)]).toEqual([raise, 403]);
    expect(await patch('new', { disabled: true })).toBe(200);
    expect((await access.accounts()).find(({ username }) => username === 'new')).toMatchObject({
      role: 'operator',
      campuses: ['school'],
      disabled: true,
    });
    expect((await post('/tokens', { name: 't', rights: ['view'] })).status).toBe(403);
  });

  it('a reset link sets one password, once, within its day, and ends the sessions of before', async () => {
    const guard = await signedIn('guard');
    const made = (await (await post('/accounts/guard/reset-link')).json()) as { link: string };
    const reset = (link: string) => post('/session/reset', { link, password: 'a new long password' }, here);
    expect((await reset('nothing')).status).toBe(403);
    expect((await reset(made.link)).status).toBe(204);
    expect((await world.get('/api/v1/alarms', guard)).status).toBe(401);
    await signedIn('guard', 'a new long password');
    expect((await reset(made.link)).status).toBe(403);
    const late = (await (await post('/accounts/guard/reset-link')).json()) as { link: string };
    await world.clock.pass(24 * 3_600_000);
    expect((await reset(late.link)).status).toBe(403);
  });

  it('a reset link of before opens nothing once its account was raised or disabled', async () => {
    const link = async () =>
      ((await (await post('/accounts/guard/reset-link')).json()) as { link: string }).link;
    const first = await link();
    await access.changeAccount('guard', { role: 'city_admin', campuses: null });
    expect(await access.useResetLink(first, 'a new long password')).toBeNull();
    await access.changeAccount('guard', { role: 'operator', campuses: ['school'] });
    const second = await link();
    await access.changeAccount('guard', { disabled: true });
    expect(await access.useResetLink(second, 'a new long password')).toBeNull();
    expect((await post('/accounts/guard/reset-link')).status).toBe(409);
  });

  it('who signs in with an organisation’s own account gets no password here', async () => {
    const identity = { issuer: 'https://idp.example', subject: '1', username: 'li', name: 'Li' };
    await access.identities.enter({ ...identity, role: 'operator', campuses: ['school'] }, '192.0.2.1');
    expect((await post('/accounts/li/reset-link')).status).toBe(409);
  });

  it('the audit log is asked by time, by a part of what was done, and by what came of it', async () => {
    await post('/accounts', { username: 'x', name: 'x', role: 'city_admin' });
    await patch('guard', { name: 'Guard' });
    const city = await signedIn('city');
    const found = async (query: string) =>
      (
        (await (await world.get(`/api/v1/audit?${query}`, city)).json()) as { items: { what: string }[] }
      ).items.map(({ what }) => what);
    expect(await found('outcome=refused')).toEqual(['POST /api/v1/accounts']);
    expect(await found('what=PATCH')).toEqual(['PATCH /api/v1/accounts/:username']);
    expect(await found(`from=${Math.round(world.clock.wall()) + 1}`)).toEqual([]);
    expect(await found(`to=${Math.round(world.clock.wall()) + 1}&who=head&outcome=done`)).toHaveLength(2);
  });
});
