import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import sharp from 'sharp';
import { DatabaseError } from '#platform/database-error.ts';
import { realFiles } from '#platform/real/files.ts';
import type { DeviceReport } from '#protocols/messages/state.ts';
import { itemsOf, problem } from '#protocols/api.ts';
import { apiPicture, apiPictureView } from '#protocols/api-pictures.ts';
import {
  gatewayKey,
  linkPath,
  type PictureName,
  picturePath,
  pictureBytesLimit,
  signedHeaders,
  ticketFor,
} from '#protocols/pictures.ts';
import { ApiWorld, epoch } from './api-world.ts';

let world: ApiWorld;
let folder: string;
const camera: Partial<DeviceReport> = {
  id: 'cam',
  kind: 'camera',
  driver: 'onvif-camera',
  acts: ['snapshot'],
};
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'belfry-pictures-'));
});
afterEach(async () => {
  await world.close();
  rmSync(folder, { recursive: true, force: true });
});

async function open(keeping: object = {}): Promise<void> {
  world = new ApiWorld();
  world.files = realFiles(folder);
  world.keeping = keeping;
  const { devices } = world.campuses[0]!.gateways[0]!;
  devices[0]!.cameras = ['cam'];
  devices.push({ id: 'cam', name: { zh: '北门', en: 'North gate' }, kind: 'camera' });
  await world.start();
  world.birth([{ id: 'b1' }, camera]);
}

const picture = (colour: string, width = 64, height = 36) =>
  sharp({ create: { width, height, channels: 3, background: colour } })
    .jpeg()
    .toBuffer();
const alarmName = (n = 1) => `gate.${epoch}.alarm.${n}`;
const shot = (more: Partial<PictureName> = {}): PictureName => ({
  gateway: 'gate',
  camera: 'cam',
  kind: 'alarm',
  about: alarmName(),
  n: 1,
  ...more,
});
function secret(): string {
  const [row] = world.disk.files
    .get('pictures')!
    .prepare(`SELECT value FROM meta WHERE key = 'secret'`)
    .all();
  return (row as { value: string }).value;
}
const ticket = (name: PictureName, gateway = name.gateway) =>
  ticketFor(gatewayKey(secret(), gateway), picturePath(name));

interface Put {
  name?: PictureName;
  path?: string;
  takenAt?: number;
  headers?: Record<string, string>;
  body?: Uint8Array;
}
function put(jpeg: Uint8Array, { name = shot(), path, takenAt, headers, body }: Put = {}): Promise<Response> {
  return fetch(world.api.url + (path ?? picturePath(name)), {
    method: 'PUT',
    headers: { ...signedHeaders(ticket(name), jpeg, takenAt ?? world.clock.wall()), ...headers },
    body: (body ?? jpeg) as Uint8Array<ArrayBuffer>,
  });
}
async function refused(answer: Response, status: number, words: RegExp): Promise<void> {
  expect([answer.status, problem.parse(await answer.json()).detail]).toEqual([
    status,
    expect.stringMatching(words),
  ]);
}
const files = () =>
  readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((f) => f.endsWith('.jpg'));
const list = async (query = '') =>
  itemsOf(apiPicture).parse(await (await world.get(`/api/v1/pictures${query}`)).json()).items;
const views = async () =>
  itemsOf(apiPictureView).parse(await (await world.get('/api/v1/pictures/views')).json()).items;

