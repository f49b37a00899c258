import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  apiAlarm,
  apiAlert,
  apiCentre,
  apiDevice,
  apiGateway,
  apiIncident,
  apiLatency,
  apiQuarantined,
  apiReadiness,
  apiTelemetry,
  itemsOf,
  problem,
} from '#protocols/api.ts';
import { ApiWorld } from './api-world.ts';

let world: ApiWorld;
beforeEach(async () => {
  world = await new ApiWorld().start();
});
afterEach(() => world.close());

/** The status of a GET whose Host header says something else than its address. */
function statusAs(host: string, path = '/api/v1/alarms'): Promise<number> {
  return new Promise((resolve, reject) => {
    request({ host: '127.0.0.1', port: world.api.port, path, headers: { host } }, (response) => {
      response.resume();
      resolve(response.statusCode ?? 0);
    })
      .on('error', reject)
      .end();
  });
}

describe('the door', () => {
  it('refuses to listen where others could reach it', async () => {
    await expect(new ApiWorld().start({ host: '0.0.0.0' })).rejects.toThrow(/loopback only/);
  });

  it('tells a taken port by its code', async () => {
    await expect(new ApiWorld().start({ port: world.api.port })).rejects.toMatchObject({
      code: 'EADDRINUSE',
    });
  });

  it('does not answer a page that reached it through a name of its own (DNS rebinding)', async () => {
    expect(await statusAs('evil.example')).toBe(421);
    expect(await statusAs('127.0.0.1.evil.example:80')).toBe(421);
    expect(await statusAs('localhost:1234')).toBe(200);
    expect(await statusAs('[::1]:80')).toBe(200);
  });

  it('lets this machine read without a token, but not with a wrong one', async () => {
    expect((await world.get('/api/v1/alarms')).status).toBe(200);
    expect((await world.get('/api/v1/alarms', { authorization: 'Bearer wrong' })).status).toBe(401);
    expect((await world.get('/api/v1/alarms', { authorization: `Bearer ${world.token}` })).status).toBe(200);
  });

  it('lets nobody act without the token', async () => {
    const refused = await world.post('/api/v1/incidents/1/resolve', { by: 'me' });
    expect(refused.status).toBe(401);
    expect(refused.headers.get('content-type')).toContain('application/problem+json');
    expect(refused.headers.get('www-authenticate')).toBe('Bearer');
    const authorization = `Bearer ${world.token}`;
    expect((await world.post('/api/v1/incidents/1/resolve', { by: 'me' }, { authorization })).status).toBe(
      404,
    );
  });

  it('sends a strict content security policy that does not turn http into https', async () => {
    const policy = (await world.get('/healthz')).headers.get('content-security-policy');
    expect(policy).toContain("default-src 'self'");
    expect(policy).not.toContain('unsafe-inline');
    expect(policy).not.toContain('upgrade-insecure-requests');
  });
});

describe('bad requests', () => {
  it.each([
    ['/api/v1/alarms?limit=0', '/limit'],
    ['/api/v1/latency?mode=fake', '/mode'],
    ['/api/v1/telemetry?device=b1&field=t&from=0&to=1', '/device'],
  ])('%s is a problem that points at the mistake', async (path, pointer) => {
    const answer = await world.get(path);
    expect(answer.status).toBe(400);
    expect(problem.parse(await answer.json()).errors).toMatchObject([{ pointer }]);
  });

  it.each([
    ['/api/v1/nothing', 404],
    ['/api/v1/alarms/gate.0.alarm.1', 404],
    ['/api/v1/alarms?before=x', 400],
    ['/api/v1/telemetry?device=gate/b1&field=t&from=0&to=90000000000&every_s=1', 400],
  ])('%s is a problem of status %i', async (path, status) => {
    const answer = await world.get(path);
    expect(answer.status).toBe(status);
    expect(problem.parse(await answer.json()).status).toBe(status);
  });

  it('a body that is not JSON is a problem', async () => {
    const answer = await fetch(`${world.api.url}/api/v1/incidents/1/resolve`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', authorization: `Bearer ${world.token}` },
      body: '{',
    });
    expect(problem.parse(await answer.json()).status).toBe(400);
  });
});

describe('readiness', () => {
  const readiness = async () => {
    const answer = await world.get('/readyz');
    return { status: answer.status, ...apiReadiness.parse(await answer.json()) };
  };

  it('is not there until 110 answered, a gateway reported and an alarm line is open', async () => {
    expect(await readiness()).toMatchObject({ status: 503, ready: false });
    expect((await readiness()).waiting_for).toHaveLength(2);
    Object.assign(world.centres[0]!.doors[0]!, { supervision: 'answering', since: 1, round_trip_ms: 2 });
    expect((await readiness()).waiting_for).toHaveLength(1);
    world.birth([{ line_open: false }, { id: 'cam', kind: 'camera' }]);
    expect((await readiness()).waiting_for).toMatchObject([{ en: expect.stringContaining('line') }]);
    world.birth([{ line_open: true }]);
    expect(await readiness()).toEqual({ status: 200, ready: true, waiting_for: [] });
  });

  it('ends when 110 falls silent or the gateway is cut off', async () => {
    Object.assign(world.centres[0]!.doors[0]!, { supervision: 'answering', since: 1, round_trip_ms: 2 });
    world.birth([{}]);
    expect((await readiness()).status).toBe(200);
    world.liveness.onState('school', 'gate', { kind: 'will', session: 's1' }, 0);
    expect((await readiness()).status).toBe(503);
  });
});

