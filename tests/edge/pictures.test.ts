import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import sharp from 'sharp';
import { Spool, type SpooledPicture } from '#edge/pictures/spool.ts';
import type { ActResult, DeviceBase, DriverContext } from '#edge/driver.ts';
import type { HttpAnswer, HttpPort, HttpRequest } from '#platform/http.ts';
import type { Ports } from '#platform/ports.ts';
import { type PicturePlan, planDigest, signedHeaders, ticketFor } from '#protocols/pictures.ts';
import { firstN, settle, TestClock, TestDisk, TestDriver, World } from './world.ts';

/** Cameras that do as they are told: by default they give a picture at once. */
class Cameras extends TestDriver {
  readonly asked: { camera: string; at: number; alarmsSent: number }[] = [];
  snapshot: (camera: string) => Promise<ActResult> = async () => ({ detail: '', picture: large });
  world!: World;

  override describe(device?: DeviceBase) {
    if (!device?.id.startsWith('cam')) return super.describe();
    return { kind: 'camera', alarms: false, acts: ['snapshot'] } as never;
  }

  override start(context: DriverContext): ReturnType<TestDriver['start']> {
    return {
      ...super.start(context),
      act: (camera: string) => {
        const { clock, cloud } = this.world;
        this.asked.push({ camera, at: clock.now, alarmsSent: cloud.alarms.length });
        return this.snapshot(camera);
      },
    };
  }
}

/** The cloud's HTTP address, as a script. */
class PictureCloud implements HttpPort {
  readonly puts: (HttpRequest & { at: number })[] = [];
  answer: () => Promise<number> = async () => 201;
  readonly clock: TestClock;
  constructor(clock: TestClock) {
    this.clock = clock;
  }
  async request(request: HttpRequest): Promise<HttpAnswer> {
    this.puts.push({ ...request, at: this.clock.now });
    return { status: await this.answer(), headers: {}, body: '', cut: false };
  }
  get paths() {
    return this.puts.map(({ url }) => url.replace('http://127.0.0.1:9/api/v1/pictures/gate/', ''));
  }
}

let large: Buffer;
let world: World;
let cameras: Cameras;
let up: PictureCloud;
const plan: PicturePlan = { key: 'ab'.repeat(32), cameras: { north: ['cam-1', 'cam-2'] } };
const quick = { url: 'http://127.0.0.1:9', at_s: [0] };

beforeEach(async () => {
  large ??= await sharp({ create: { width: 2560, height: 1440, channels: 3, background: 'red' } })
    .jpeg()
    .toBuffer();
  world = new World();
  cameras = Object.assign(new Cameras(), { world });
  world.driver = cameras;
  up = new PictureCloud(world.clock);
  world.http = up;
});
afterEach(() => world.edge?.close());

function config(pictures: object = quick) {
  return world.config({
    pictures,
    devices: [
      { id: 'north', driver: 'fake', address: '/dev/ttyFAKE0', zone: 1 },
      { id: 'cam-1', driver: 'fake', address: '/dev/ttyFAKE0' },
      { id: 'cam-2', driver: 'fake', address: '/dev/ttyFAKE0' },
    ],
  });
}
async function started(pictures: object = quick): Promise<void> {
  await world.start(config(pictures));
  world.command({ kind: 'picture-plan', plan });
  await world.clock.pass(100);
  expect(world.replies.at(-1)).toMatchObject({ ok: true });
}
/** Time passes in the world while the decoder works in ours. */
const until = (what: () => unknown, ms = 50) =>
  expect.poll(async () => (await world.clock.pass(ms), what()), { timeout: 10_000, interval: 5 });
const sizeOf = async ({ body }: HttpRequest) => {
  const { width, height } = await sharp(body as Uint8Array).metadata();
  return [width, height];
};
/** Every alarm is at 110, and the lamp says so. */
const delivered = () =>
  world.cloud.alarms.length > 0 &&
  world.edge.status().alarms.every((a) => a.delivered) &&
  world.driver.lamps.at(-1)?.state === 'delivered';
const alarmPath = (camera: string, n = 1) =>
  `${camera}/alarm/gate.${world.edge.status().epoch}.alarm.${firstN}/${n}`;