describe("a gateway's picture", () => {
  it('is kept, listed with its alarm, and shown to who gives a name, which is logged', async () => {
    await open();
    await world.alarm();
    const jpeg = await picture('red');
    const answer = await put(jpeg);
    expect(answer.status).toBe(201);
    const kept = apiPicture.parse(await answer.json());
    expect(kept).toMatchObject({
      about: alarmName(),
      camera: 'cam',
      width: 64,
      height: 36,
      campus: 'school',
    });
    expect(await list(`?alarm=${alarmName()}`)).toEqual([kept]);
    expect(await list('?alarm=another')).toEqual([]);

    expect((await world.get(`/api/v1/pictures/${kept.id}/jpeg`)).status).toBe(400);
    expect(await views()).toEqual([]);
    const shown = await world.get(`/api/v1/pictures/${kept.id}/jpeg?by=li`);
    expect(shown.headers.get('content-type')).toBe('image/jpeg');
    expect(shown.headers.get('cache-control')).toBe('no-store');
    expect(Buffer.from(await shown.arrayBuffer())).toEqual(jpeg);
    expect(await views()).toMatchObject([{ picture: kept.id, by: 'person', who: 'li', camera: 'cam' }]);
  });

  it('that comes again is the same picture; another of its name is refused', async () => {
    await open();
    const jpeg = await picture('red');
    expect((await put(jpeg)).status).toBe(201);
    expect((await put(jpeg)).status).toBe(200);
    await refused(await put(await picture('blue')), 409, /another picture/);
    expect(await list()).toHaveLength(1);
    expect(files()).toHaveLength(1);
  });

  it('two of the same bytes share a file, which stays until both are gone', async () => {
    await open({ keep_days: { alarm: 10, evidence: 1 } });
    const jpeg = await picture('red');
    await put(jpeg);
    await put(jpeg, { name: shot({ kind: 'evidence', about: 'good', n: 5 }) });
    expect(files()).toHaveLength(1);
    await world.clock.pass(2 * 86_400_000);
    await expect.poll(async () => (await list()).map((p) => p.removed_at === null)).toEqual([false, true]);
    expect(files()).toHaveLength(1);
    const [kept] = await list('?kind=alarm');
    expect((await world.get(`/api/v1/pictures/${kept!.id}/jpeg?by=li`)).status).toBe(200);
  });

  it('is removed after the days of its kind, and a replay of it does not bring it back', async () => {
    await open({ keep_days: { alarm: 1 } });
    const jpeg = await picture('red');
    const takenAt = world.clock.wall();
    await put(jpeg, { takenAt });
    await world.clock.pass(1.1 * 86_400_000);
    await expect.poll(files).toEqual([]);
    await refused(await put(jpeg, { takenAt }), 410, /removed/);
    const [gone] = await list();
    await refused(await world.get(`/api/v1/pictures/${gone!.id}/jpeg?by=li`), 410, /removed/);
  });

  it('of an incident that is open stays after its days', async () => {
    await open({ keep_days: { alarm: 1 } });
    await world.store.commit([
      {
        sql: `INSERT INTO incidents (id, campus, gateway, device, opened_at) VALUES (7, 'school', 'gate', 'b1', 1)`,
      },
    ]);
    await world.alarm({ incident: 7 });
    await put(await picture('red'));
    await put(await picture('blue'), { name: shot({ about: alarmName(2) }) });
    await world.clock.pass(1.1 * 86_400_000);
    await expect.poll(() => files().length).toBe(1);
    await world.store.commit([{ sql: 'UPDATE incidents SET resolved_at = 2' }]);
    await world.clock.pass(3_700_000);
    await expect.poll(files).toEqual([]);
  });

  it('makes room: evidence goes before pictures of alarms, the oldest first', async () => {
    const bytes = (await picture('red')).length;
    await open({ max_mb: 1, max_mb_per_gateway: 1 });
    const large = await sharp({
      create: {
        width: 700,
        height: 500,
        channels: 3,
        background: 'grey',
        noise: { type: 'gaussian', mean: 128, sigma: 60 },
      },
    })
      .jpeg({ quality: 90 })
      .toBuffer();
    expect(large.length).toBeGreaterThan(150_000);
    const another = async (i: number) =>
      Buffer.from(
        await sharp(large)
          .modulate({ hue: i * 9 })
          .jpeg({ quality: 90 })
          .toBuffer(),
      );
    const evidence = (n: number) => shot({ kind: 'evidence', about: 'good', n });
    await put(await another(1), { name: shot() });
    for (const n of [2, 3, 4, 5, 6, 7, 8, 9, 10]) {
      const body = await another(n);
      expect(body.length).toBeLessThan(pictureBytesLimit);
      expect((await put(body, { name: evidence(n) })).status).toBe(201);
    }
    const kept = (await list()).filter((p) => p.removed_at === null);
    const total = kept.reduce((sum, p) => sum + p.bytes, 0);
    expect(total).toBeLessThanOrEqual(2 ** 20);
    expect(total + large.length + bytes).toBeGreaterThan(2 ** 20 - large.length);
    expect(kept.map((p) => p.kind)).toContain('alarm');
    expect(kept.filter((p) => p.kind === 'evidence').map((p) => p.n)).toContain(10);
    expect(kept.map((p) => p.n)).not.toContain(2);
  });
});

