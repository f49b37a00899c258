import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type Access, openAccess } from '#cloud/access/access.ts';
import { type OidcConfig, signInConfig } from '#cloud/access/config.ts';
import { identityOf, NoRole, singleSignOn, ticketMs } from '#cloud/access/single-sign-on.ts';
import { realHttp } from '#platform/real/http.ts';
import { apiSession } from '#protocols/api-access.ts';
import { ApiWorld } from './api-world.ts';
import { seeded } from './fake-ports.ts';
import { startIssuer } from './issuer.ts';

const password = 'correct horse battery';
let issuer: Awaited<ReturnType<typeof startIssuer>>;
let world: ApiWorld;
let access: Access;

function configOf(more: object = {}): OidcConfig {
  return signInConfig.parse({
    oidc: {
      issuer: issuer.url,
      client_id: issuer.client.id,
      client_secret: issuer.client.secret,
      name: { zh: '市教育局账号', en: 'City account' },
      public_url: 'http://127.0.0.1:1/',
      campuses_claim: 'campuses',
      roles: [
        { claim: 'groups', has: 'belfry-city', role: 'city_admin', campuses: null },
        { claim: 'groups', has: 'belfry-operators', role: 'operator' },
      ],
      ...more,
    },
  }).oidc!;
}

beforeEach(async () => {
  issuer = await startIssuer();
  world = new ApiWorld();
  access = await openAccess({ clock: world.clock, random: seeded(3), databases: world.disk });
  const admin = { username: 'admin', name: 'Admin', role: 'city_admin', campuses: null } as const;
  await access.addAccount({ ...admin, password });
  const sso = singleSignOn(configOf(), { clock: world.clock, random: seeded(5), http: realHttp });
  await world.start({ access, singleSignOn: sso });
});
afterEach(async () => {
  await world.close();
  await issuer.close();
});

const visit = (path: string, headers: Record<string, string> = {}) =>
  fetch(world.api.url + path, { headers, redirect: 'manual' });
const cookies = (answer: Response) =>
  Object.fromEntries(
    answer.headers.getSetCookie().map((cookie) => cookie.split(';')[0]!.split('=') as [string, string]),
  );

/** A browser on its way: begun here, signed in at the provider, and not yet back. */
async function begun() {
  const answer = await visit('/api/v1/session/sso');
  expect(answer.status).toBe(303);
  const back = await issuer.visit(answer.headers.get('location')!);
  return { back, ticket: `belfry-sso=${cookies(answer)['belfry-sso']}` };
}
async function signIn() {
  const { back, ticket } = await begun();
  return visit(back.pathname + back.search, { cookie: ticket });
}
const who = async (answer: Response) => {
  const headers = { cookie: `belfry=${cookies(answer).belfry}` };
  return apiSession.parse(await (await world.get('/api/v1/session', headers)).json()).who;
};

describe('somebody with an account of the organisation', () => {
  it('is sent there, comes back signed in, with role and campuses by the claims, and it is logged', async () => {
    expect(await (await world.get('/api/v1/session')).json()).toMatchObject({
      single_sign_on: { name: { zh: '市教育局账号' }, url: '/api/v1/session/sso' },
      who: null,
    });
    issuer.who.campuses = ['school', 'not a campus'];
    const answer = await signIn();
    expect([answer.status, answer.headers.get('location')]).toEqual([303, '/']);
    expect(answer.headers.getSetCookie().join()).toMatch(
      /belfry=[\w-]{43}; Path=\/; Max-Age=\d+; HttpOnly; SameSite=Strict/,
    );
    expect(await who(answer)).toMatchObject({
      kind: 'person',
      username: 'wang',
      name: '王老师',
      role: 'operator',
      campuses: ['school'],
    });
    const [entry] = await access.audit.list({ limit: 1 });
    expect(entry).toMatchObject({
      who: '王老师',
      what: 'GET /api/v1/session/sso/callback',
      about: { subject: 'u-1', username: 'Wang' },
      outcome: 303,
    });
    expect(issuer.asked).toContain('/userinfo');
  });

  it('is the same account each time, follows the claims, and loses other sessions when these change', async () => {
    const first = await signIn();
    issuer.groups = ['belfry-city'];
    const second = await signIn();
    expect(await who(second)).toMatchObject({ username: 'wang', role: 'city_admin', campuses: null });
    expect(await who(first)).toBeNull();
    expect((await access.accounts()).map(({ username }) => username)).toEqual(['admin', 'wang']);
  });

  it('without a role here does not get in, and what was open ends', async () => {
    const before = await signIn();
    issuer.groups = ['others'];
    const answer = await signIn();
    expect([answer.status, cookies(answer).belfry]).toEqual([403, undefined]);
    expect(await answer.text()).toMatch(/没有任何角色/);
    expect(await who(before)).toBeNull();
  });

  it('is never taken for the local account of that name', async () => {
    issuer.who = { sub: 'u-2', preferred_username: 'admin', name: 'Not the admin' };
    const entered = (await who(await signIn()))!;
    expect(entered.username).toMatch(/^admin@127\.0\.0\.1-\d+$/);
    expect(entered.role).toBe('operator');
    expect((await access.accounts()).find(({ username }) => username === 'admin')?.name).toBe('Admin');
  });

  it('has no password here, and none that could be guessed', async () => {
    await signIn();
    for (const given of ['', 'none', password]) {
      const answer = await world.post('/api/v1/session', { username: 'wang', password: given });
      expect(answer.status).toBe(401);
    }
  });

  it('whose account is disabled here does not get in', async () => {
    await signIn();
    await access.changeAccount('wang', { disabled: true });
    const answer = await signIn();
    expect([answer.status, cookies(answer).belfry]).toEqual([403, undefined]);
  });
});

