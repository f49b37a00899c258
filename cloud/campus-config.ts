import { z } from 'zod';
import { bilingual } from '#protocols/messages/bilingual.ts';
import { deviceKind } from '#protocols/messages/state.ts';
import { id, zone } from '#protocols/signal.ts';

/** What people read: in both languages, or once where it is the same in both (a room number). */
const words = z
  .union([z.string().min(1), bilingual.strict()], { error: 'expected a text, or { zh: …, en: … }' })
  .transform((given) => (typeof given === 'string' ? { zh: given, en: given } : given));

const contact = z.strictObject({
  name: words,
  role: words.optional(),
  phone: z.string().regex(/^\+?[0-9][0-9 -]{2,22}$/, 'expected a telephone number: digits, spaces, hyphens'),
});

const storey = z.strictObject({ id, name: words });
const building = z.strictObject({ id, name: words, storeys: z.array(storey).optional() });

const device = z.strictObject({
  id,
  name: bilingual.strict(),
  kind: deviceKind,
  /** Of a button: how often it is probed on each path, hours, where not as often as the others. */
  probe_every_h: z.number().min(0.01).optional(),
  /** Ids of the campus's own buildings and of their storeys. */
  building: id.optional(),
  storey: id.optional(),
  room: words.optional(),
  /** As the centre's database has it; the edge's file says what is sent, and the two must agree. */
  zone: zone.optional(),
  /** The cameras that look there, nearest first: a device of this gateway, or gateway/device of this campus. */
  cameras: z
    .array(z.string().regex(/^[a-z0-9-]{1,64}(\/[a-z0-9-]{1,64})?$/, 'use the id of a camera, or gateway/id'))
    .max(8)
    .optional(),
  /** Of a camera: where the centre sees its picture. */
  picture_url: z.url({ protocol: /^https?$/, error: 'expected an http:// or https:// URL' }).optional(),
});

const gateway = z.strictObject({ id, devices: z.array(device).default([]) });

/** One campus: what it is called, where it is, whom to call there, and what hangs on its walls. */
export const campus = z.strictObject({
  id,
  name: bilingual.strict(),
  address: words.optional(),
  /** In the order in which they are to be called. */
  contacts: z.array(contact).max(10).optional(),
  buildings: z.array(building).optional(),
  gateways: z.array(gateway).default([]),
});
export type CampusConfig = z.infer<typeof campus>;
export type CampusDevice = z.infer<typeof device>;

type Complain = (path: (string | number)[], message: string) => void;

/** Says of every id that was there before that it was. */
export function complainOfRepeats(
  items: readonly { id: string }[],
  path: (string | number)[],
  what: string,
  complain: Complain,
): void {
  const seen = new Set<string>();
  for (const [i, { id }] of items.entries()) {
    if (seen.has(id)) complain([...path, i, 'id'], `there is already a ${what} ${id}`);
    seen.add(id);
  }
}

/** What no single entry can see: ids given twice, buildings, storeys and cameras that are not there. */
export function complainOfCampuses(campuses: readonly CampusConfig[], complain: Complain): void {
  complainOfRepeats(campuses, ['campuses'], 'campus', complain);
  // A gateway's id alone names its signals, so it is unique in the whole city and not only on its campus.
  const gateways = new Set<string>();
  for (const [c, campus] of campuses.entries()) {
    const buildings = campus.buildings ?? [];
    complainOfRepeats(buildings, ['campuses', c, 'buildings'], 'building of this campus', complain);
    for (const [b, { storeys = [] }] of buildings.entries()) {
      const path = ['campuses', c, 'buildings', b, 'storeys'];
      complainOfRepeats(storeys, path, 'storey of this building', complain);
    }
    for (const [g, gateway] of campus.gateways.entries()) {
      const path = ['campuses', c, 'gateways', g];
      if (gateways.has(gateway.id)) complain([...path, 'id'], `there is already a gateway ${gateway.id}`);
      gateways.add(gateway.id);
      complainOfRepeats(gateway.devices, [...path, 'devices'], 'device of this gateway', complain);
      complainOfZones(gateway.devices, [...path, 'devices'], complain);
      for (const [d, device] of gateway.devices.entries()) {
        complainOfPlace(campus, gateway.id, device, [...path, 'devices', d], complain);
      }
    }
  }
}

function complainOfZones(
  devices: readonly CampusDevice[],
  path: (string | number)[],
  complain: Complain,
): void {
  const owners = new Map<number, string>();
  for (const [d, { id, zone }] of devices.entries()) {
    if (zone === undefined) continue;
    const owner = owners.get(zone);
    if (owner !== undefined) complain([...path, d, 'zone'], `zone ${zone} is already that of ${owner}`);
    owners.set(zone, id);
  }
}

function complainOfPlace(
  campus: CampusConfig,
  gateway: string,
  device: CampusDevice,
  path: (string | number)[],
  complain: Complain,
): void {
  const building = (campus.buildings ?? []).find(({ id }) => id === device.building);
  if (device.building !== undefined && building === undefined) {
    complain([...path, 'building'], `${campus.id} has no building ${device.building}`);
  } else if (device.storey !== undefined) {
    if (building === undefined) complain([...path, 'storey'], 'a storey needs its building');
    else if (!building.storeys?.some(({ id }) => id === device.storey)) {
      complain([...path, 'storey'], `${building.id} has no storey ${device.storey}`);
    }
  }
  if (device.picture_url !== undefined && device.kind !== 'camera') {
    complain([...path, 'picture_url'], 'only a camera has a picture');
  }
  for (const [i, reference] of (device.cameras ?? []).entries()) {
    const camera = cameraOf(campus, gateway, reference);
    if (camera === undefined) {
      complain([...path, 'cameras', i], `there is no device ${reference} on this campus`);
    } else if (camera.device.kind !== 'camera') {
      complain([...path, 'cameras', i], `${reference} is not a camera but a ${camera.device.kind}`);
    }
  }
}

/** The device that `reference` means, seen from a device of `gateway`. */
export function cameraOf(
  campus: CampusConfig,
  gateway: string,
  reference: string,
): { gateway: string; device: CampusDevice } | undefined {
  const [there, wanted] = reference.includes('/') ? reference.split('/') : [gateway, reference];
  const device = campus.gateways.find(({ id }) => id === there)?.devices.find(({ id }) => id === wanted);
  return device && { gateway: there!, device };
}