describe('a picture is refused', () => {
  beforeEach(() => open());
  afterEach(() => expect(files()).toEqual([]));

  it('without a signature, or with one of another gateway, path, time or picture', async () => {
    const jpeg = await picture('red');
    const signed = { name: shot() };
    await refused(
      await put(jpeg, { ...signed, headers: { 'belfry-signature': 'v1=00' } }),
      401,
      /not signed/,
    );
    const foreign = signedHeaders(ticket(shot(), 'other'), jpeg, world.clock.wall());
    await refused(await put(jpeg, { ...signed, headers: foreign }), 401, /not signed/);
    await refused(await put(jpeg, { ...signed, path: picturePath(shot({ n: 2 })) }), 401, /not signed/);
    const later = { 'belfry-taken-at': String(world.clock.wall() + 1) };
    await refused(await put(jpeg, { ...signed, headers: later }), 401, /not signed/);
    await refused(await put(jpeg, { ...signed, body: await picture('blue') }), 400, /not the bytes/);
    const bare = await fetch(world.api.url + picturePath(shot()), { method: 'PUT', body: 'x' });
    await refused(bare, 400, /headers/);
    // The token of people is none of a gateway.
    const token = { authorization: `Bearer ${world.token}`, 'belfry-signature': 'v1=00' };
    await refused(await put(jpeg, { headers: token }), 401, /not signed/);
  });

  it.each(['../../../etc/x', '%2e%2e%2fx', '..%2f..%2fx', 'UPPER', 'a%00b', '.hidden'])(
    'with a name that would lead elsewhere: %s',
    async (about) => {
      const jpeg = await picture('red');
      const headers = signedHeaders(ticket(shot()), jpeg, world.clock.wall());
      const path = `/api/v1/pictures/gate/cam/alarm/${about}/1`;
      const answer = await fetch(world.api.url + path, {
        method: 'PUT',
        headers,
        body: jpeg as Uint8Array<ArrayBuffer>,
      });
      expect([400, 401, 404]).toContain(answer.status);
    },
  );

  it('when it is none: cut, not a JPEG, or too wide', async () => {
    const jpeg = await picture('red', 640, 360);
    await refused(await put(jpeg.subarray(0, jpeg.length - 200)), 422, /no whole JPEG/);
    await refused(await put(Buffer.from('<script>alert(1)</script>')), 422, /no whole JPEG/);
    const png = await sharp(jpeg).png().toBuffer();
    await refused(await put(png), 422, /no whole JPEG/);
    await refused(await put(await picture('red', 4000, 20)), 422, /no whole JPEG/);
  });

  it('when it is too large, said or not, before it is read to its end', async () => {
    await refused(await put(Buffer.alloc(pictureBytesLimit + 1)), 413, /at most/);
    const jpeg = Buffer.alloc(16);
    const headers = signedHeaders(ticket(shot()), jpeg, world.clock.wall());
    let pulled = 0;
    const endless = new ReadableStream({
      pull(controller) {
        pulled += 1;
        controller.enqueue(new Uint8Array(64 * 1024));
      },
    });
    const init = { method: 'PUT', headers, body: endless, duplex: 'half' } as RequestInit;
    await fetch(world.api.url + picturePath(shot()), init).then(
      (answer) => expect(answer.status).toBe(413),
      // Or the connection was cut while we still wrote.
      () => undefined,
    );
    expect(pulled).toBeLessThan(1000);
  });

  it('when it drips: the connection is cut after its time', async () => {
    const jpeg = await picture('red');
    const headers = Object.entries(signedHeaders(ticket(shot()), jpeg, world.clock.wall()));
    const socket = connect(world.api.port, '127.0.0.1');
    let said = '';
    socket.on('data', (bytes: Buffer) => (said += bytes.toString()));
    const closed = new Promise((resolve) => socket.once('close', resolve));
    socket.on('error', () => {});
    socket.write(
      [`PUT ${picturePath(shot())} HTTP/1.1`, 'Host: 127.0.0.1', `Content-Length: ${jpeg.length}`]
        .concat(headers.map(([name, value]) => `${name}: ${value}`))
        .concat('', '')
        .join('\r\n'),
    );
    socket.write(jpeg.subarray(0, 10));
    // The clock of the cloud stands still until the body is awaited.
    await expect
      .poll(
        async () => {
          await world.clock.pass(20_000);
          return said;
        },
        { timeout: 10_000 },
      )
      .toMatch(/^HTTP\/1\.1 408 [\s\S]*too slowly/);
    await closed;
  });

  it('of a camera that is not there, of another campus, of the future, too old, or one shot too many', async () => {
    const jpeg = await picture('red');
    await refused(await put(jpeg, { name: shot({ camera: 'none' }) }), 404, /no camera/);
    await refused(await put(jpeg, { name: shot({ camera: 'b1' }) }), 404, /no camera/);
    await refused(await put(jpeg, { name: shot({ gateway: 'else' }) }), 404, /no camera/);
    await refused(await put(jpeg, { name: shot({ about: 'else.00.alarm.1' }) }), 404, /no alarm/);
    const now = world.clock.wall();
    await refused(await put(jpeg, { takenAt: now + 3_600_000 }), 422, /future/);
    await refused(await put(jpeg, { takenAt: now - 40 * 86_400_000 }), 410, /too old/);
    await refused(await put(jpeg, { name: shot({ n: 7 }) }), 400, /at most 6/);
  });

  it('when the disk is nearly full, or says so', async () => {
    world.free = 1000;
    await refused(await put(await picture('red')), 507, /no room/);
    world.free = 1e12;
    world.disk.fail = new DatabaseError('full', 'database or disk is full');
    await refused(await put(await picture('red')), 507, /no room/);
    world.disk.fail = null;
    // A file without an entry is nobody's: it goes with the next tidying.
    await world.clock.pass(61_000);
    await expect.poll(files).toEqual([]);
  });
});