describe('a sign-in', () => {
  const isRefused = (answer: Response) =>
    expect([answer.status, cookies(answer).belfry]).toEqual([403, undefined]);

  it('works once', async () => {
    const { back, ticket } = await begun();
    const path = back.pathname + back.search;
    expect((await visit(path, { cookie: ticket })).status).toBe(303);
    isRefused(await visit(path, { cookie: ticket }));
  });

  it('that was begun in another browser, or never, is refused, and is used up', async () => {
    const [mine, theirs] = [await begun(), await begun()];
    isRefused(await visit(theirs.back.pathname + theirs.back.search, { cookie: mine.ticket }));
    isRefused(await visit(theirs.back.pathname + theirs.back.search, { cookie: theirs.ticket }));
    isRefused(await visit('/api/v1/session/sso/callback?code=x&state=y', { cookie: mine.ticket }));
    isRefused(await visit(mine.back.pathname + mine.back.search));
  });

  it('that took too long is refused', async () => {
    const { back, ticket } = await begun();
    await world.clock.pass(ticketMs);
    isRefused(await visit(back.pathname + back.search, { cookie: ticket }));
  });

  it.each([
    ['nonce', { nonce: 'another' }],
    ['audience', { aud: 'somebody-else' }],
    ['issuer', { iss: 'https://evil.example' }],
    ['age', { exp: 1, iat: 0 }],
  ])('whose token has a wrong %s is refused', async (_what, forged) => {
    issuer.forge = forged;
    isRefused(await signIn());
  });

  it('whose token somebody else has signed, or that another provider answers, is refused', async () => {
    const { back, ticket } = await begun();
    back.searchParams.set('iss', 'https://evil.example');
    isRefused(await visit(back.pathname + back.search, { cookie: ticket }));
    issuer.forgedKey = true;
    isRefused(await signIn());
  });

  it('whose code was asked for with another verifier is refused by the provider', async () => {
    const [one, other] = [await begun(), await begun()];
    one.back.searchParams.set('code', other.back.searchParams.get('code')!);
    isRefused(await visit(one.back.pathname + one.back.search, { cookie: one.ticket }));
  });

  it('is answered in words while the provider is away, and local accounts go on', async () => {
    await issuer.close();
    const answer = await visit('/api/v1/session/sso');
    expect([answer.status, await answer.text()]).toEqual([502, expect.stringMatching(/没有应答/)]);
    const local = await world.post('/api/v1/session', { username: 'admin', password });
    expect(local.status).toBe(200);
  });

  it('is not possible before the first account', async () => {
    await world.close();
    const empty = new ApiWorld();
    const none = await openAccess({ clock: empty.clock, random: seeded(3), databases: empty.disk });
    const sso = singleSignOn(configOf(), { clock: empty.clock, random: seeded(5), http: realHttp });
    world = await empty.start({ access: none, singleSignOn: sso });
    expect((await visit('/api/v1/session/sso')).status).toBe(409);
  });
});

describe('claims', () => {
  const of = (claims: object, more: object = {}) =>
    identityOf({ preferred_username: 'wang', ...claims }, 'u', configOf(more));

  it('may be lists, single words, and within one another', () => {
    const roles = [{ claim: 'realm_access.roles', has: 'ops', role: 'operator', campuses: ['school'] }];
    expect(of({ realm_access: { roles: ['ops'] } }, { roles })).toMatchObject({ campuses: ['school'] });
    expect(of({ 'realm_access.roles': 'ops' }, { roles })).toMatchObject({ role: 'operator' });
    expect(() => of({ realm_access: 'ops' }, { roles })).toThrow(NoRole);
    expect(() => of({ groups: 'belfry-operators-not' })).toThrow(NoRole);
  });

  it('that are not there mean no campus, never all', () => {
    expect(of({ groups: 'belfry-operators' }).campuses).toEqual([]);
    expect(of({ groups: 'belfry-operators' }, { campuses_claim: undefined }).campuses).toBeNull();
  });

  it('without a username let nobody in', () => {
    expect(() => of({ groups: 'belfry-city', preferred_username: 7 })).toThrow(/preferred_username/);
  });
});

it('a provider over plain HTTP is refused by the file, but on this machine', () => {
  const issuerOf = (url: string) => signInConfig.safeParse({ oidc: { ...configOf(), issuer: url } }).success;
  expect([issuerOf('http://idp.example'), issuerOf('https://idp.example')]).toEqual([false, true]);
  expect([issuerOf('http://127.0.0.1:9'), issuerOf('http://127.0.0.1.evil.example')]).toEqual([true, false]);
});
