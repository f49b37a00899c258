import { expect, test } from 'vitest';
import { createViews } from '#cloud/api/views.ts';
import { cloudConfig } from '#cloud/config.ts';
import { campusWords } from '#cloud/inventory/campus-words.ts';
import { placesOf } from '#cloud/places.ts';
import { campusEntry } from '#protocols/inventory/entry.ts';
import { nameText } from '#protocols/signal.ts';
import { CloudWorld, press } from './cloud-world.ts';

const picture_url = 'https://nvr.example.org/hall.jpg';
const { campuses } = cloudConfig.parse({
  centres: [{ id: 'police', primary: true, doors: [{ id: 'd', kind: 'dc09', host: '127.0.0.1', port: 1 }] }],
  campuses: [
    {
      id: 'school',
      name: { zh: '一小', en: 'School One' },
      address: '幸福路 8 号',
      contacts: [{ name: '张敏', phone: '13800000001' }],
      buildings: [{ id: 'main', name: { zh: '主楼', en: 'Main' }, storeys: [{ id: 'f3', name: '3' }] }],
      gateways: [
        {
          id: 'gate',
          devices: [
            {
              id: 'b1',
              name: { zh: '门厅', en: 'Hall' },
              kind: 'button',
              building: 'main',
              storey: 'f3',
              cameras: ['dark', 'other/hall'],
            },
            { id: 'dark', name: { zh: '后门', en: 'Back' }, kind: 'camera' },
          ],
        },
        {
          id: 'other',
          devices: [{ id: 'hall', name: { zh: '厅', en: 'Hall' }, kind: 'camera', picture_url }],
        },
      ],
    },
  ],
});

test('an alarm takes its place and its people with it to every door', async () => {
  const world = new CloudWorld(campuses);
  await world.start();
  const alarm = press(world, 1);
  await world.says(alarm);
  expect(world.first.taken[0]).toMatchObject({
    digest: alarm.digest,
    type: alarm.facts.type,
    place: {
      campus: { zh: '一小', en: 'School One' },
      address: { zh: '幸福路 8 号', en: '幸福路 8 号' },
      contacts: [{ name: { zh: '张敏' }, phone: '13800000001' }],
    },
  });
  expect(world.other.taken[0]!.place).toEqual(world.first.taken[0]!.place);
});

test('a place is told as far as the file says it, and no further', () => {
  const places = placesOf(campuses);
  expect(places.forDoors('school', 'gate', 'b1')).toEqual({
    campus: { zh: '一小', en: 'School One' },
    point: { zh: '门厅', en: 'Hall' },
    address: { zh: '幸福路 8 号', en: '幸福路 8 号' },
    building: { zh: '主楼', en: 'Main' },
    storey: { zh: '3', en: '3' },
    room: undefined,
    contacts: [{ name: { zh: '张敏', en: '张敏' }, phone: '13800000001' }],
    // The camera without a picture for the centre is left out.
    pictures: [{ camera: { zh: '厅', en: 'Hall' }, url: picture_url }],
  });
  expect(places.location('gate', 'b1')!.cameras.map(({ device }) => device)).toEqual(['dark', 'hall']);
  // An unlisted device still has its campus and the people there.
  expect(places.forDoors('school', 'gate', 'unlisted')).toMatchObject({
    address: { zh: '幸福路 8 号' },
    contacts: [{ phone: '13800000001' }],
    pictures: [],
  });
  expect(places.forDoors('nowhere', 'gate', 'b1')).toBeUndefined();
});

test('what the inventory says of a point goes to the doors before what the campus file says', () => {
  const entry = campusEntry.parse({
    id: 'school',
    name: { zh: '第一小学', en: 'First Primary' },
    type: 'primary',
    pupils: { day: 10 },
    calendar: {},
    contacts: [{ name: '赵校长', role: '校长', phone: '13900000002' }],
    buildings: [{ id: 'new', name: { zh: '新楼', en: 'New house' }, storeys: [{ id: 'f1' }] }],
    gateways: [
      {
        id: 'gate',
        devices: [
          { id: 'b1', kind: 'button', name: { zh: '传达室', en: 'Porter' }, building: 'new', storey: 'f1' },
          { id: 'b2', kind: 'button', room: '101' },
        ],
      },
    ],
  });
  const places = placesOf(campuses, (id) => (id === 'school' ? campusWords(entry) : null));
  expect(places.forDoors('school', 'gate', 'b1')).toEqual({
    campus: { zh: '第一小学', en: 'First Primary' },
    point: { zh: '传达室', en: 'Porter' },
    // Of what it does not say the campus file still does.
    address: { zh: '幸福路 8 号', en: '幸福路 8 号' },
    building: { zh: '新楼', en: 'New house' },
    storey: { zh: 'f1', en: 'f1' },
    contacts: [
      { name: { zh: '赵校长', en: '赵校长' }, role: { zh: '校长', en: '校长' }, phone: '13900000002' },
    ],
    pictures: [{ camera: { zh: '厅', en: 'Hall' }, url: picture_url }],
  });
  // No room of the one in a building of the other.
  expect(places.forDoors('school', 'gate', 'b2')).toMatchObject({ room: { zh: '101' } });
  expect(places.forDoors('school', 'gate', 'b2')).not.toHaveProperty('building');
  // A campus of the inventory alone has its people too.
  const alone = placesOf([], () => campusWords(entry)).forDoors('school', 'gate', 'b1');
  expect(alone).toMatchObject({ contacts: [{ phone: '13900000002' }], pictures: [] });
});

test('an alarm is told with the names of the inventory as they are at the press', async () => {
  const world = new CloudWorld(campuses);
  await world.start();
  const { inventory } = world.cloud;
  const city = { id: 'town', counties: [{ id: 'east' }] };
  const entry = campusEntry.parse({
    id: 'school',
    county: 'east',
    type: 'primary',
    pupils: { day: 10 },
    calendar: {},
    contacts: [{ name: '赵校长', phone: '13900000002' }],
  });
  const act = { campuses: new Map([['school', entry]]), by: 'li', source: 'api' as const };
  expect(await inventory.change({ ...act, city })).toMatchObject({ ok: true });
  await world.says(press(world, 1));
  expect(world.first.taken[0]!.place).toMatchObject({ contacts: [{ phone: '13900000002' }] });
});

test('the API says where an alarm is and which cameras look there', async () => {
  const world = new CloudWorld(campuses);
  await world.start();
  const alarm = press(world, 1, { facts: { device: 'b1' } });
  await world.says(alarm);
  const views = createViews({
    clock: world.clock,
    store: world.cloud.store,
    campuses,
    liveness: world.cloud.liveness,
    inventory: world.cloud.inventory,
  });
  const [shown] = await views.alarmsByName([nameText(alarm.name)]);
  expect(shown!.place).toMatchObject({
    building: { zh: '主楼' },
    storey: { zh: '3' },
    cameras: [
      { gateway: 'gate', device: 'dark', picture_url: null },
      { gateway: 'other', device: 'hall', picture_url },
    ],
  });
});