describe('at an alarm', () => {
  it('the cameras that look there are asked after it was sent, at the stated times, and the pictures go up small and signed', async () => {
    await started({ ...quick, at_s: [10, 0, 3] });
    const before = world.clock.now;
    const { event } = world.press();
    expect(event.device).toBe('north');
    await until(() => up.puts.length).toBe(6);
    expect(cameras.asked.every(({ alarmsSent }) => alarmsSent > 0)).toBe(true);
    const at = cameras.asked
      .filter((a) => a.camera === 'cam-1')
      .map((a) => Math.floor((a.at - before) / 1000));
    expect(at).toEqual([0, 3, 10]);
    const expected = ['cam-1', 'cam-2'].flatMap((camera) => [1, 2, 3].map((n) => alarmPath(camera, n)));
    expect(up.paths.toSorted()).toEqual(expected.toSorted());
    const [first] = up.puts;
    expect(await sizeOf(first!)).toEqual([1280, 720]);
    const takenAt = Number(first!.headers!['belfry-taken-at']);
    expect(Math.abs(takenAt - world.clock.cloudTime())).toBeLessThan(20_000);
    const ticket = ticketFor(plan.key, first!.url.replace('http://127.0.0.1:9', ''));
    expect(first!.headers).toEqual(signedHeaders(ticket, first!.body as Uint8Array, takenAt));
    expect(JSON.stringify(first!.headers)).not.toContain(ticket);
  });

  it('a camera that hangs holds up neither the alarm nor the other camera', async () => {
    cameras.snapshot = (camera) =>
      camera === 'cam-1' ? new Promise(() => {}) : Promise.resolve({ detail: '', picture: large });
    await started();
    world.press();
    await world.clock.pass(200);
    expect(delivered()).toBe(true);
    await until(() => up.paths).toEqual([alarmPath('cam-2')]);
    await until(() => world.logged.map(({ message }) => message), 13_000).toContain(
      'a camera gave no picture of an alarm',
    );
  });

  it('the cloud that hangs over a picture holds up no alarm', async () => {
    up.answer = () => new Promise(() => {});
    await started();
    world.press();
    await until(() => up.puts.length).toBe(1);
    world.press();
    await world.clock.pass(200);
    expect(delivered()).toBe(true);
  });

  it('a picture goes up only when the alarm is through, or has been for so long', async () => {
    world.cloud.answers = 'stored';
    world.door.says = 'next';
    await started();
    const pressedAt = world.clock.now;
    world.press();
    await until(() => cameras.asked.length).toBe(2);
    await until(() => up.puts.length, 200).toBe(2);
    expect(up.puts[0]!.at - pressedAt).toBeGreaterThan(9000);
  });

  it('nobody is photographed for a test', async () => {
    await started();
    world.press({ type: 'test', mode: 'test', origin: { serial: 7, boot: 1, counter: 99, type: 'test' } });
    await world.clock.pass(20_000);
    expect(world.cloud.alarms.at(-1)!.facts.mode).toBe('test');
    expect(cameras.asked).toEqual([]);
  });

  it('two alarms of one moment share a picture, and each gets it', async () => {
    const answer = Promise.withResolvers<ActResult>();
    cameras.snapshot = () => answer.promise;
    await started();
    world.press();
    world.press({ type: 'long-press' });
    await world.clock.pass(500);
    expect(cameras.asked.map(({ camera }) => camera).toSorted()).toEqual(['cam-1', 'cam-2']);
    answer.resolve({ detail: '', picture: large });
    await until(() => up.puts.length).toBe(4);
    expect(new Set(up.paths).size).toBe(4);
    expect(cameras.asked).toHaveLength(2);
  });

  it('a button that is pressed all day fills neither the way nor the disk', async () => {
    // Nothing to decode: the time of this world would run ahead of the decoder.
    cameras.snapshot = async () => ({ detail: 'none' });
    await started({ ...quick, at_s: [0, 3, 6] });
    for (let i = 0; i < 60; i += 1) {
      world.press({ type: 'long-press' });
      await world.clock.pass(20_000);
    }
    expect(cameras.asked.filter(({ camera }) => camera === 'cam-1')).toHaveLength(60);
    await world.clock.pass(3_600_000);
    world.press({ type: 'long-press' });
    await world.clock.pass(20_000);
    expect(cameras.asked.filter(({ camera }) => camera === 'cam-1')).toHaveLength(63);
  });

  it('a picture that is none, or that cannot be decoded, costs nothing but itself', async () => {
    cameras.snapshot = async (camera) => ({
      detail: '',
      picture: camera === 'cam-1' ? Buffer.from('no JPEG') : large.subarray(0, large.length >> 1),
    });
    await started();
    world.press();
    await until(
      () => world.logged.filter((l) => l.message === 'a picture of an alarm was not kept').length,
    ).toBe(2);
    expect(delivered()).toBe(true);
    expect(up.puts).toEqual([]);
  });
});

