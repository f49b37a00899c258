import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, expect, it } from 'vitest';
import { stringify } from 'yaml';
import { apiBlindSpots, apiParts } from '#protocols/api-four-hundred.ts';
import { itemsOf } from '#protocols/api.ts';
import { type Campus, eventually, openCampus } from './campus.ts';

let campus: Campus;

afterEach(async (context) => {
  if (context.task.result?.state === 'fail') console.error(campus?.output());
  await campus?.close();
});

const inventory = {
  city: { id: 'city' },
  counties: [{ id: 'county' }],
  campuses: [
    {
      id: 'test-school',
      county: 'county',
      type: 'primary',
      pupils: { day: 80 },
      calendar: {
        terms: [{ id: 'year', from: '2026-01-01', to: '2026-12-31' }],
        windows: [
          { id: 'arrival', kind: 'arrival', from: '07:20', to: '08:00' },
          { id: 'dismissal', kind: 'dismissal', from: '16:00', to: '16:40' },
        ],
      },
      grounds: {
        outline: [
          [0, 0],
          [20, 0],
          [20, 10],
          [0, 10],
        ],
      },
      gateways: [
        {
          id: 'test-gateway',
          devices: [
            { id: 'button-1', kind: 'button' },
            {
              id: 'camera-1',
              kind: 'camera',
              sight: {
                at: [0, 5],
                height_m: 3,
                heading_deg: 0,
                tilt_deg: 45,
                angle_deg: 90,
                vertical_angle_deg: 90,
                range_m: 40,
              },
            },
          ],
        },
      ],
      zones: [
        {
          id: 'yard',
          kind: 'playground',
          polygon: [
            [6, 4],
            [14, 4],
            [14, 6],
            [6, 6],
          ],
        },
      ],
    },
  ],
};

it('a camera goes dark: its cell is no and its blind spot opens; it comes back, and both are well again', async () => {
  campus = await openCampus({
    broker: 'embedded',
    direct: false,
    devices: true,
    amend: {
      edge: (file) => ({
        ...file,
        devices: (file['devices'] as { id: string }[]).map((device) =>
          device.id === 'camera-1' ? { ...device, picture_every_s: 5 } : device,
        ),
      }),
    },
  });
  const folder = join(campus.folder, 'cloud', 'inventory');
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'city.yaml'), stringify(inventory));
  await campus.start('cloud');
  await campus.start('edge');
  const base = '/api/v1/four-hundred/campuses/test-school';
  const camera = async () => {
    const { items } = apiParts.parse(await campus.api(`${base}/parts?item=one-key-video&level=working`));
    return items.find(({ subject }) => 'device' in subject && subject.device === 'test-gateway/camera-1')!;
  };
  const blind = async () => {
    const [floor] = itemsOf(apiBlindSpots).parse(await campus.api(`${base}/blind-spots`)).items;
    return floor!.zones[0]!.blind_m2;
  };
  await eventually('the yard to be seen', async () => (await blind()) < 0.01, 60_000);
  expect((await camera()).answer).toBe('yes');
  await campus.control('/cameras/camera-1/behave', { online: false });
  await eventually('the camera to be no', async () => (await camera()).answer === 'no', 60_000);
  expect(await blind()).toBeCloseTo(16);
  // Its wire goes before its word, or with it.
  expect((await camera()).text.zh).toMatch(/离线|线路不通/);
  await campus.control('/cameras/camera-1/behave', { online: true });
  await eventually('the yard to be seen again', async () => (await blind()) < 0.01, 60_000);
  expect((await camera()).answer).toBe('yes');
}, 240_000);
