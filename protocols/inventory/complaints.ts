import { complainOfCalendar } from '../calendar/school-calendar.ts';
import { type CampusInventory, type CityInventory, devicesOf, planOf, type Zone } from './campus.ts';
import type { Plan } from './plan.ts';
import { contains, faultOf, isWithin, overlap } from './polygon.ts';
import { type Complain, complainOfRepeats, type Path } from './reference.ts';

/** What no single entry of a city can see: counties and ids that are there twice or not at all, then each campus. */
export function complainOfCity(city: CityInventory, complain: Complain): void {
  complainOfRepeats(city.counties, ['counties'], 'county', complain);
  complainOfRepeats(city.campuses, ['campuses'], 'campus', complain);
  const gateways = new Map<string, string>();
  for (const [c, campus] of city.campuses.entries()) {
    const path = ['campuses', c];
    if (campus.county === undefined) complain([...path, 'county'], 'a campus of a city needs its county');
    else if (!city.counties.some(({ id }) => id === campus.county)) {
      complain([...path, 'county'], `${city.id} has no county ${campus.county}`);
    }
    // A gateway's id alone names its signals, so it is unique in the whole city.
    for (const [g, { id }] of campus.gateways.entries()) {
      const owner = gateways.get(id);
      if (owner !== undefined && owner !== campus.id)
        complain([...path, 'gateways', g, 'id'], `there is already a gateway ${id}, on ${owner}`);
      gateways.set(id, campus.id);
    }
    complainOfCampus(campus, path, complain);
  }
}

/** What no single entry of a campus can see. None of these leaves a wrong percentage behind: the file is refused. */
export function complainOfCampus(campus: CampusInventory, path: Path, complain: Complain): void {
  complainOfCalendar(campus.calendar, [...path, 'calendar'], complain);
  const lists = {
    gateways: 'gateway',
    buildings: 'building',
    gates: 'gate',
    fence: 'fence segment',
  } as const;
  const more = { posts: 'post', guards: 'guard', patrol: 'patrol point', zones: 'zone' } as const;
  for (const [list, what] of Object.entries({ ...lists, ...more })) {
    complainOfRepeats(
      campus[list as keyof typeof lists],
      [...path, list],
      `${what} of this campus`,
      complain,
    );
  }
  for (const [g, gateway] of campus.gateways.entries()) {
    complainOfRepeats(
      gateway.devices,
      [...path, 'gateways', g, 'devices'],
      'device of this gateway',
      complain,
    );
  }
  for (const [b, building] of campus.buildings.entries()) {
    const storeys = [...path, 'buildings', b, 'storeys'];
    complainOfRepeats(building.storeys, storeys, 'storey of this building', complain);
    for (const [s, { plan }] of building.storeys.entries())
      complainOfPlan(plan, [...storeys, s, 'plan'], complain);
  }
  complainOfPlan(campus.grounds, [...path, 'grounds'], complain);
  complainOfDevices(campus, path, complain);
  complainOfReferences(campus, path, complain);
  complainOfZones(campus, path, complain);
}

function complainOfPlan(plan: Plan | undefined, path: Path, complain: Complain): void {
  if (plan === undefined) return;
  const fault = faultOf(plan.outline);
  if (fault !== null) complain([...path, 'outline'], fault);
}

function complainOfDevices(campus: CampusInventory, path: Path, complain: Complain): void {
  for (const [g, gateway] of campus.gateways.entries()) {
    for (const [d, device] of gateway.devices.entries()) {
      if (device.sight === undefined) continue;
      const at = [...path, 'gateways', g, 'devices', d, 'sight'];
      if (device.kind !== 'camera') complain(at, `only a camera has a sight, and this is a ${device.kind}`);
      const plan = planOf(campus, device);
      if (plan === undefined) complain(at, 'it stands on no plan: draw its storey, or the grounds');
      else if (!isWithin(device.sight.at, plan.outline))
        complain([...at, 'at'], 'it stands outside of its plan');
    }
  }
}

