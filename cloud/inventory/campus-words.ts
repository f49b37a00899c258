import type { DoorPlace } from '#platform/doors/door.ts';
import type { Subject } from '#protocols/four-hundred/subject.ts';
import type { CampusEntryFull } from '#protocols/inventory/entry.ts';
import { windowKinds } from '#protocols/inventory/tables/choices.ts';
import type { Bilingual } from '#protocols/messages/bilingual.ts';

/** What people call a point and where it is, as far as the inventory says. */
export type PointWords = Pick<DoorPlace, 'point' | 'building' | 'storey' | 'room'>;

/** What people call the things of a campus, where it is, and whom to call there. */
export interface CampusWords extends Pick<DoorPlace, 'address' | 'contacts'> {
  name: Bilingual | null;
  /** By `gateway/device`, of those of which anything is said. */
  points: ReadonlyMap<string, PointWords>;
  gates: ReadonlyMap<string, Bilingual>;
  zones: ReadonlyMap<string, Bilingual>;
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
    gates: named(entry.gates),
    zones: named(entry.zones),
  };
}

function named(all: readonly { id: string; name?: Bilingual | undefined }[]): Map<string, Bilingual> {
  return new Map(all.flatMap(({ id, name }) => (name === undefined ? [] : [[id, name] as const])));
}

/** What a part is about, as people call it; by its id where nobody has named it. */
export function subjectCalled(subject: Subject, words: CampusWords | null): Bilingual {
  if ('device' in subject) return words?.points.get(subject.device)?.point ?? inBoth(subject.device);
  if ('gate' in subject) {
    const gate = words?.gates.get(subject.gate) ?? inBoth(subject.gate);
    const window =
      subject.window === undefined
        ? null
        : (windowKinds[subject.window as 'arrival'] ?? inBoth(subject.window));
    return window === null ? gate : { zh: `${gate.zh} · ${window.zh}`, en: `${gate.en} · ${window.en}` };
  }
  if ('zone' in subject) return words?.zones.get(subject.zone) ?? inBoth(subject.zone);
  if ('post' in subject) return { zh: `岗位 ${subject.post}`, en: `post ${subject.post}` };
  if ('fence' in subject) return { zh: `围墙 ${subject.fence}`, en: `fence ${subject.fence}` };
  if ('post_kind' in subject) return { zh: '岗位', en: 'posts' };
  if ('zone_kind' in subject) return { zh: '区域', en: 'zones' };
  return { zh: '全校', en: 'the whole campus' };
}

function inBoth(words: string | Bilingual): Bilingual {
  return typeof words === 'string' ? { zh: words, en: words } : words;
}