it('files are not removed as strays where it is the entries that were lost', async () => {
  await open();
  for (let i = 0; i < 101; i += 1) {
    await world.files!.write(`${String(i % 10).padStart(2, '0')}/${i}.jpg`, Uint8Array.of(1));
  }
  await world.clock.pass(61_000);
  await world.clock.pass(3_700_000);
  expect(files()).toHaveLength(101);
});

describe('a link that a centre was given', () => {
  const browser = { accept: 'text/html,application/xhtml+xml' };
  const link = (more: object = {}) =>
    linkPath(secret(), { alarm: alarmName(), gateway: 'gate', camera: 'cam', reader: 'city-110', ...more });

  it('says "not yet" until the picture is there, then shows it, and the log names the centre', async () => {
    await open({ link_base: 'https://belfry.example.org' });
    await world.alarm();
    const early = await world.get(link());
    expect([early.status, early.headers.get('retry-after')]).toEqual([404, '2']);
    const page = await world.get(link(), browser);
    expect([page.status, page.headers.get('content-type')]).toEqual([404, 'text/html; charset=utf-8']);
    expect(await page.text()).toMatch(/图片还没有到[\s\S]*not there yet/);

    const jpeg = await picture('red');
    await put(jpeg, { name: shot({ n: 2 }) });
    const shown = await world.get(link());
    expect([shown.status, shown.headers.get('content-type')]).toEqual([200, 'image/jpeg']);
    expect(Buffer.from(await shown.arrayBuffer())).toEqual(jpeg);
    expect(await views()).toMatchObject([{ by: 'link', who: 'city-110', about: alarmName(), n: 2 }]);

    const html = await (await world.get(link(), browser)).text();
    const [, at] = /<img src="([^"]+)"/.exec(html)!;
    expect(await views()).toHaveLength(1);
    expect((await world.get(at!.replaceAll('&amp;', '&'))).status).toBe(200);
    expect(await views()).toHaveLength(2);
  });

  it('opens nothing else: not another alarm, camera or reader, and not without its signature', async () => {
    await open();
    await world.alarm();
    await world.alarm();
    await put(await picture('red'));
    const good = link();
    expect((await world.get(good)).status).toBe(200);
    for (const bad of [
      good.replace('.alarm.1', '.alarm.2'),
      good.replace('/cam?', '/b1?'),
      good.replace('for=city-110', 'for=city-119'),
      good.replace(/sig=.{4}/, 'sig=AAAA'),
    ]) {
      expect((await world.get(bad)).status).toBe(403);
    }
    expect((await world.get(good.replace(/&sig=.*/, ''))).status).toBe(400);
    expect(await views()).toHaveLength(1);
  });

  it('ends after its days, in words', async () => {
    await open({ link_days: 1 });
    await world.alarm();
    await put(await picture('red'));
    await world.clock.pass(1.1 * 86_400_000);
    await refused(await world.get(link()), 410, /expired/);
    const page = await world.get(link(), browser);
    expect([page.status, await page.text()]).toEqual([410, expect.stringMatching(/链接已过期/)]);
    expect(await views()).toEqual([]);
  });

  it('shows nothing that it cannot log', async () => {
    await open();
    await world.alarm();
    await put(await picture('red'));
    world.disk.fail = new DatabaseError('full', 'database or disk is full');
    expect((await world.get(link())).status).toBe(500);
    expect((await world.get('/api/v1/pictures/1/jpeg?by=li')).status).toBe(500);
    world.disk.fail = null;
    const head = await fetch(world.api.url + link(), { method: 'HEAD' });
    expect(head.headers.get('content-type')).not.toBe('image/jpeg');
    expect(await views()).toEqual([]);
  });

  it('is minted for each centre before there is a picture; not for tests, nor where the file has an address', async () => {
    await open({ link_base: 'https://belfry.example.org/' });
    const place = { campus: { zh: '一小', en: 'First School' }, contacts: [], pictures: [] };
    const alarm = { name: alarmName(), mode: 'real', place } as never;
    const at = { gateway: 'gate', device: 'b1' };
    const { links } = world.pictures!;
    const [made] = links.forCentre(alarm, at, 'city-110').place!.pictures;
    expect(made).toEqual({
      camera: { zh: '北门', en: 'North gate' },
      url: `https://belfry.example.org${link()}`,
    });
    expect(links.forCentre(alarm, at, 'city-119').place!.pictures[0]!.url).not.toBe(made!.url);
    const test = { name: alarmName(), mode: 'test', place } as never;
    expect(links.forCentre(test, at, 'city-110').place!.pictures).toEqual([]);
    expect(links.forCentre(alarm, { gateway: 'gate', device: 'cam' }, 'city-110').place!.pictures).toEqual(
      [],
    );
  });
});

