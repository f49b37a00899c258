import { complainOfCalendar } from '../calendar/school-calendar.ts';
import type { Bilingual } from '../messages/bilingual.ts';
import type { DeviceKind } from '../messages/state.ts';
import { type CampusInventory, type CityInventory, crossingRole, devicesOf, planOf } from './campus.ts';
import type { Plan, Sight } from './plan.ts';
import { distanceToEdge, faultOf, isWithin } from './polygon.ts';
import { type Complain, complainOfRepeats, type Path } from './reference.ts';
import { complainOfZones } from './zone-complaints.ts';

/**
 * What no single entry of a city can see: counties and ids that are there twice or not at all, then each campus.
 * `looked`: campuses before this place were looked at when they came, and only what is between campuses is.
 */
export function complainOfCity(city: CityInventory, complain: Complain, looked = 0): void {
  complainOfRepeats(city.counties, ['counties'], { zh: '区县', en: 'county' }, complain);
  complainOfRepeats(city.campuses, ['campuses'], { zh: '校区', en: 'campus' }, complain);
  const gateways = new Map<string, string>();
  for (const [c, campus] of city.campuses.entries()) {
    const path = ['campuses', c];
    if (campus.county === undefined) {
      complain([...path, 'county'], {
        zh: '城市里的校区要写明区县',
        en: 'a campus of a city needs its county',
      });
    } else if (!city.counties.some(({ id }) => id === campus.county)) {
      complain([...path, 'county'], isNotThere({ zh: '区县', en: 'county' }, campus.county, city.id));
    }
    // A gateway's id alone names its signals, so it is unique in the whole city. A device that stands on two campuses
    // is found here as well: it would count twice.
    for (const [g, { id }] of campus.gateways.entries()) {
      const owner = gateways.get(id);
      if (owner !== undefined && owner !== campus.id) {
        complain([...path, 'gateways', g, 'id'], {
          zh: `网关 ${id} 已经在校区 ${owner}`,
          en: `there is already a gateway ${id}, on ${owner}`,
        });
      }
      gateways.set(id, campus.id);
    }
    if (c >= looked) complainOfCampus(campus, path, complain);
  }
}

/** What no single entry of a campus can see. None of these leaves a wrong percentage behind: the file is refused. */
export function complainOfCampus(campus: CampusInventory, path: Path, complain: Complain): void {
  complainOfCalendar(campus.calendar, [...path, 'calendar'], complain);
  const lists: [{ id: string }[], string, Bilingual][] = [
    [campus.gateways, 'gateways', { zh: '网关', en: 'gateway' }],
    [campus.buildings, 'buildings', { zh: '楼', en: 'building' }],
    [campus.gates, 'gates', { zh: '大门', en: 'gate' }],
    [campus.fence, 'fence', { zh: '围墙', en: 'fence segment' }],
    [campus.posts, 'posts', { zh: '岗位', en: 'post' }],
    [campus.guards, 'guards', { zh: '保安', en: 'guard' }],
    [campus.patrol, 'patrol', { zh: '巡查点', en: 'patrol point' }],
    [campus.zones, 'zones', { zh: '区域', en: 'zone' }],
  ];
  for (const [list, name, { zh, en }] of lists) {
    complainOfRepeats(list, [...path, name], { zh: `本校区的${zh}`, en: `${en} of this campus` }, complain);
  }
  for (const [g, gateway] of campus.gateways.entries()) {
    const what = { zh: '本网关的设备', en: 'device of this gateway' };
    complainOfRepeats(gateway.devices, [...path, 'gateways', g, 'devices'], what, complain);
  }
  for (const [b, building] of campus.buildings.entries()) {
    const storeys = [...path, 'buildings', b, 'storeys'];
    complainOfRepeats(
      building.storeys,
      storeys,
      { zh: '本楼的楼层', en: 'storey of this building' },
      complain,
    );
    for (const [s, { plan }] of building.storeys.entries())
      complainOfPlan(plan, [...storeys, s, 'plan'], complain);
  }
  complainOfPlan(campus.grounds, [...path, 'grounds'], complain);
  complainOfDevices(campus, path, complain);
  complainOfReferences(campus, path, complain);
  complainOfRosters(campus, path, complain);
  complainOfZones(campus, path, complain);
}

function isNotThere(what: Bilingual, id: string, where: string): Bilingual {
  return { zh: `${where} 没有${what.zh} ${id}`, en: `${where} has no ${what.en} ${id}` };
}

function complainOfPlan(plan: Plan | undefined, path: Path, complain: Complain): void {
  if (plan === undefined) return;
  const fault = faultOf(plan.outline);
  if (fault !== null) complain([...path, 'outline'], fault);
  for (const [w, [a, b]] of plan.walls.entries()) {
    if (Math.hypot(a[0] - b[0], a[1] - b[1]) < 0.001)
      complain([...path, 'walls', w], { zh: '这段墙没有长度', en: 'this wall has no length' });
  }
}

