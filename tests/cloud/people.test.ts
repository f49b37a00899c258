import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openAccess, type Access } from '#cloud/access/access.ts';
import { apiPeopleImport, apiPerson } from '#protocols/api-people.ts';
import type { Role } from '#protocols/api-access.ts';
import { itemsOf } from '#protocols/api.ts';
import { ApiWorld } from './api-world.ts';
import { CloudWorld, type config, epoch } from './cloud-world.ts';
import { seeded, settle } from './fake-ports.ts';
import { city } from './four-hundred-school.ts';

const people = '/api/v1/campuses/school/people';
const guard = { name: '李四', role: 'guard', cards: ['0012', 'ab-7'] };

describe('the register of cards', () => {
  let world: ApiWorld;
  let access: Access;
  beforeEach(async () => {
    world = new ApiWorld();
    access = await openAccess({ clock: world.clock, random: seeded(3), databases: world.disk });
    await world.start({ access });
  });
  afterEach(() => world.close());

  const password = 'correct horse battery';
  const here = { 'sec-fetch-site': 'same-origin' };
  async function signedIn(username: string, role: Role, campuses: string[] | null = null) {
    await access.addAccount({ username, name: `Name of ${username}`, password, role, campuses });
    const answer = await world.post('/api/v1/session', { username, password }, here);
    return { cookie: answer.headers.get('set-cookie')!.split(';')[0]!, ...here };
  }
  const send = (method: string, path: string, headers: Record<string, string>, body?: unknown) =>
    fetch(world.api.url + path, {
      method,
      headers: { ...headers, ...(body !== undefined && { 'content-type': 'application/json' }) },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    });

  it('is read by who needs it alone, and each reading is logged without a name in the log', async () => {
    const admin = await signedIn('first', 'city_admin');
    const operator = await signedIn('op', 'operator');
    const far = await signedIn('far', 'campus_admin', ['other']);
    expect((await send('PUT', `${people}/guard-1`, admin, guard)).status).toBe(204);
    const list = itemsOf(apiPerson).parse(await (await send('GET', people, admin)).json());
    expect(list.items).toEqual([
      { campus: 'school', id: 'guard-1', name: '李四', role: 'guard', cards: ['0012', 'AB-7'] },
    ]);
    expect((await send('GET', people, operator)).status).toBe(403);
    expect((await send('GET', people, far)).status).toBe(404);
    expect((await send('PUT', `${people}/guard-2`, operator, guard)).status).toBe(403);
    const log = await access.audit.list({ limit: 100 });
    expect(log.find(({ what }) => what.startsWith('GET'))).toMatchObject({
      who: 'Name of first',
      about: { campus: 'school', people: 1 },
    });
    expect(JSON.stringify(log)).not.toMatch(/李四|0012/);
  });

  it('has a template that its import takes', async () => {
    const admin = await signedIn('first', 'city_admin');
    for (const [format, lang] of [
      ['csv', 'zh'],
      ['xlsx', 'en'],
    ]) {
      const file = await send('GET', `${people}/template?format=${format}&lang=${lang}`, admin);
      expect(file.headers.get('content-disposition')).toContain(`people.${format}`);
      const taken = await fetch(`${world.api.url}${people}/import?format=${format}`, {
        method: 'POST',
        headers: { ...admin, 'content-type': 'application/octet-stream' },
        body: await file.arrayBuffer(),
      });
      expect(apiPeopleImport.parse(await taken.json())).toMatchObject({ added: 0, mistakes: [] });
    }
  });

  it('comes in from a file, whole or not at all, with every mistake by row and column', async () => {
    const admin = await signedIn('first', 'city_admin');
    await send('PUT', `${people}/p-9`, admin, { name: '赵', role: 'police', cards: ['99'] });
    const file = async (text: string, query: string) => {
      const answer = await fetch(`${world.api.url}${people}/import?format=csv&${query}`, {
        method: 'POST',
        headers: { ...admin, 'content-type': 'text/csv' },
        body: text,
      });
      expect(answer.status, await answer.clone().text()).toBe(200);
      return apiPeopleImport.parse(await answer.json());
    };
    const good = '编号,姓名,角色,卡号\nguard-1,李四,保安,0012; ab-7\np-2,王五,teacher,\n';
    const bad = `${good}p-3,钱七,校工,\nguard-1,孙八,保安,\np-4,,保安,0012\np-5,周九,保安,!!\n`;
    const refused = await file(bad, 'apply=true');
    expect(refused.applied).toBe(false);
    expect(refused.mistakes.map(({ row, column }) => [row, column])).toEqual(
      expect.arrayContaining([
        [4, '角色'],
        [5, '编号'],
        [6, '姓名'],
        [7, '卡号'],
      ]),
    );
    expect(await file(good, 'mode=replace')).toMatchObject({ applied: false, added: 2, removed: 1 });
    expect(world.people.personOf('school', '0012')).toBe('0012');
    expect(await file(good, 'mode=replace&apply=true')).toMatchObject({ applied: true, mistakes: [] });
    expect(world.people.personOf('school', 'AB-7')).toBe('guard-1');
    const list = itemsOf(apiPerson).parse(await (await send('GET', people, admin)).json());
    expect(list.items.map(({ id }) => id)).toEqual(['guard-1', 'p-2']);
  });

  it('one card is one person’s on a campus, and what is given anew is given whole', async () => {
    const admin = await signedIn('first', 'city_admin');
    await send('PUT', `${people}/guard-1`, admin, guard);
    const taken = await send('PUT', `${people}/p-2`, admin, {
      name: '王五',
      role: 'teacher',
      cards: ['Ab-7'],
    });
    expect([taken.status, await taken.json()]).toMatchObject([
      409,
      { detail: expect.stringContaining('guard-1') },
    ]);
    expect((await send('PUT', '/api/v1/campuses/second/people/p-9', admin, guard)).status).toBe(204);
    const all = { people: [{ id: 'p-2', name: '王五', role: 'teacher', cards: ['ab-7'] }] };
    expect((await send('PUT', people, admin, all)).status).toBe(204);
    const list = itemsOf(apiPerson).parse(await (await send('GET', people, admin)).json());
    expect(list.items.map(({ id, cards }) => [id, cards])).toEqual([['p-2', ['AB-7']]]);
    expect(world.people.personOf('school', 'ab-7')).toBe('p-2');
    expect(world.people.personOf('second', 'ab-7')).toBe('p-9');
    const twice = { people: [...all.people, ...all.people] };
    expect((await send('PUT', people, admin, twice)).status).toBe(400);
    expect((await send('DELETE', `${people}/p-2`, admin)).status).toBe(204);
    expect((await send('DELETE', `${people}/p-2`, admin)).status).toBe(404);
    expect(world.people.personOf('school', 'ab-7')).toBe('ab-7');
  });
});

