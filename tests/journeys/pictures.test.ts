import { createHash } from 'node:crypto';
import sharp from 'sharp';
import { afterEach, expect, it } from 'vitest';
import { realClock } from '#platform/real/clock.ts';
import { itemsOf } from '#protocols/api.ts';
import { apiPicture, apiPictureView } from '#protocols/api-pictures.ts';
import { parseCap } from '#protocols/cap/read.ts';
import { memoryDocumentStore } from '#sim/centre/document-store.ts';
import { type HttpCentre, startHttpCentre } from '#sim/centre/http-centre.ts';
import { eventually, openCampus, type Campus } from './campus.ts';

const secret = 'a secret of this journey';
const words = (text: string) => ({ zh: text, en: text });
let campus: Campus;
let centre: HttpCentre;

afterEach(async (context) => {
  if (context.task.result?.state === 'fail') console.error(campus?.output());
  await campus?.close();
  await centre?.close();
});

/** Two cameras look at the first button; a second centre takes CAP by HTTP. */
async function pictured(looksEveryS = 60): Promise<void> {
  const nothing = () => {};
  const log = { debug: nothing, info: nothing, warn: nothing, error: nothing, child: () => log };
  const ports = { clock: realClock, log, store: memoryDocumentStore() };
  centre = await startHttpCentre(ports, { host: '127.0.0.1', port: 0, secret });
  campus = await openCampus({
    broker: 'embedded',
    direct: true,
    amend: {
      sim: (file) => ({
        ...file,
        cameras: ['camera-1', 'camera-2'].map((id) => ({ id, password: 'secret' })),
      }),
      edge: (file, { url }) => ({
        ...file,
        pictures: { url, at_s: [0, 3, 9] },
        devices: (file['devices'] as { driver: string }[]).map((device) =>
          device.driver === 'onvif-camera' ? { ...device, picture_every_s: looksEveryS } : device,
        ),
      }),
      cloud: (file, { url }) => ({
        ...file,
        pictures: { link_base: url },
        centres: [
          ...(file['centres'] as object[]),
          { id: 'district', doors: [{ id: 'cap', kind: 'http-cap', url: centre.url, secret }] },
        ],
        campuses: [
          {
            id: 'test-school',
            name: words('Test school'),
            gateways: [
              {
                id: 'test-gateway',
                devices: [
                  { id: 'button-1', kind: 'button', name: words('Gate'), cameras: ['camera-1', 'camera-2'] },
                  { id: 'button-2', kind: 'button', name: words('Hall') },
                  { id: 'camera-1', kind: 'camera', name: words('Camera 1') },
                  { id: 'camera-2', kind: 'camera', name: words('Camera 2') },
                ],
              },
            ],
          },
        ],
      }),
    },
  });
  await campus.start('cloud');
  await campus.start('edge');
  await campus.ready();
  await eventually('both cameras to be well', async () => {
    const states = await campus.devices();
    return states.get('camera-1') === 'good' && states.get('camera-2') === 'good';
  });
}

const snapshots = async () => {
  const { asked } = (await campus.control('/cameras/camera-1')) as { asked: Record<string, number> };
  return asked['Snapshot'] ?? 0;
};
const views = async () => itemsOf(apiPictureView).parse(await campus.api('/api/v1/pictures/views')).items;

it('a press: two cameras look there, one hangs; 110 has the alarm at once, sees the one, and the other when it is well', async () => {
  await pictured();
  await campus.control('/cameras/camera-2/behave', { misbehaviour: 'hang' });
  const origin = await campus.press('button-1');
  const alarm = await eventually('the lamp and the cloud to know of 110', async () => {
    const alarm = await campus.alarm(origin);
    return alarm?.state === 'delivered' && alarm.lamp === 'delivered' ? alarm : undefined;
  });

  const [document] = await eventually('the second centre to have the document', () => {
    const all = centre.documents();
    return all.length > 0 ? all : undefined;
  });
  const cap = parseCap(document!.body);
  if (!cap.ok) throw new Error(cap.problem);
  const links = cap.alert.info![0]!.resource!.map(({ resourceDesc, uri }) => [resourceDesc, uri!] as const);
  expect(links.map(([camera]) => camera)).toEqual(['Camera 1', 'Camera 2']);
  const [[, first], [, second]] = links as [readonly [string, string], readonly [string, string]];

  const waiting = await fetch(second);
  expect([waiting.status, waiting.headers.get('retry-after')]).toEqual([404, '2']);
  const jpeg = await eventually('the link to show the picture', async () => {
    const answer = await fetch(first);
    return answer.ok && Buffer.from(await answer.arrayBuffer());
  });
  expect(await sharp(jpeg).metadata()).toMatchObject({ format: 'jpeg', width: 640, height: 360 });

  await campus.control('/cameras/camera-2/behave', { misbehaviour: null });
  await eventually('the second camera to be seen too', async () => (await fetch(second)).ok, 40_000);
  const { items } = itemsOf(apiPicture).parse(await campus.api(`/api/v1/pictures?alarm=${alarm.id}`));
  const shown = items.find(({ camera, n }) => camera === 'camera-1' && n === 1)!;
  expect(shown.sha256).toBe(createHash('sha256').update(jpeg).digest('hex'));
  const log = await views();
  expect(log).toHaveLength(2);
  expect(log.every(({ by, who, about }) => by === 'link' && who === 'district' && about === alarm.id)).toBe(
    true,
  );
}, 90_000);

it('a press while the cloud is dead: the picture is taken then, and comes up when it is back', async () => {
  await pictured();
  await campus.kill('cloud');
  const before = await snapshots();
  const origin = await campus.press('button-1');
  await eventually('the lamp', async () => (await campus.lamp('button-1')) === 'delivered');
  await eventually('the camera to be asked', async () => (await snapshots()) > before);
  const backAt = Date.now();
  await campus.start('cloud');
  const alarm = await eventually('the cloud to know the alarm', () => campus.alarm(origin));
  const items = await eventually(
    'the pictures',
    async () => {
      const { items } = itemsOf(apiPicture).parse(await campus.api(`/api/v1/pictures?alarm=${alarm.id}`));
      return items.some(({ n }) => n === 1) && items;
    },
    50_000,
  );
  const first = items.find(({ n }) => n === 1)!;
  expect(first.taken_at).toBeLessThanOrEqual(backAt);
}, 90_000);

it('a person asks for a picture, and gets the picture of now; evidence of each camera comes by itself', async () => {
  await pictured(2);
  const asked = (await campus.api('/api/v1/gateways/test-gateway/devices/camera-1/picture?wait=20', {
    by: 'li',
  })) as { command: { state: string; facts: object }; picture: { id: number } | null };
  expect(asked.command).toMatchObject({ state: 'done', facts: { picture: 'sent' } });
  const shown = await fetch(`${campus.url}/api/v1/pictures/${asked.picture!.id}/jpeg?by=li`);
  expect(shown.headers.get('content-type')).toBe('image/jpeg');
  expect(await views()).toMatchObject([{ by: 'person', who: 'li', kind: 'request', camera: 'camera-1' }]);
  await eventually('evidence of both cameras', async () => {
    const { items } = itemsOf(apiPicture).parse(await campus.api('/api/v1/pictures?kind=evidence'));
    return new Set(items.map(({ camera, about }) => `${camera} ${about}`)).size === 2;
  });
  const { items } = itemsOf(apiPicture).parse(await campus.api('/api/v1/pictures?kind=evidence'));
  expect(items.map(({ camera, about }) => `${camera} ${about}`).toSorted()).toEqual([
    'camera-1 good',
    'camera-2 good',
  ]);
}, 60_000);
