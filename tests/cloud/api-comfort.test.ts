import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type Access, openAccess } from '#cloud/access/access.ts';
import { perMinute } from '#cloud/api/limits.ts';
import { problem } from '#protocols/api.ts';
import { ApiWorld } from './api-world.ts';
import { seeded } from './fake-ports.ts';

let world: ApiWorld;
let access: Access;
beforeEach(async () => {
  world = new ApiWorld();
  access = await openAccess({ clock: world.clock, random: seeded(3), databases: world.disk });
  await access.addAccount({
    username: 'wang',
    name: '王',
    password: 'correct horse battery',
    role: 'city_admin',
    campuses: null,
  });
});
afterEach(() => world.close());

const token = async (name: string) => {
  const rights = ['view' as const, 'act' as const];
  const made = await access.newToken({ name, rights, campuses: null, expires_at: null, created_by: 't' });
  return { authorization: `Bearer ${made.token}` };
};
/** Asks so often, in batches. Returns how many were refused for that. */
async function refusedOf(count: number, path: string, headers: Record<string, string>): Promise<number> {
  let refused = 0;
  for (let done = 0; done < count; done += 50) {
    const batch = Array.from({ length: Math.min(50, count - done) }, () => world.get(path, headers));
    for (const answer of await Promise.all(batch)) {
      if (answer.status === 429) refused += 1;
      await answer.body?.cancel();
    }
  }
  return refused;
}

describe('a rate limit', () => {
  it('refuses one account and no other, says until when, and never the way of an alarm', async () => {
    await world.start({ access });
    const [greedy, other] = [await token('greedy'), await token('other')];
    expect(await refusedOf(perMinute.principal, '/api/v1/centres', greedy)).toBe(0);
    const answer = await world.get('/api/v1/centres', greedy);
    expect(answer.status).toBe(429);
    expect(Number(answer.headers.get('retry-after'))).toBeGreaterThan(0);
    expect(problem.parse(await answer.json()).detail).toMatch(/try again in \d+ s/);
    expect((await world.get('/api/v1/centres', other)).status).toBe(200);
    const act = await world.post('/api/v1/incidents/1/acknowledge', { by: 'li' }, greedy);
    expect(act.status).toBe(404);
    const acknowledge = await world.post('/api/v1/alerts/1/acknowledge', { by: 'li' }, greedy);
    expect(acknowledge.status).toBe(404);
    const feed = await world.get('/api/v1/events', greedy);
    expect(feed.status).toBe(200);
    await feed.body?.cancel();
    expect((await world.get('/readyz', greedy)).status).toBe(503);
  }, 60_000);

  it('refuses an address that only guesses, not its neighbours, and not the pictures of gateways', async () => {
    await world.start({ access, behindProxy: ['127.0.0.1'] });
    const from = (ip: string) => ({ 'x-forwarded-for': ip, authorization: 'Bearer wrong' });
    expect(await refusedOf(perMinute.address, '/api/v1/centres', from('203.0.113.7'))).toBe(0);
    const status = async (path: string, ip: string, method = 'GET') =>
      (await fetch(world.api.url + path, { method, headers: from(ip) })).status;
    expect(await status('/api/v1/centres', '203.0.113.7')).toBe(429);
    expect(await status('/api/v1/centres', '203.0.113.8')).toBe(401);
    const link = '/pictures/gate.0011.alarm.1/gate/cam-1';
    expect(await status(link, '203.0.113.7')).not.toBe(429);
  }, 60_000);
});

