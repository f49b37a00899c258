import type { SchoolDays } from '../calendar/school-days.ts';
import {
  type CampusInventory,
  devicesOf,
  type Gate,
  type InventoryDevice,
  planOf,
  type Post,
  type Roster,
  type Zone,
} from '../inventory/campus.ts';
import type { Needs } from '../inventory/zones.ts';
import { Coverage } from '../sight/coverage.ts';
import { type Floor, floorOf } from '../sight/view.ts';
import { type Part, Parts } from './parts.ts';
import { needsOf, type RuleSet } from './rules.ts';

/** A gate or a piece of fence. */
export interface Barrier {
  what: 'gate' | 'fence';
  id: string;
  watchers: readonly number[];
  /** The windows in which it may stand open; null: never. */
  open_in: ReadonlySet<string> | null;
}

/** A storey, or the grounds, with required zones and cameras that are drawn. */
export interface DrawnFloor {
  building: string | undefined;
  storey: string | undefined;
  floor: Floor;
  coverage: Coverage;
  /** Of its zones and cameras in the order in which the coverage knows them. */
  zones: readonly Zone[];
  devices: readonly number[];
}

/** A zone that needs video or a button, and who sees it. */
export interface PlannedZone {
  zone: Zone;
  needs: Needs;
  /** Where it is drawn and cameras are too: its number on its floor. */
  drawn: { on: DrawnFloor; index: number } | null;
  cameras: readonly number[];
}

/** What the rules make of a campus: its entities by index, and the parts that they are judged by. It never changes. */
export interface CampusPlan {
  campus: CampusInventory;
  /** Of the inventory that this campus stands in; null: it has none. */
  version: number | null;
  rules: RuleSet;
  days: SchoolDays;
  /** By index: cameras, then buttons, then what watches a gate or a post. */
  devices: readonly { ref: string; device: InventoryDevice }[];
  indexOf: ReadonlyMap<string, number>;
  cameras: number;
  buttons: number;
  /** Devices of which it is kept when they were watching. */
  watchers: readonly number[];
  barriers: readonly Barrier[];
  gates: readonly Gate[];
  posts: readonly { post: Post; terminal: number | null }[];
  zones: readonly PlannedZone[];
  floors: readonly DrawnFloor[];
  crossings: readonly { gate: number; window: string; roster: Roster | null }[];
  /** Days that the recording of each camera reaches back, by its index. */
  videoDays: readonly number[];
  parts: Parts;
  /** The parts that a device touches: those of device i are dependents[offsets[i]] to before dependents[offsets[i + 1]]. */
  offsets: Uint32Array;
  dependents: Uint32Array;
}

/** `days`: of the campus's calendar; campuses of one calendar may share them. */
export function planCampus(
  campus: CampusInventory,
  rules: RuleSet,
  days: SchoolDays,
  version: number | null = null,
): CampusPlan {
  const known = devicesOf(campus);
  const list = (wanted: (device: InventoryDevice, ref: string) => boolean) =>
    [...known].filter(([ref, device]) => wanted(device, ref)).map(([ref, device]) => ({ ref, device }));
  const watching = new Set(
    [
      ...[...campus.gates, ...campus.fence].flatMap(({ watched_by }) => watched_by),
      ...campus.posts.flatMap(({ terminal }) => terminal ?? []),
      ...campus.patrol.flatMap(({ reader }) => reader ?? []),
    ].filter((ref) => known.has(ref)),
  );
  const cameras = list(({ kind }) => kind === 'camera');
  const buttons = list(({ kind }) => kind === 'button');
  const others = list(({ kind }, ref) => kind !== 'camera' && kind !== 'button' && watching.has(ref));
  const devices = [...cameras, ...buttons, ...others];
  const indexOf = new Map(devices.map(({ ref }, i) => [ref, i]));
  const indices = (refs: readonly string[]) =>
    refs.flatMap((ref) => {
      const index = indexOf.get(ref);
      return index === undefined ? [] : [index];
    });
  const allWindows = campus.calendar.windows.map(({ id }) => id);
  const base = {
    campus,
    version,
    rules,
    days,
    devices,
    indexOf,
    cameras: cameras.length,
    buttons: buttons.length,
    watchers: indices([...watching]),
    barriers: [
      ...campus.gates.map(({ id, watched_by, open_in }): Barrier => {
        const windows = new Set(open_in ?? allWindows);
        return { what: 'gate', id, watchers: indices(watched_by), open_in: windows };
      }),
      ...campus.fence.map(({ id, watched_by }): Barrier => {
        return { what: 'fence', id, watchers: indices(watched_by), open_in: null };
      }),
    ],
    gates: campus.gates,
    posts: campus.posts.map((post) => ({
      post,
      terminal: post.terminal === undefined ? null : (indexOf.get(post.terminal) ?? null),
    })),
    ...plannedZones(campus, rules, devices, indices),
    crossings: campus.gates.flatMap(({ id, open_in }, gate) =>
      (open_in ?? allWindows).map((window) => ({
        gate,
        window,
        roster: campus.rosters.find((one) => one.gate === id && one.window === window) ?? null,
      })),
    ),
  };
  const videoDays = cameras.map((_, camera) =>
    Math.max(
      rules.one_key_video.video_days,
      ...base.zones.filter((zone) => zone.cameras.includes(camera)).map(({ needs }) => needs.video_days ?? 0),
    ),
  );
  const parts = new Parts(partsOf(base));
  return { ...base, videoDays, parts, ...dependentsOf(base, parts) };
}