describe('a check-in', () => {
  let world: CloudWorld;
  const campuses = [
    { id: 'school', name: { zh: '一小', en: 'First School' }, gateways: [] },
  ] as unknown as (typeof config)['campuses'];
  beforeEach(async () => {
    world = new CloudWorld(campuses);
    world.inventory = city;
    world.clock.wallAt = Date.UTC(2026, 8, 1, 4);
    await world.start();
  });
  afterEach(() => world.cloud.close());

  let n = 0;
  async function checkIn(card: string): Promise<unknown> {
    n += 1;
    const record = {
      device: 'r1',
      kind: 'check-in',
      at: Math.round(world.clock.wall()),
      details: { card, purpose: 'crossing-post', point: 'south' },
    };
    const message = { kind: 'telemetry', session: 's', epoch, n, points: [], records: [record] };
    world.publish('belfry/v1/school/gate/telemetry', JSON.stringify(message));
    await settle();
    await world.clock.pass(1_000);
    const rows = world.rows(`SELECT piece FROM evidence WHERE kind = 'check-in' ORDER BY id`);
    return (JSON.parse(String(rows.at(-1)!.piece)) as { person?: string }).person;
  }

  it('counts for the person to whom the card is registered, after a restart too', async () => {
    // Where nobody has registered anything cards are given out by the ids of their holders.
    expect(await checkIn('p-1')).toBe('p-1');
    await world.cloud.people.put(
      'school',
      [{ id: 'p-1', name: '王', role: 'leader', cards: ['0012AB'] }],
      false,
    );
    expect(await checkIn('0012ab')).toBe('p-1');
    world.crash();
    await world.start();
    expect(await checkIn('0012ab')).toBe('p-1');
  });

  it('with a card that calls itself by the id of somebody with a card of their own counts for nobody', async () => {
    await world.cloud.people.put(
      'school',
      [{ id: 'p-1', name: '王', role: 'leader', cards: ['0012AB'] }],
      false,
    );
    expect(await checkIn('p-1')).toBeUndefined();
  });
});
