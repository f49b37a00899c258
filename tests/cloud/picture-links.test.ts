import { expect, test } from 'vitest';
import type { CampusConfig } from '#cloud/campus-config.ts';
import { picturesConfig } from '#cloud/pictures/config.ts';
import { DatabaseError } from '#platform/database-error.ts';
import type { FilePort } from '#platform/ports.ts';
import { nameText } from '#protocols/signal.ts';
import { CloudWorld, nameOf, press } from './cloud-world.ts';

const words = (text: string) => ({ zh: text, en: text });
const campuses: CampusConfig[] = [
  {
    id: 'school',
    name: words('school'),
    gateways: [
      {
        id: 'gate',
        devices: [
          { id: 'button-1', kind: 'button', name: words('gate'), cameras: ['cam', 'nvr'] },
          { id: 'cam', kind: 'camera', name: words('north') },
          { id: 'nvr', kind: 'camera', name: words('south'), picture_url: 'https://nvr.example.org/1.jpg' },
        ],
      },
    ],
  },
];
const noFiles: FilePort = {
  write: () => Promise.reject(new DatabaseError('io', 'no disk')),
  read: () => Promise.reject(new DatabaseError('io', 'no disk')),
  remove: () => Promise.reject(new DatabaseError('io', 'no disk')),
  list: () => Promise.reject(new DatabaseError('io', 'no disk')),
};

function pictured(): CloudWorld {
  const world = new CloudWorld(campuses);
  world.files = noFiles;
  world.more = { pictures: picturesConfig.parse({ link_base: 'https://belfry.example.org' }) };
  return world;
}
const urls = (door: CloudWorld['first']) => door.taken.at(-1)!.place!.pictures.map(({ url }) => url);

test('each centre is given links of its own, before there is a picture; a camera with an address keeps it', async () => {
  const world = pictured();
  await world.start();
  await world.says(press(world, 1));
  const alarm = nameText(nameOf(1));
  const link = (centre: string) =>
    expect.stringMatching(
      new RegExp(`^https://belfry.example.org/pictures/${alarm}/gate/cam\\?for=${centre}&sig=[\\w-]{43}$`),
    );
  expect(urls(world.first)).toEqual([link('police'), 'https://nvr.example.org/1.jpg']);
  expect(urls(world.other)).toEqual([link('guards'), 'https://nvr.example.org/1.jpg']);
});

test('an alarm that is sent again after a restart carries the same links', async () => {
  const world = pictured();
  world.first.does = world.second.does = 'nothing';
  await world.start();
  await world.says(press(world, 1));
  const before = world.first.taken.at(-1)!.place;
  world.crash();
  await world.start();
  await world.clock.pass(5000);
  expect(world.first.taken.length).toBeGreaterThan(1);
  expect(world.first.taken.at(-1)!.place).toEqual(before);
});

test('pictures that cannot be opened keep no alarm from 110', async () => {
  const world = pictured();
  const { disk } = world;
  const open = disk.open.bind(disk);
  disk.open = (name, durability, schema) =>
    name === 'pictures'
      ? Promise.reject(new DatabaseError('corrupt', 'file is not a database'))
      : open(name, durability, schema);
  await world.start();
  expect(world.cloud.pictures).toBe(null);
  await world.says(press(world, 1));
  expect(world.receipts().at(-1)).toMatchObject({ state: 'delivered' });
  expect(urls(world.first)).toEqual(['https://nvr.example.org/1.jpg']);
});
