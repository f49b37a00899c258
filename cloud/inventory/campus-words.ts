import type { DoorPlace } from '#platform/doors/door.ts';
import type { CampusEntryFull } from '#protocols/inventory/entry.ts';
import type { Bilingual } from '#protocols/messages/bilingual.ts';

/** What people call a point and where it is, as far as the inventory says. */
export type PointWords = Pick<DoorPlace, 'point' | 'building' | 'storey' | 'room'>;

/** What people call the things of a campus, where it is, and whom to call there. */
export interface CampusWords extends Pick<DoorPlace, 'address' | 'contacts'> {
  name: Bilingual | null;
  /** By `gateway/device`, of those of which anything is said. */
  points: ReadonlyMap<string, PointWords>;
}

export function campusWords(entry: CampusEntryFull): CampusWords {
  const points = new Map<string, PointWords>();
  for (const gateway of entry.gateways)
    for (const device of gateway.devices) {
      const building = entry.buildings.find(({ id }) => id === device.building);
      const storey = building?.storeys.find(({ id }) => id === device.storey);
      const words: PointWords = {
        ...(device.name && { point: device.name }),
        ...(building && { building: building.name ?? inBoth(building.id) }),
        ...(storey && { storey: storey.name ?? inBoth(storey.id) }),
        ...(device.room !== undefined && { room: inBoth(device.room) }),
      };
      if (Object.keys(words).length > 0) points.set(`${gateway.id}/${device.id}`, words);
    }
  return {
    name: entry.name ?? null,
    ...(entry.address !== undefined && { address: inBoth(entry.address) }),
    contacts: entry.contacts.map(({ name, role, phone }) => ({
      name: inBoth(name),
      ...(role !== undefined && { role: inBoth(role) }),
      phone,
    })),
    points,
  };
}

function inBoth(words: string | Bilingual): Bilingual {
  return typeof words === 'string' ? { zh: words, en: words } : words;
}
