import { Buffer } from 'node:buffer';
import type { Ports } from '#platform/ports.ts';
import { gatewayKey, pictureSignature, picturePath, sameSignature, ticketFor } from '#protocols/pictures.ts';
import type { PictureName } from '#protocols/pictures.ts';
import type { Birth } from '#protocols/messages/state.ts';
import type { Commands } from '../commands/commands.ts';
import type { CloudConfig } from '../config.ts';
import type { Feed } from '../feed.ts';
import type { Liveness } from '../liveness/liveness.ts';
import { placesOf } from '../places.ts';
import type { Store } from '../store/store.ts';
import { type Asking, askingWith } from './asking.ts';
import { type PictureLinks, pictureLinks } from './links.ts';
import { askNeighbours } from './neighbours.ts';
import { teachPlans } from './plans.ts';
import { picturesSchema, Shelf } from './shelf.ts';
import { startTidying } from './tidying.ts';
import { type Views, viewsIn } from './views.ts';

export interface PicturesParts {
  ports: Pick<Ports, 'clock' | 'random' | 'log' | 'databases' | 'disk' | 'files'>;
  config: Pick<CloudConfig, 'pictures' | 'campuses'>;
  store: Store;
  feed: Feed;
  commands: Pick<Commands, 'send'>;
  /** The fleet as it is known when it is asked. */
  fleet(): Pick<Liveness, 'device'>;
}

/** Pictures, as the API and the path around them need it. */
export interface Pictures {
  readonly shelf: Pick<Shelf, 'accept' | 'find'>;
  readonly views: Views;
  readonly links: PictureLinks;
  readonly asking: Asking;
  readonly linkDays: number;
  /** How long what is kept. */
  readonly keeping: Pick<CloudConfig['pictures'], 'keep_days' | 'views_days' | 'link_days'>;
  /** Whether this gateway's key has signed it: what a PUT says before its body is read. */
  isSigned(name: PictureName, said: { digest: string; takenAt: number; signature: string }): boolean;
  /** Names of the alarm under every name that it came by. */
  namesOf(alarm: string): Promise<string[]>;
  onBirth(campus: string, gateway: string, birth: Birth): void;
  close(): Promise<void>;
}

/** Opens the pictures' own database and folder. Rejects with a `DatabaseError`; alarms are served without it. */
export async function openPictures(parts: PicturesParts): Promise<Pictures | null> {
  const { ports, config, store, feed, commands, fleet } = parts;
  const { clock, random, files, disk } = ports;
  if (!files) return null;
  const log = ports.log.child({ part: 'pictures' });
  const database = await ports.databases.open('pictures', 'durable', picturesSchema);
  await database.commit([
    {
      sql: `INSERT INTO meta (key, value) VALUES ('secret', ?) ON CONFLICT (key) DO NOTHING`,
      params: [Buffer.from(random.bytes(32)).toString('hex')],
    },
  ]);
  const [{ value: secret } = { value: '' }] = await database.read<{ value: string }>(
    `SELECT value FROM meta WHERE key = 'secret'`,
  );
  if (secret === '') throw new Error('the pictures have no secret although it was just written');

  const { max_mb, max_mb_per_gateway, link_base: base, link_days: linkDays } = config.pictures;
  const limits = { bytes: max_mb * 2 ** 20, bytesPerGateway: max_mb_per_gateway * 2 ** 20 };
  const shelf = new Shelf({ clock, database, files, disk, limits });
  const places = placesOf(config.campuses);
  const givesPictures = (gateway: string, camera: string) =>
    fleet().device(gateway, camera)?.report?.acts.includes('snapshot') ?? false;
  const asking = askingWith({ random, secret, commands });
  const stopTidying = startTidying({ clock, log, store, database, shelf, config: config.pictures });
  const stopNeighbours = await askNeighbours({
    clock,
    random,
    log,
    store,
    feed,
    places,
    asking,
    givesPictures,
  });

  return {
    shelf,
    views: viewsIn({ clock, database, shelf }),
    links: pictureLinks({ secret, base, places }),
    asking,
    linkDays,
    keeping: config.pictures,
    isSigned(name, { digest, takenAt, signature }) {
      const ticket = ticketFor(gatewayKey(secret, name.gateway), picturePath(name));
      return sameSignature(pictureSignature(ticket, digest, takenAt), signature);
    },
    async namesOf(alarm) {
      const rows = await store.read<{ name: string }>(
        `SELECT DISTINCT s.name FROM signals s JOIN signals asked ON asked.name = ?
         WHERE s.id = COALESCE(asked.same_as, asked.id) OR s.same_as = COALESCE(asked.same_as, asked.id)`,
        [alarm],
      );
      return rows.length === 0 ? [alarm] : rows.map(({ name }) => name);
    },
    onBirth: teachPlans({ log, secret, campuses: config.campuses, commands }),
    async close() {
      stopTidying();
      stopNeighbours();
      await database.close();
    },
  };
}