describe('a large answer', () => {
  it('has an ETag, is not sent again to who has it, and is sent when it has changed', async () => {
    await world.start({ access });
    const headers = await token('reader');
    world.birth(Array.from({ length: 30 }, (_, i) => ({ id: `b${i}` })));
    const first = await world.get('/api/v1/devices', headers);
    const tag = first.headers.get('etag')!;
    expect(first.headers.get('cache-control')).toBe('private, no-cache');
    await first.text();
    const asked = { ...headers, 'if-none-match': `"other", W/${tag}` };
    const again = await world.get('/api/v1/devices', asked);
    expect([again.status, await again.text(), again.headers.get('etag')]).toEqual([304, '', tag]);
    world.birth(Array.from({ length: 31 }, (_, i) => ({ id: `b${i}` })));
    const changed = await world.get('/api/v1/devices', asked);
    expect(changed.status).toBe(200);
    expect(changed.headers.get('etag')).not.toBe(tag);
  });

  it('with card numbers in it is kept by nobody', async () => {
    await world.start({ access });
    const rows = Array.from({ length: 60 }, (_, place) => ({
      sql: `INSERT INTO records (campus, gateway, device, kind, at, details, batch, place)
            VALUES ('school', 'gate', 'r1', 'check-in', 1, '{"card":"0012345678"}', 'b', ?)`,
      params: [place],
    }));
    await world.store.commit(rows);
    const answer = await world.get('/api/v1/records', { authorization: `Bearer ${world.token}` });
    expect(await answer.text()).toContain('0012345678');
    expect([answer.headers.get('etag'), answer.headers.get('cache-control')]).toEqual([null, 'no-store']);
  });
});

describe('pages', () => {
  it('of every list of rows follow one another by `next`, each row once', async () => {
    await world.start({ access });
    const headers = { authorization: `Bearer ${world.token}` };
    const insert = (sql: string, n: number) =>
      world.store.commit(Array.from({ length: n }, (_, i) => ({ sql, params: [i] })));
    await insert(
      `INSERT INTO quarantine (at, topic, reason, sha256, payload) VALUES (?, 't', 'r', 's', x'00')`,
      5,
    );
    await insert(
      `INSERT INTO drills (id, campus, gateway, devices, from_at, to_at, reason, declared_by, declared_at, command)
       VALUES ('drill-' || ?, 'school', 'gate', '[]', 1, 2, 'r', 'li', 7, 'c')`,
      5,
    );
    await insert(
      `INSERT INTO incidents (campus, gateway, device, opened_at) VALUES ('school', 'gate', 'b' || ?, 1)`,
      5,
    );
    await insert(
      `INSERT INTO maintenance (campus, reason, by_whom, declared_at, from_at, until_at)
       VALUES ('school', 'r', 'li', 1, ?, 9999999999999)`,
      5,
    );
    for (let i = 0; i < 5; i += 1) await world.alarm();
    for (const list of ['quarantine', 'drills', 'incidents', 'maintenance', 'alarms']) {
      const found: unknown[] = [];
      let next: string | null = null;
      do {
        const query = next === null ? '' : `&before=${encodeURIComponent(next)}`;
        const answer = await world.get(`/api/v1/${list}?limit=2${query}`, headers);
        const page = (await answer.json()) as { items: { id: unknown }[]; next: string | null };
        found.push(...page.items.map(({ id }) => id));
        next = page.next;
      } while (next !== null);
      expect([list, found.length, new Set(found).size]).toEqual([list, 5, 5]);
    }
  });
});

describe('the reference', () => {
  it('is served from here, to who may look, with a policy that lets nothing in from elsewhere', async () => {
    await world.start({ access });
    expect((await world.get('/api/reference/')).status).toBe(401);
    const headers = await token('reader');
    const page = await world.get('/api/reference/', headers);
    expect(page.headers.get('content-security-policy')).toMatch(/^default-src 'self'; img-src 'self' data:;/);
    const html = await page.text();
    expect(html).not.toMatch(/https?:\/\//);
    expect(html).not.toMatch(/<script(?![^>]*src=)|<style|\son\w+=/);
    const script = /src="([^"]*swagger-initializer[^"]*)"/.exec(html)![1]!;
    expect((await fetch(new URL(script, `${world.api.url}/api/reference/`), { headers })).status).toBe(200);
    expect(await (await world.get('/api/reference/json', headers)).json()).toMatchObject({
      openapi: '3.1.0',
    });
  });
});