function complainOfReferences(campus: CampusInventory, path: Path, complain: Complain): void {
  const devices = devicesOf(campus);
  const windows = new Set(campus.calendar.windows.map(({ id }) => id));
  const gates = new Set(campus.gates.map(({ id }) => id));
  const device = (ref: string | undefined, at: Path, kind?: string) => {
    if (ref === undefined) return;
    const found = devices.get(ref);
    if (found === undefined) complain(at, `there is no device ${ref} on this campus`);
    else if (kind !== undefined && found.kind !== kind)
      complain(at, `${ref} is not a ${kind} but a ${found.kind}`);
  };
  const window = (id: string, at: Path) => {
    if (!windows.has(id)) complain(at, `the calendar has no window ${id}`);
  };
  for (const list of ['gates', 'fence'] as const) {
    for (const [i, { watched_by }] of campus[list].entries()) {
      for (const [w, ref] of watched_by.entries()) device(ref, [...path, list, i, 'watched_by', w]);
    }
  }
  for (const [i, { open_in = [] }] of campus.gates.entries()) {
    for (const [w, id] of open_in.entries()) window(id, [...path, 'gates', i, 'open_in', w]);
  }
  for (const [i, { terminal, duty }] of campus.posts.entries()) {
    device(terminal, [...path, 'posts', i, 'terminal']);
    if (duty === 'always') continue;
    for (const [w, id] of duty.windows.entries()) window(id, [...path, 'posts', i, 'duty', 'windows', w]);
  }
  for (const [i, { reader }] of campus.patrol.entries()) device(reader, [...path, 'patrol', i, 'reader']);
  for (const [i, zone] of campus.zones.entries()) {
    for (const [b, ref] of zone.buttons.entries()) device(ref, [...path, 'zones', i, 'buttons', b], 'button');
    for (const [c, ref] of (zone.seen_by ?? []).entries())
      device(ref, [...path, 'zones', i, 'seen_by', c], 'camera');
  }
  const rosters = new Set<string>();
  for (const [i, { gate, window: id }] of campus.rosters.entries()) {
    if (!gates.has(gate))
      complain([...path, 'rosters', i, 'gate'], `there is no gate ${gate} on this campus`);
    window(id, [...path, 'rosters', i, 'window']);
    if (rosters.has(`${gate}/${id}`))
      complain([...path, 'rosters', i], `there is already a roster of ${gate} in ${id}`);
    rosters.add(`${gate}/${id}`);
  }
}

function complainOfZones(campus: CampusInventory, path: Path, complain: Complain): void {
  const sound: { zone: Zone; at: Path }[] = [];
  for (const [i, zone] of campus.zones.entries()) {
    const at = [...path, 'zones', i];
    complainOfStorey(campus, zone, at, complain);
    if (zone.polygon === undefined) continue;
    const fault = faultOf(zone.polygon);
    const plan = planOf(campus, zone);
    if (fault !== null) complain([...at, 'polygon'], fault);
    else if (plan === undefined)
      complain([...at, 'polygon'], 'it lies on no plan: draw its storey, or the grounds');
    else if (faultOf(plan.outline) === null && !contains(plan.outline, zone.polygon)) {
      complain([...at, 'polygon'], 'it reaches outside of its plan');
    } else sound.push({ zone, at });
  }
  for (const [i, { zone, at }] of sound.entries()) {
    const other = sound
      .slice(0, i)
      .map((one) => one.zone)
      .find(
        (one) =>
          one.building === zone.building &&
          one.storey === zone.storey &&
          !one.may_overlap &&
          !zone.may_overlap &&
          overlap(one.polygon!, zone.polygon!),
      );
    if (other) complain([...at, 'polygon'], `it overlaps the zone ${other.id}, and neither says may_overlap`);
  }
}

function complainOfStorey(
  campus: CampusInventory,
  { building: wanted, storey }: Zone,
  at: Path,
  complain: Complain,
): void {
  if (wanted === undefined) {
    if (storey !== undefined) complain([...at, 'storey'], 'a storey needs its building');
    return;
  }
  const building = campus.buildings.find(({ id }) => id === wanted);
  if (building === undefined) complain([...at, 'building'], `${campus.id} has no building ${wanted}`);
  else if (storey === undefined) complain([...at, 'storey'], 'a zone in a building needs its storey');
  else if (!building.storeys.some(({ id }) => id === storey))
    complain([...at, 'storey'], `${wanted} has no storey ${storey}`);
}
