import type { DoorPlace } from '#platform/doors/door.ts';
import type { Bilingual } from '#protocols/messages/bilingual.ts';
import type { CampusWords, PointWords } from './inventory/campus-words.ts';
import { cameraOf, type CampusConfig, type CampusDevice } from './campus-config.ts';

/** A camera that looks at a point. */
export interface NearCamera {
  gateway: string;
  device: string;
  name: Bilingual;
  /** Where the centre sees its picture; null where the file does not say. */
  pictureUrl: string | null;
}

/** Where a device is, as far as the campus file says. */
export interface Location {
  address?: Bilingual;
  building?: Bilingual;
  storey?: Bilingual;
  room?: Bilingual;
  /** Nearest first. */
  cameras: readonly NearCamera[];
}

/** The places and people of the campus file. */
export interface Places {
  /** Null: the file does not know the device. */
  location(gateway: string, device: string): Location | null;
  /** What an officer needs; undefined where the file knows nothing of the campus. */
  forDoors(campus: string, gateway: string, device: string): DoorPlace | undefined;
}

/**
 * `wordsOf`: what the inventory says of a campus, which people keep up as the building changes. What it says is told to
 * the doors before what the campus file says.
 */
export function placesOf(
  campuses: readonly CampusConfig[],
  wordsOf: (campus: string) => CampusWords | null = () => null,
): Places {
  const byId = new Map(campuses.map((campus) => [campus.id, campus]));
  const located = new Map(
    campuses.flatMap((campus) =>
      campus.gateways.flatMap((gateway) =>
        gateway.devices.map(
          (device) =>
            [
              `${gateway.id}/${device.id}`,
              { name: device.name, location: locationOf(campus, gateway.id, device) },
            ] as const,
        ),
      ),
    ),
  );
  return {
    location: (gateway, device) => located.get(`${gateway}/${device}`)?.location ?? null,
    forDoors(campusId, gateway, device) {
      const filed = filedFor(campusId, gateway, device);
      const words = wordsOf(campusId);
      if (words === null) return filed;
      const { point, ...where } = words.points.get(`${gateway}/${device}`) ?? {};
      const { building, storey, room, ...rest } = filed ?? { contacts: [], pictures: [] };
      // Where in the house is said by one of the two: a room of the one in a building of the other may not exist.
      const inside = Object.keys(where).length > 0 ? where : { building, storey, room };
      return {
        ...rest,
        campus: words.name ?? filed?.campus ?? { zh: campusId, en: campusId },
        ...(point && { point }),
        ...(words.address && { address: words.address }),
        ...given(inside),
        contacts: words.contacts.length > 0 ? words.contacts : rest.contacts,
      };
    },
  };

  function filedFor(campusId: string, gateway: string, device: string): DoorPlace | undefined {
    const campus = byId.get(campusId);
    if (campus === undefined) return undefined;
    const point = located.get(`${gateway}/${device}`);
    const { cameras = [], ...where } = point?.location ?? { address: campus.address };
    return {
      campus: campus.name,
      ...(point && { point: point.name }),
      ...where,
      contacts: campus.contacts ?? [],
      pictures: cameras.flatMap(({ name, pictureUrl }) =>
        pictureUrl === null ? [] : [{ camera: name, url: pictureUrl }],
      ),
    };
  }
}

/** Without what is undefined. */
function given({ building, storey, room }: PointWords): PointWords {
  return { ...(building && { building }), ...(storey && { storey }), ...(room && { room }) };
}

function locationOf(campus: CampusConfig, gateway: string, device: CampusDevice): Location {
  const building = campus.buildings?.find(({ id }) => id === device.building);
  const storey = building?.storeys?.find(({ id }) => id === device.storey);
  return {
    address: campus.address,
    building: building?.name,
    storey: storey?.name,
    room: device.room,
    cameras: (device.cameras ?? []).flatMap((reference) => {
      const camera = cameraOf(campus, gateway, reference);
      if (camera === undefined) return [];
      const { id, name, picture_url: pictureUrl = null } = camera.device;
      return [{ gateway: camera.gateway, device: id, name, pictureUrl }];
    }),
  };
}