function complainOfDevices(campus: CampusInventory, path: Path, complain: Complain): void {
  for (const [g, gateway] of campus.gateways.entries()) {
    for (const [d, device] of gateway.devices.entries()) {
      const { sight, kind } = device;
      if (sight === undefined) continue;
      const at = [...path, 'gateways', g, 'devices', d, 'sight'];
      if (kind !== 'camera') {
        complain(at, {
          zh: `只有摄像机有视野，这台设备是 ${kind}`,
          en: `only a camera has a sight, and this is a ${kind}`,
        });
      }
      const plan = planOf(campus, device);
      if (plan === undefined) {
        complain(at, {
          zh: '它不在任何平面图上：请画出它的楼层或校园',
          en: 'it stands on no plan: draw its storey, or the grounds',
        });
      } else if (!isWithin(sight.at, plan.outline)) {
        complain([...at, 'at'], { zh: '它在平面图之外', en: 'it stands outside of its plan' });
      } else if (looksAlongItsWall(sight, plan)) {
        complain([...at, 'at'], {
          zh: '它画在一堵墙上，又沿着墙看：请移到它所看的一侧',
          en: 'it stands on a wall and looks along it: move it to the side that it sees',
        });
      }
    }
  }
}

/** Which side of an inner wall it sees would be left to chance. */
function looksAlongItsWall({ at, heading_deg }: Sight, { walls }: Plan): boolean {
  const heading = (heading_deg * Math.PI) / 180;
  return walls.some(([a, b]) => {
    if (distanceToEdge(at, [a, b]) >= 0.001) return false;
    const across = Math.sin(Math.atan2(b[1] - a[1], b[0] - a[0]) - heading);
    return Math.abs(across) < 0.01;
  });
}

/** Kinds that can tell open from closed, and kinds at which a person checks in. */
const watching: readonly DeviceKind[] = [
  'input',
  'gate',
  'barrier',
  'turnstile',
  'panel',
  'camera',
  'sensor',
];
const checkingIn: readonly DeviceKind[] = ['card-reader', 'turnstile', 'panel', 'fire-panel'];

function complainOfReferences(campus: CampusInventory, path: Path, complain: Complain): void {
  const devices = devicesOf(campus);
  const windows = new Set(campus.calendar.windows.map(({ id }) => id));
  const device = (ref: string | undefined, at: Path, kinds: readonly DeviceKind[]) => {
    if (ref === undefined) return;
    const found = devices.get(ref);
    if (found === undefined) {
      complain(at, { zh: `本校区没有设备 ${ref}`, en: `there is no device ${ref} on this campus` });
    } else if (!kinds.includes(found.kind)) {
      complain(at, {
        zh: `${ref} 是 ${found.kind}，这里应为 ${kinds.join('、')}`,
        en: `${ref} is of kind ${found.kind}, and here belongs ${kinds.join(', ')}`,
      });
    }
  };
  const window = (id: string, at: Path) => {
    if (!windows.has(id))
      complain(at, { zh: `日历里没有时段 ${id}`, en: `the calendar has no window ${id}` });
  };
  for (const list of ['gates', 'fence'] as const) {
    for (const [i, { watched_by }] of campus[list].entries()) {
      for (const [w, ref] of watched_by.entries()) device(ref, [...path, list, i, 'watched_by', w], watching);
    }
  }
  for (const [i, { open_in = [] }] of campus.gates.entries()) {
    for (const [w, id] of open_in.entries()) window(id, [...path, 'gates', i, 'open_in', w]);
  }
  for (const [i, { terminal, duty }] of campus.posts.entries()) {
    device(terminal, [...path, 'posts', i, 'terminal'], checkingIn);
    if (duty === 'always') continue;
    for (const [w, id] of duty.windows.entries()) window(id, [...path, 'posts', i, 'duty', 'windows', w]);
  }
  for (const [i, { reader }] of campus.patrol.entries())
    device(reader, [...path, 'patrol', i, 'reader'], checkingIn);
  for (const [i, zone] of campus.zones.entries()) {
    for (const [b, ref] of zone.buttons.entries())
      device(ref, [...path, 'zones', i, 'buttons', b], ['button']);
    for (const [c, ref] of (zone.seen_by ?? []).entries())
      device(ref, [...path, 'zones', i, 'seen_by', c], ['camera']);
  }
}

function complainOfRosters(campus: CampusInventory, path: Path, complain: Complain): void {
  const windows = new Set(campus.calendar.windows.map(({ id }) => id));
  const gates = new Map(campus.gates.map((gate) => [gate.id, gate]));
  const rosters = new Set<string>();
  for (const [i, roster] of campus.rosters.entries()) {
    const at = [...path, 'rosters', i];
    const { gate: id, window } = roster;
    const gate = gates.get(id);
    if (gate === undefined) {
      complain([...at, 'gate'], { zh: `本校区没有大门 ${id}`, en: `there is no gate ${id} on this campus` });
    }
    if (!windows.has(window)) {
      complain([...at, 'window'], {
        zh: `日历里没有时段 ${window}`,
        en: `the calendar has no window ${window}`,
      });
    } else if (gate?.open_in && !gate.open_in.includes(window)) {
      complain([...at, 'window'], {
        zh: `大门 ${id} 在 ${window} 时段不开放`,
        en: `the gate ${id} does not open in ${window}`,
      });
    }
    if (rosters.has(`${id}/${window}`)) {
      complain(at, {
        zh: `${id} 在 ${window} 的排班已经有了`,
        en: `there is already a roster of ${id} in ${window}`,
      });
    }
    rosters.add(`${id}/${window}`);
    // One person cannot stand for two: five roles are five people.
    const roles = new Map<string, string>();
    for (const role of crossingRole.options) {
      for (const [p, person] of roster[role].entries()) {
        const other = roles.get(person);
        if (other !== undefined && other !== role) {
          complain([...at, role, p], {
            zh: `${person} 在同一个时段已经是 ${other}`,
            en: `${person} is already ${other} in the same window`,
          });
        }
        roles.set(person, role);
      }
    }
  }
}