describe('a gateway that sends pictures', () => {
  const birthOf = (plan: string | undefined) =>
    world.pictures!.onBirth('school', 'gate', {
      picture_plan: plan,
      devices: [camera],
    } as never);

  it('is taught which of its cameras look where, when it holds another plan or none', async () => {
    await open();
    birthOf(undefined);
    birthOf('');
    await expect.poll(() => world.sent.length).toBe(1);
    const [command] = world.sent;
    expect(command).toMatchObject({
      kind: 'picture-plan',
      plan: { key: gatewayKey(secret(), 'gate'), cameras: { b1: ['cam'] } },
    });
    const { planDigest } = await import('#protocols/pictures.ts');
    birthOf(planDigest((command as { plan: Parameters<typeof planDigest>[0] }).plan));
    birthOf('of another time');
    await expect.poll(() => world.sent.length).toBe(2);
  });

  it('takes one when a person asks, with a ticket for its place alone', async () => {
    await open();
    const path = '/api/v1/gateways/gate/devices';
    const token = { authorization: `Bearer ${world.token}` };
    expect((await world.post(`${path}/cam/picture`, { by: 'li' })).status).toBe(401);
    await refused(await world.post(`${path}/b1/picture`, { by: 'li' }, token), 409, /cannot be asked/);
    const asking = world.post(`${path}/cam/picture?wait=30`, { by: 'li' }, token);
    await expect.poll(() => world.sent.length).toBe(1);
    const [command] = world.sent as unknown as [{ id: string; picture: { path: string; ticket: string } }];
    expect(command).toMatchObject({ kind: 'act', device: 'cam', act: { do: 'snapshot' } });
    const jpeg = await picture('green');
    const put = await fetch(world.api.url + command.picture.path, {
      method: 'PUT',
      headers: signedHeaders(command.picture.ticket, jpeg, world.clock.wall()),
      body: jpeg as Uint8Array<ArrayBuffer>,
    });
    expect(put.status).toBe(201);
    world.commands.onReply('gate', {
      kind: 'reply',
      session: 's',
      command: command.id,
      ok: true,
      detail: 'a picture',
      facts: { picture: 'sent' },
    });
    const answer = await asking;
    expect(answer.status).toBe(200);
    expect(await answer.json()).toMatchObject({
      command: { state: 'done', by: 'li', facts: { picture: 'sent' } },
      picture: { camera: 'cam', kind: 'request' },
    });
  });
});

