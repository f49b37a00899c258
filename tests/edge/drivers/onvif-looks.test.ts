import { afterEach, beforeAll, expect, it, vi } from 'vitest';
import { type OnvifCamera, onvifCameraDriver } from '#edge/drivers/onvif-camera.ts';
import { turns } from '#edge/turns.ts';
import { realClock } from '#platform/real/clock.ts';
import { realRandomness } from '#platform/real/randomness.ts';
import { type CameraControl, simulateCamera } from '#sim/camera/camera.ts';
import { lensOn, type View } from '#sim/camera/picture.ts';
import { until } from '../../platform/pty.ts';
import { recorder } from './recorder.ts';

const login = { username: 'admin', password: 'secret' };
const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const clean of cleanups.splice(0).toReversed()) await clean();
});

let jpeg: Uint8Array;
beforeAll(async () => {
  jpeg = await lensOn('gate', { clock: realClock, random: realRandomness }).jpeg();
});

const quiet = { picture_every_s: 0, stream_every_s: 0, recording_days: 0, events: false };

async function watched(
  more: Record<string, unknown>,
  hurry = 10,
  prepare: (camera: CameraControl) => void = () => {},
) {
  const camera = await simulateCamera({ clock: realClock, random: realRandomness }, login);
  cleanups.push(() => camera.close());
  prepare(camera);
  const plain = { id: 'gate', driver: 'onvif-camera', address: camera.address, heartbeat_s: 2, ...login };
  const device: OnvifCamera = onvifCameraDriver.device.parse({ ...plain, ...quiet, ...more });
  const told = recorder(hurry);
  const address = { kind: 'tcp', host: '127.0.0.1', port: camera.port } as const;
  const run = onvifCameraDriver.start(told.context, { address, devices: [device] });
  cleanups.push(() => run.close());
  cleanups.push(() => expect(told.crashes).toEqual([]));
  return { camera, told, run, health: () => told.healthOf('gate') };
}

it.each<[View, string]>([
  ['black', 'is black'],
  ['overexposed', 'is overexposed'],
  ['blurred', 'is blurred'],
  ['covered', 'lens is covered'],
  ['frozen', 'is frozen'],
  ['moved', 'has been moved'],
])('a picture that turns %s is a fault, until it is well again', async (view, words) => {
  const { camera, told, health } = await watched({ picture_every_s: 1 });
  await until('the view is learnt', () => told.factsOf('gate').picture_reference === 'learnt');
  expect(health()).toBe('good');
  expect(new Set(told.pictures.map(({ verdict }) => verdict))).toEqual(new Set(['good']));
  camera.lens.view = view;
  await until('it is told', () => health().includes(words));
  expect(told.pictures.at(-1)).toMatchObject({ device: 'gate', verdict: 'bad' });
  camera.lens.view = 'clear';
  await until('it is good', () => health() === 'good');
});

it('a check of the picture that is switched off says nothing', async () => {
  const { camera, told, health } = await watched({
    picture_every_s: 1,
    picture: { black: false, covered: false, moved: false, blurred: false },
  });
  camera.lens.view = 'black';
  await until(
    'it was looked at',
    () => told.measured('picture_black').filter((score) => score === 1).length > 3,
  );
  expect(health()).toBe('good');
});

it('a stream is measured against its profile; one that has gone, or is slower, is a fault', async () => {
  const { camera, told, health } = await watched({ stream_every_s: 2 }, 1);
  await until('it is seen', () => told.measured('stream_fps').length > 0);
  expect(told.factsOf('gate')).toMatchObject({ stream: true, stream_codec: 'H264', stream_size: '160x96' });
  camera.profile = { width: 1920, height: 1080, fps: 10 };
  await until('the size is told', () => health().includes('160×96, its profile says 1920×1080'));
  camera.stream.trouble = 'not-found';
  await until('it is told', () => health().includes('RTSP 404'));
});