type Base = Omit<CampusPlan, 'videoDays' | 'parts' | 'offsets' | 'dependents'>;

interface Place {
  building?: string | undefined;
  storey?: string | undefined;
}
const isSame = (one: Place, other: Place) => one.building === other.building && one.storey === other.storey;

function plannedZones(
  campus: CampusInventory,
  rules: RuleSet,
  devices: CampusPlan['devices'],
  indices: (refs: readonly string[]) => number[],
): Pick<CampusPlan, 'zones' | 'floors'> {
  const needing = campus.zones
    .map((zone) => ({ zone, needs: needsOf(rules, zone) }))
    .filter(({ needs }) => needs.video || needs.button);
  const drawn = needing.filter(({ zone, needs }) => needs.video && zone.polygon).map(({ zone }) => zone);
  const floors = drawn
    .filter((zone, i) => drawn.findIndex((other) => isSame(zone, other)) === i)
    .flatMap((place): DrawnFloor[] => {
      const plan = planOf(campus, place);
      const zones = drawn.filter((zone) => isSame(zone, place));
      const cameras = [...devices.keys()].filter(
        (i) => devices[i]!.device.sight !== undefined && isSame(devices[i]!.device, place),
      );
      if (plan === undefined || cameras.length === 0) return [];
      const floor = floorOf(plan);
      const polygons = zones.map(({ polygon }) => polygon!);
      const sights = cameras.map((i) => devices[i]!.device.sight!);
      const coverage = new Coverage(floor, polygons, sights);
      const { building, storey } = place;
      return [{ building, storey, floor, coverage, zones, devices: cameras }];
    });
  const zones = needing.map(({ zone, needs }): PlannedZone => {
    const on = floors.find((floor) => floor.zones.includes(zone));
    if (on === undefined) return { zone, needs, drawn: null, cameras: indices(zone.seen_by ?? []) };
    const index = on.zones.indexOf(zone);
    const cameras = on.coverage.camerasOf(index).map((camera) => on.devices[camera]!);
    return { zone, needs, drawn: { on, index }, cameras };
  });
  return { zones, floors };
}

function partsOf(plan: Base): Part[] {
  const { rules, devices, cameras, buttons } = plan;
  const each = (kind: Part['kind'], entities: Iterable<number>): Part[] =>
    [...entities].map((entity) => ({ kind, entity, nth: 0 }));
  const times = (kind: Part['kind'], entity: number, count: number): Part[] =>
    Array.from({ length: count }, (_, nth) => ({ kind, entity, nth }));
  const required = [...devices.keys()].filter((i) => i < cameras + buttons && devices[i]!.device.required);
  const zonesThat = (need: 'video' | 'button') =>
    [...plan.zones.keys()].filter((i) => plan.zones[i]!.needs[need]);
  return [
    ...each('roll', [0]),
    ...each('post-kind', rules.guards.posts.keys()),
    ...each('manned', plan.posts.keys()),
    ...each('terminal', plan.posts.keys()),
    ...times('rounds', 0, rules.guards.rounds_per_day === 0 ? 0 : rules.guards.rounds_days),
    ...each('polls', plan.posts.keys()),
    ...each('gates-listed', [0]),
    ...each('fence-listed', [0]),
    ...each('watched', plan.barriers.keys()),
    ...each('closed', plan.barriers.keys()),
    ...each('quiet', plan.barriers.keys()),
    ...each('zone-kind', rules.one_key_video.required_zones.keys()),
    ...each('there', required),
    ...each('zone-button', zonesThat('button')),
    ...each('zone-view', zonesThat('video')),
    ...each('alive', required),
    ...each('zone-seen', zonesThat('video')),
    ...each(
      'proved',
      required.filter((i) => i >= cameras),
    ),
    ...each(
      'recording',
      required.filter((i) => i < cameras),
    ),
    ...each('windows-listed', [0]),
    ...each('rostered', plan.crossings.keys()),
    ...each('crossing-now', plan.gates.keys()),
    ...[...plan.gates.keys()].flatMap((gate) => times('crossing-past', gate, rules.crossing_post.windows)),
  ];
}

/** Whose word changes a part. */
function devicesTouching(plan: Base, { kind, entity }: Part): readonly number[] {
  switch (kind) {
    case 'there':
    case 'alive':
    case 'proved':
    case 'recording':
      return [entity];
    case 'manned':
    case 'terminal':
      return [plan.posts[entity]!.terminal ?? []].flat();
    case 'watched':
    case 'closed':
    case 'quiet':
      return plan.barriers[entity]!.watchers;
    case 'zone-seen':
      return plan.zones[entity]!.cameras;
    case 'zone-button':
    case 'zone-view':
      return [];
    case 'rounds':
      return plan.watchers;
    default:
      return [];
  }
}

function dependentsOf(plan: Base, parts: Parts): Pick<CampusPlan, 'offsets' | 'dependents'> {
  const of: number[][] = plan.devices.map(() => []);
  for (let part = 0; part < parts.length; part += 1) {
    for (const device of new Set(devicesTouching(plan, parts.at(part)))) of[device]!.push(part);
  }
  const offsets = new Uint32Array(of.length + 1);
  for (const [i, touched] of of.entries()) offsets[i + 1] = offsets[i]! + touched.length;
  return { offsets, dependents: Uint32Array.from(of.flat()) };
}