describe('while nothing can go up', () => {
  it('a picture waits on disk, over a restart, and leaves it when the cloud has it', async () => {
    up.answer = () => Promise.reject(new Error('connect ECONNREFUSED'));
    await started();
    world.press();
    await until(() => world.disk.rows('SELECT path FROM pictures', 'pictures').length).toBe(2);
    const path = alarmPath('cam-1');
    world.kill();
    world.driver = cameras;
    up.puts.length = 0;
    up.answer = async () => 201;
    await world.start(config());
    await until(() => up.puts.length).toBe(2);
    expect(up.paths).toContain(path);
    await until(() => world.disk.rows('SELECT path FROM pictures', 'pictures')).toEqual([]);
    // What it was taught outlives the restart too.
    const { picture_plan } = world.cloud.states.findLast((s) => s.kind === 'birth')!;
    expect(picture_plan).toBe(planDigest(plan));
  });

  it('tries come more and more slowly', async () => {
    up.answer = () => Promise.reject(new Error('connect ECONNREFUSED'));
    await started();
    cameras.snapshot = () => new Promise(() => {});
    const picture = { detail: '', picture: large };
    cameras.snapshot = async (camera) => (camera === 'cam-1' ? picture : { detail: 'none' });
    world.press();
    await until(() => up.puts.length).toBe(1);
    const from = world.clock.now;
    await world.clock.pass(600_000);
    const gaps = up.puts.slice(1).map(({ at }, i) => at - up.puts[i]!.at);
    expect(gaps.length).toBeLessThan(40);
    expect(gaps[0]).toBeLessThan(3000);
    expect(Math.max(...gaps)).toBeGreaterThan(20_000);
    expect(world.clock.now - from).toBeGreaterThanOrEqual(600_000);
  });

  it('people are told when nothing has gone up for an hour, and when it does again', async () => {
    up.answer = () => Promise.reject(new Error('connect ECONNREFUSED'));
    await started();
    world.press();
    await until(() => up.puts.length).toBeGreaterThan(0);
    const notice = () => world.cloud.states.findLast((s) => s.kind === 'notice');
    await world.clock.pass(3_500_000);
    expect(notice()).toBe(undefined);
    await world.clock.pass(300_000);
    expect(notice()).toMatchObject({ code: 'pictures', subject: 'waiting', open: true });
    up.answer = async () => 201;
    await until(notice, 30_000).toMatchObject({ code: 'pictures', subject: 'waiting', open: false });
  });

  it('what the cloud will never take goes; what it does not take now lets the others pass', async () => {
    await started();
    up.answer = async () => (up.paths.at(-1) === up.paths[0] ? 401 : 409);
    world.press();
    await until(() => new Set(up.paths).size).toBe(2);
    const rows = () => world.disk.rows('SELECT path FROM pictures', 'pictures').map(({ path }) => path);
    await until(rows).toEqual([`/api/v1/pictures/gate/${up.paths[0]!}`]);
    up.answer = async () => 201;
    await until(rows, 5000).toEqual([]);
  });

  it('a full disk keeps no picture, loses no alarm, and the picture goes up all the same', async () => {
    await started();
    world.disk.free = 1000;
    world.press();
    await until(() => up.puts.length).toBe(2);
    expect(delivered()).toBe(true);
    expect(world.disk.rows('SELECT path FROM pictures', 'pictures')).toEqual([]);
  });

  it('a damaged file of pictures is set aside, and pictures go on', async () => {
    await started();
    world.disk.ruin('pictures');
    world.press();
    await until(() => up.puts.length).toBe(2);
    expect(delivered()).toBe(true);
    await until(() => world.disk.aside.length, 5000).toBe(1);
    expect(world.disk.aside[0]).toMatch(/^pictures/);
  });
});