describe('a camera of another gateway that looks at an alarm', () => {
  const hall = { ...camera, id: 'hall-cam' };
  beforeEach(async () => {
    world = new ApiWorld();
    world.files = realFiles(folder);
    const [campus] = world.campuses;
    campus!.gateways[0]!.devices[0]!.cameras = ['hall/hall-cam'];
    campus!.gateways.push({
      id: 'hall',
      devices: [{ id: 'hall-cam', name: { zh: '大厅', en: 'Hall' }, kind: 'camera' }],
    });
    await world.start();
    world.birth([{ id: 'b1' }]);
    world.birth([hall], 'hall');
  });

  it('is asked by the cloud once, and its picture is one of that alarm', async () => {
    const name = await world.alarm();
    await world.store.commit([], [{ type: 'alarm', subject: name }]);
    await expect.poll(() => world.sent.length).toBe(1);
    const [command] = world.sent as unknown as [{ picture: { path: string; ticket: string } }];
    expect(command.picture.path).toBe(`/api/v1/pictures/hall/hall-cam/alarm/${name}/1`);
    const jpeg = await picture('red');
    const answer = await fetch(world.api.url + command.picture.path, {
      method: 'PUT',
      headers: signedHeaders(command.picture.ticket, jpeg, world.clock.wall()),
      body: jpeg as Uint8Array<ArrayBuffer>,
    });
    expect(answer.status).toBe(201);
    expect(await list(`?alarm=${name}`)).toMatchObject([{ gateway: 'hall', camera: 'hall-cam' }]);
    await world.clock.pass(1000);
    // Sent again until it is answered, and the same one.
    expect(new Set(world.sent.map(({ id }) => id)).size).toBe(1);
  });

  it('is not asked for a test, nor for an alarm of long ago', async () => {
    await world.alarm({ mode: 'test' });
    await world.alarm({ age_at_ingest_ms: 3_600_000 });
    const last = await world.alarm();
    await expect.poll(() => world.sent.length).toBe(1);
    expect(JSON.stringify(world.sent)).toContain(`/${last}/`);
  });
});

it('a cloud that keeps no pictures says so, and the rest of it is as before', async () => {
  world = await new ApiWorld().start();
  await refused(await world.get('/api/v1/pictures'), 503, /keeps no pictures/);
  expect((await world.get('/api/v1/alarms')).status).toBe(200);
});