describe('lists', () => {
  const items = async (path: string) => ((await (await world.get(path)).json()) as { items: never[] }).items;

  it('alarms come newest first, page by page, each with its waterfall', async () => {
    const names = [await world.alarm(), await world.alarm({ mode: 'probe' }), await world.alarm()];
    const first = itemsOf(apiAlarm).parse(await (await world.get('/api/v1/alarms?limit=2')).json());
    expect(first.items.map((alarm) => alarm.id)).toEqual([names[2], names[1]]);
    const second = itemsOf(apiAlarm).parse(
      await (await world.get(`/api/v1/alarms?limit=2&before=${first.next}`)).json(),
    );
    expect(second.items.map((alarm) => alarm.id)).toEqual([names[0]]);
    expect(second.next).toBeNull();
    expect(await items('/api/v1/alarms?mode=probe')).toMatchObject([{ id: names[1] }]);
    expect(first.items[0]).toMatchObject({
      place: { campus_name: { en: 'First School' }, device_name: { zh: '门卫' } },
      state: 'stored',
      total_ms: null,
      stages: [
        { name: 'first_byte', ms: 0 },
        { name: 'decoded', ms: 1 },
        { name: 'stored_edge', ms: 2 },
        { name: 'published', ms: 3 },
        { name: 'ingested', ms: 50 },
        { name: 'committed', ms: 51 },
      ],
    });
  });

  it('one alarm comes by its name, with the receipts of 110', async () => {
    const name = await world.alarm({
      delivered_at: world.clock.wall(),
      lamp: 'delivered',
      edge_stages: JSON.stringify({ first_byte: 0, delivered: 40, lamp: 60 }),
    });
    await world.store.commit([
      {
        sql: `INSERT INTO receipts (signal, centre, door, path, is_primary, reference, at, raw)
              VALUES (1, 'city-110', 'dc09', 'cloud', 1, 'AAAA/0001', 5, '0a')`,
      },
    ]);
    const alarm = apiAlarm.parse(await (await world.get(`/api/v1/alarms/${name}`)).json());
    expect(alarm).toMatchObject({ state: 'delivered', total_ms: 140, lamp: 'delivered' });
    expect(alarm.centres).toMatchObject([{ centre: 'city-110', primary: true, reference: 'AAAA/0001' }]);
  });

  it('the second name of one press is not an alarm of its own', async () => {
    const name = await world.alarm();
    await world.alarm({ same_as: 1 });
    expect(await items('/api/v1/alarms')).toMatchObject([{ id: name }]);
  });

  it('devices, gateways, centres, alerts, quarantine, telemetry and latency keep their schemas', async () => {
    world.birth([{}, { id: 'b9', facts: { battery_v: 3.1 } }]);
    await world.alerts.raise({
      code: 'device-fault',
      severity: 'warning',
      subject: 'gate/b1',
      text: { zh: '坏', en: 'bad' },
    });
    await world.alerts.clear('device-fault', 'gate/b1');
    await world.alerts.raise({
      code: 'gateway-offline',
      severity: 'critical',
      subject: 'x',
      text: { zh: '断', en: 'cut' },
    });
    await world.alerts.raise({
      code: 'device-fault',
      severity: 'warning',
      subject: 'gate/b1',
      text: { zh: '坏', en: 'bad' },
    });
    await world.alerts.clear('device-fault', 'gate/b1');
    await world.store.commit([
      {
        sql: `INSERT INTO quarantine (at, topic, reason, sha256, payload) VALUES (1, 't', 'not JSON', 'ab', ?)`,
        params: [new Uint8Array([1, 255])],
      },
    ]);
    expect(itemsOf(apiDevice).parse(await (await world.get('/api/v1/devices')).json()).items).toMatchObject([
      { place: { device: 'b1' }, state: 'good', listing: 'listed' },
      { place: { device: 'b9' }, state: 'good', listing: 'unlisted', facts: { battery_v: 3.1 } },
    ]);
    expect(itemsOf(apiGateway).parse(await (await world.get('/api/v1/gateways')).json()).items).toMatchObject(
      [{ gateway: 'gate', state: 'online', version: '1.0.0' }],
    );
    expect(itemsOf(apiCentre).parse(await (await world.get('/api/v1/centres')).json()).items).toHaveLength(1);
    const alerts = itemsOf(apiAlert).parse(await (await world.get('/api/v1/alerts')).json()).items;
    expect(alerts.map((alert) => alert.code)).toEqual(['gateway-offline', 'device-fault', 'device-fault']);
    expect(await items('/api/v1/alerts?state=open')).toHaveLength(1);
    expect(
      itemsOf(apiQuarantined).parse(await (await world.get('/api/v1/quarantine')).json()).items,
    ).toMatchObject([{ size: 2, head: '01ff' }]);
    const telemetry = await world.get('/api/v1/telemetry?device=gate/b1&field=t&from=0&to=60000');
    expect(itemsOf(apiTelemetry).parse(await telemetry.json()).items).toHaveLength(1);
    expect(apiLatency.parse(await (await world.get('/api/v1/latency')).json())).toMatchObject({ count: 0 });
  });
});