/** And a half: the edge counts whole days, by a clock that is known to half a second. */
const sixtyDays = (camera: CameraControl) => (camera.recordedDays = 60.5);

it('recordings that do not reach back the required days are a fault', async () => {
  const { told, health } = await watched({ recording_days: 90 }, 15, sixtyDays);
  await until('it is told', () => health().includes('reach back 60 days, 90 are required'), 25_000);
  expect(told.factsOf('gate').recorded_days).toBe(60);
});

it('a camera that records nothing at all is a fault', async () => {
  const { health } = await watched({ recording_days: 30 }, 15, (camera) => (camera.recordedDays = null));
  await until('it is told', () => health().includes('There are no recordings'), 25_000);
});

it('recordings that reach back far enough are good', async () => {
  const { told, health } = await watched({ recording_days: 30 }, 15, sixtyDays);
  await until('it was asked', () => told.measured('recorded_days').includes(60), 25_000);
  expect(health()).toBe('good');
});

it('a gateway that has no decoder for pictures says so, and goes on with the rest', async () => {
  vi.doMock('sharp', () => {
    throw new Error('no binary for this processor');
  });
  cleanups.push(() => vi.doUnmock('sharp'));
  const { told, health, run } = await watched({ picture_every_s: 1 }, 10, ({ lens }) => {
    lens.jpeg = () => Promise.resolve(jpeg);
  });
  await until('it is said', () => told.factsOf('gate').picture === 'not-judged');
  await until('the picture is measured', () => told.measured('snapshot_bytes').length > 2);
  expect(told.warnings).toEqual(['pictures are not judged']);
  expect(health()).toBe('good');
  const { picture } = await run.act!('gate', { do: 'snapshot' });
  expect(Buffer.from(picture!)).toEqual(Buffer.from(jpeg));
});

it('what the camera tells becomes records, its failed storage a fault, and a restart is noticed', async () => {
  const { camera, told, health } = await watched({ events: true });
  await until('it listens', () => told.factsOf('gate').events === true || camera.asked.has('PullMessages'));
  camera.emit({ topic: 'tns1:VideoSource/MotionAlarm', data: { State: 'true' } });
  camera.emit({ topic: 'tns1:VideoSource/MotionAlarm', data: { State: 'true' } });
  camera.emit({ topic: 'tns1:VideoSource/ImageTooDark/ImagingService', data: { State: 'true' } });
  camera.emit({ topic: 'tns1:Device/HardwareFailure/StorageFailure', data: { Failed: 'true' } });
  await until('the storage is told', () => health().includes('storage has failed'));
  expect(told.records.map(({ kind }) => kind).sort()).toEqual(['motion', 'scene', 'storage']);
  await camera.reboot(100);
  await until('the restart is noticed', () => told.records.some(({ kind }) => kind === 'rebooted'), 25_000);
});

it('gives a picture, and restarts, when asked', async () => {
  const { camera, run } = await watched({});
  const { picture } = await run.act!('gate', { do: 'snapshot' });
  expect(picture!.length).toBeGreaterThan(1000);
  await run.act!('gate', { do: 'reboot' });
  expect(camera.asked.get('SystemReboot')).toBe(1);
});

it('heavy work takes turns: never more than so many at once, and of the suspect one only', async () => {
  const shared = turns(3);
  const { signal } = new AbortController();
  let [now, most, suspects, mostSuspects] = [0, 0, 0, 0];
  const work = (suspect: boolean) => async () => {
    most = Math.max(most, (now += 1));
    if (suspect) mostSuspects = Math.max(mostSuspects, (suspects += 1));
    await new Promise((done) => setImmediate(done));
    now -= 1;
    if (suspect) suspects -= 1;
  };
  await Promise.all(
    Array.from({ length: 40 }, (_, i) => shared.take(work(i % 2 === 0), signal, i % 2 === 0)),
  );
  expect({ most, mostSuspects }).toEqual({ most: 3, mostSuspects: 1 });
});