describe('the spool', () => {
  it('when it is full, evidence goes before pictures of alarms, and of each the oldest first', async () => {
    const clock = new TestClock();
    const disk = new TestDisk();
    const nothing = () => {};
    const log = { debug: nothing, info: nothing, warn: nothing, error: nothing, child: () => log };
    const random = { fraction: () => 0.5, bytes: () => new Uint8Array(8) };
    const ports = { clock, random, databases: disk.port(), disk: disk.diskPort(), log } as unknown as Ports;
    let lost = 0;
    const spool = new Spool(ports, { bytes: 1000, keptMs: 10_000 }, (count) => (lost += count));
    await spool.start();
    const add = (path: string, kind: SpooledPicture['kind'], takenAt = 1) =>
      spool.add({ path, kind, ticket: null, takenAt, jpeg: new Uint8Array(300) });
    const paths = () =>
      disk.rows('SELECT path FROM pictures ORDER BY id', 'pictures').map(({ path }) => path);
    await add('alarm-1', 'alarm');
    await add('evidence-1', 'evidence');
    await add('request-1', 'request');
    expect(paths()).toEqual(['alarm-1', 'evidence-1', 'request-1']);
    await add('alarm-2', 'alarm');
    expect(paths()).toEqual(['alarm-1', 'request-1', 'alarm-2']);
    await add('evidence-2', 'evidence');
    expect(paths()).toEqual(['alarm-1', 'request-1', 'alarm-2']);
    await add('alarm-3', 'alarm');
    await add('alarm-4', 'alarm');
    expect(paths()).toEqual(['alarm-2', 'alarm-3', 'alarm-4']);
    // And those that have waited for too long.
    await add('late', 'evidence', 11_002);
    expect(paths()).toEqual(['late']);
    expect(lost).toBe(7);
    await settle();
    await spool.close();
  });
});

describe('asked by the cloud', () => {
  const picture = { path: '/api/v1/pictures/gate/cam-1/request/0011/1', ticket: 'cd'.repeat(32) };
  const ask = (more: object = {}) =>
    world.command({ kind: 'act', device: 'cam-1', act: { do: 'snapshot' }, picture, ...more });
  const reply = (id: string) => world.replies.find(({ command }) => command === id);

  it('a camera takes one, and the reply comes when it is up', async () => {
    await started();
    const id = ask();
    await until(() => reply(id)).toMatchObject({ ok: true, facts: { picture: 'sent' } });
    expect(up.paths).toEqual(['cam-1/request/0011/1']);
    const [put] = up.puts;
    const takenAt = Number(put!.headers!['belfry-taken-at']);
    expect(put!.headers).toEqual(signedHeaders(picture.ticket, put!.body as Uint8Array, takenAt));
  });

  it('a picture that cannot go up now waits, and that is said; one that is refused is a failure', async () => {
    await started();
    up.answer = () => Promise.reject(new Error('connect ECONNREFUSED'));
    const waits = ask();
    await until(() => reply(waits), 500).toMatchObject({ ok: true, facts: { picture: 'waits' } });
    up.answer = async () => 409;
    const refused = ask({ picture: { ...picture, path: picture.path.replace('0011', '0012') } });
    await until(() => reply(refused), 500).toMatchObject({
      ok: false,
      detail: expect.stringMatching(/refused/),
    });
  });

  it('a place that is none of a picture is not written to', async () => {
    await started();
    for (const path of ['/api/v1/incidents/1/resolve', '/api/v1/pictures/gate/cam-1/request/../../x/1']) {
      const id = ask({ picture: { ...picture, path } });
      await until(() => reply(id)).toMatchObject({ ok: false });
    }
    expect(up.puts).toEqual([]);
  });

  it('a gateway whose file names no address says so, and its birth says nothing of pictures', async () => {
    await world.start(
      world.config({
        devices: config().devices.map(({ id, driver, address, zone }) => ({
          id,
          driver,
          address,
          ...(zone && { zone }),
        })),
      }),
    );
    const id = ask();
    await until(() => reply(id)).toMatchObject({ ok: false, detail: expect.stringMatching(/pictures\.url/) });
    expect(cameras.asked).toEqual([]);
    expect(world.cloud.states.find((s) => s.kind === 'birth')).not.toHaveProperty('picture_plan');
  });
});

it('evidence is one picture of a camera a day, and one when its verdict changes', async () => {
  await started();
  for (const [verdict, kept, hoursThen] of [
    ['good', true, 0.01],
    ['good', false, 1],
    ['bad', true, 1],
    ['bad', false, 1],
    ['good', true, 0.1],
    // Too soon after the last: a verdict that flaps.
    ['bad', false, 0.01],
    ['good', false, 23],
    ['good', false, 2],
    ['good', true, 0],
  ] as const) {
    const before = up.puts.length;
    cameras.context.picture!('cam-1', large, verdict);
    if (kept) await until(() => up.puts.length).toBe(before + 1);
    else await new Promise((done) => setTimeout(done, 100));
    world.clock.now += hoursThen * 3_600_000;
    await world.clock.pass(100);
  }
  expect(up.paths.map((path) => path.split('/').slice(0, 3).join('/'))).toEqual([
    'cam-1/evidence/good',
    'cam-1/evidence/bad',
    'cam-1/evidence/good',
    'cam-1/evidence/good',
  ]);
});