describe('an incident', () => {
  it('is acknowledged and resolved by name, once, and shows its point in alarm until then', async () => {
    world.birth([{}]);
    await world.store.commit([
      {
        sql: `INSERT INTO incidents (campus, gateway, device, opened_at) VALUES ('school', 'gate', 'b1', 5)`,
      },
    ]);
    const name = await world.alarm({ incident: 1 });
    const headers = { authorization: `Bearer ${world.token}` };
    const device = async () =>
      itemsOf(apiDevice).parse(await (await world.get('/api/v1/devices')).json()).items[0];
    const state = async () => (await device())?.state;
    expect(await state()).toBe('alarm');
    expect((await device())?.since, 'since the incident opened').toBe(5);
    const seen = await world.post('/api/v1/incidents/1/acknowledge', { by: '王' }, headers);
    expect(apiIncident.parse(await seen.json())).toMatchObject({ acknowledged_by: '王', alarms: [name] });
    expect((await world.post('/api/v1/incidents/1/acknowledge', { by: '李' }, headers)).status).toBe(409);
    const ended = await world.post('/api/v1/incidents/1/resolve', { by: '李' }, headers);
    expect(apiIncident.parse(await ended.json())).toMatchObject({
      resolved_by: '李',
      log: [{ step: 'acknowledged' }, { step: 'resolved' }],
    });
    expect(await state()).toBe('good');
    expect((await world.post('/api/v1/incidents/1/resolve', { by: '' }, headers)).status).toBe(400);
    expect(await (await world.get('/api/v1/incidents?state=open')).json()).toMatchObject({ items: [] });
  });
});

describe('the document', () => {
  it('names every path, from the schemas that are checked at run time', async () => {
    const document = (await (await world.get('/api/v1/openapi.json')).json()) as {
      openapi: string;
      paths: Record<string, object>;
    };
    expect(document.openapi).toBe('3.1.0');
    expect(Object.keys(document.paths)).toEqual(
      expect.arrayContaining(['/readyz', '/api/v1/alarms', '/api/v1/alarms/{id}', '/api/v1/events']),
    );
    expect(JSON.stringify(document.paths['/api/v1/latency'])).toContain('p99_ms');
    expect(document.paths['/api/v1/incidents/{id}/resolve']).toMatchObject({
      post: { security: [{ token: [] }] },
    });
    expect(document.paths['/api/v1/telemetry']).not.toMatchObject({ get: { security: expect.anything() } });
  });
});

describe('the console', () => {
  let folder: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'belfry-console-'));
    await mkdir(join(folder, 'assets'));
    await writeFile(join(folder, 'index.html'), '<p>console</p>');
    await writeFile(join(folder, 'assets', 'app-1.js'), 'plain');
    await writeFile(join(folder, 'assets', 'app-1.js.br'), 'squeezed');
  });
  afterEach(() => rm(folder, { recursive: true }));

  it('that is not built says how to build it, and the API is there all the same', async () => {
    const page = await world.get('/');
    expect(page.status).toBe(503);
    expect(await page.text()).toContain('npm run prepare');
  });

  it('is served at every place that is not the API’s, its assets for ever and precompressed', async () => {
    await world.close();
    world = await new ApiWorld().start({ consoleDir: folder });
    for (const path of ['/', '/devices/gate']) {
      const page = await world.get(path);
      expect([page.status, await page.text()]).toEqual([200, '<p>console</p>']);
      expect(page.headers.get('cache-control')).toBe('no-cache');
    }
    const asset = await fetch(`${world.api.url}/assets/app-1.js`, { headers: { 'accept-encoding': 'br' } });
    expect(asset.headers.get('content-encoding')).toBe('br');
    expect(asset.headers.get('cache-control')).toContain('immutable');
    await asset.body?.cancel();
    expect((await world.get('/assets/gone.js')).status).toBe(404);
    expect((await world.get('/api/v1/gone')).status).toBe(404);
    expect((await world.get('/..%2f..%2fetc%2fpasswd')).status).not.toBe(500);
  });
});
