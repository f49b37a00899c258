import type { SimulatedHardware } from '#sim/description.ts';

/**
 * The demo campus as the rules see it: what stands in it is what the simulated hardware has, and nothing more. It has no
 * contacts, terminals or rosters, so that its four hundred show at once what is proved, what is missing and what nobody
 * has measured.
 */
export function demoInventory(hardware: SimulatedHardware, at: { campus: string; gateway: string }) {
  const ref = (id: string) => `${at.gateway}/${id}`;
  const there = (ids: readonly string[], all: readonly { id: string }[]) =>
    ids.filter((id) => all.some((one) => one.id === id)).map(ref);
  const buttons = (...ids: string[]) => there(ids, hardware.buttons);
  const cameras = (...ids: string[]) => there(ids, hardware.cameras);
  return {
    city: { id: 'demo-city', name: { zh: '钟楼市', en: 'Belfry City' } },
    counties: [{ id: 'zhonglou', name: { zh: '钟楼区', en: 'Zhonglou District' } }],
    campuses: [
      {
        id: at.campus,
        county: 'zhonglou',
        type: 'primary',
        boarding: true,
        pupils: { day: 640, boarders: 80 },
        calendar: {
          terms: [
            { id: 'autumn-2026', from: '2026-09-01', to: '2027-01-22' },
            { id: 'spring-2027', from: '2027-02-22', to: '2027-07-02' },
          ],
          windows: [
            { id: 'arrival', kind: 'arrival', from: '07:20', to: '08:00' },
            { id: 'dismissal', kind: 'dismissal', from: '16:00', to: '16:40' },
          ],
        },
        grounds: {
          outline: [
            [0, 0],
            [60, 0],
            [60, 40],
            [0, 40],
          ],
        },
        gateways: [
          {
            id: at.gateway,
            devices: [
              ...hardware.buttons.map(({ id }) => ({ id, kind: 'button' })),
              ...hardware.sensors.map(({ id }) => ({ id, kind: 'smoke' })),
              ...hardware.cameras.map(({ id }) => ({
                id,
                kind: 'camera',
                ...(id === playground.id && { sight: playground.sight }),
              })),
            ],
          },
        ],
        gates: [
          { id: 'north-gate', name: { zh: '北门', en: 'North gate' } },
          { id: 'south-gate', name: { zh: '南门', en: 'South gate' } },
        ],
        posts: [
          {
            id: 'north-gatehouse',
            name: { zh: '北门门卫', en: 'North gatehouse' },
            kind: 'gatehouse',
            duty: 'always',
          },
        ],
        guards: [{ id: 'guard-1' }, { id: 'guard-2' }, { id: 'guard-3' }],
        zones: [
          {
            id: 'north-gatehouse',
            name: { zh: '北门值班室', en: 'North gate guard room' },
            kind: 'gatehouse',
            key: true,
            buttons: buttons('north-gate'),
            seen_by: cameras('north-gate-camera'),
          },
          {
            id: 'kitchen',
            name: { zh: '食堂后厨', en: 'Canteen kitchen' },
            kind: 'kitchen',
            buttons: buttons('canteen'),
            seen_by: cameras('kitchen-camera'),
          },
          {
            id: 'playground',
            name: { zh: '操场', en: 'Playground' },
            kind: 'playground',
            polygon: [
              [10, 5],
              [50, 5],
              [50, 35],
              [10, 35],
            ],
          },
        ],
      },
    ],
  };
}

/** On a mast at the western edge, looking east. */
const playground = {
  id: 'playground-camera',
  sight: {
    at: [2, 20],
    height_m: 6,
    heading_deg: 0,
    tilt_deg: 30,
    angle_deg: 100,
    vertical_angle_deg: 60,
    range_m: 60,
    resolution: [1920, 1080],
  },
};
