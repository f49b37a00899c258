import type { CloudConfig } from '#cloud/config.ts';
import { placesOf } from '#cloud/places.ts';
import type { EdgeConfig } from '#edge/config.ts';
import { eventCodeFor } from '#protocols/contact-id.ts';
import type { Bilingual } from '#protocols/messages/bilingual.ts';
import type { DeviceKind } from '#protocols/messages/state.ts';
import type { SignalType } from '#protocols/signal.ts';

/** One line of a centre's database: what an account and a zone mean. */
export interface Point {
  account: string;
  /** Null: the account of supervision, under which no alarm comes. */
  zone: number | null;
  /** Contact ID events that may come; empty where the device brings its own. */
  codes: string[];
  kind: DeviceKind | 'supervision';
  campus: Bilingual | null;
  address: Bilingual | null;
  building: Bilingual | null;
  storey: Bilingual | null;
  room: Bilingual | null;
  name: Bilingual | null;
  gateway: string | null;
  device: string;
  contacts: { name: Bilingual; role: Bilingual | null; phone: string }[];
}

export interface PointTable {
  points: Point[];
  /** Where the files contradict each other: such a table must not reach a centre. */
  mistakes: string[];
  /** What the centre will miss, but what is no contradiction. */
  gaps: string[];
}

/** A button may be pressed, held down or tested, and its own switch decides whether it is silent. */
const buttonCodes = ['120', '121', '122', '601', '602', '607'];
const typesOf: Partial<Record<DeviceKind, SignalType[]>> = {
  smoke: ['smoke'],
  heat: ['heat'],
  gas: ['gas'],
  'carbon-monoxide': ['carbon-monoxide'],
  water: ['water'],
  input: ['intrusion', 'tamper', 'call-point', 'fire', 'smoke', 'heat', 'gas', 'water'],
  'fire-panel': ['fire', 'smoke', 'heat', 'call-point', 'gas', 'carbon-monoxide'],
};

/** The accounts and zones of these gateways, for the database of a centre. */
export function pointsOf(cloud: CloudConfig, edges: readonly EdgeConfig[]): PointTable {
  const places = placesOf(cloud.campuses);
  const mistakes: string[] = [];
  const gaps: string[] = [];
  const accounts = new Map<string, string>();
  const points = edges.flatMap((edge) => {
    const owner = accounts.get(edge.account);
    if (owner !== undefined)
      mistakes.push(`account ${edge.account} is that of ${owner} and of ${edge.gateway}`);
    accounts.set(edge.account, edge.gateway);
    const campus = cloud.campuses.find(({ id }) => id === edge.campus);
    const gateway = campus?.gateways.find(({ id }) => id === edge.gateway);
    if (gateway === undefined) {
      gaps.push(`the cloud's file has no gateway ${edge.gateway} on a campus ${edge.campus}`);
    }
    const own = edge.lines.flatMap(({ driver, line }) =>
      line.devices.flatMap((device): Point[] => {
        if (device.zone === undefined) return [];
        const listed = gateway?.devices.find(({ id }) => id === device.id);
        if (listed === undefined && gateway !== undefined) {
          gaps.push(`the cloud's file does not say where ${edge.gateway}/${device.id} is`);
        }
        if (listed?.zone !== undefined && listed.zone !== device.zone) {
          mistakes.push(
            `${edge.gateway}/${device.id} is zone ${device.zone} in the edge's file and ${listed.zone} in the cloud's`,
          );
        }
        const { kind } = driver.describe(device);
        const place = places.forDoors(edge.campus, edge.gateway, device.id);
        return [
          {
            account: edge.account,
            zone: device.zone,
            codes: codesOf(kind),
            kind,
            campus: place?.campus ?? null,
            address: place?.address ?? null,
            building: place?.building ?? null,
            storey: place?.storey ?? null,
            room: place?.room ?? null,
            name: place?.point ?? null,
            gateway: edge.gateway,
            device: device.id,
            contacts: (place?.contacts ?? []).map(({ name, role = null, phone }) => ({ name, role, phone })),
          },
        ];
      }),
    );
    const direct = edge.direct?.door;
    const asks = direct?.kind === 'dc09' ? direct.supervision?.account : undefined;
    return asks === undefined ? own : [...own, supervisionBy(asks, edge.gateway, direct!.id)];
  });
  const asked = cloud.centres.flatMap(({ doors }) =>
    doors.flatMap((door) =>
      door.kind === 'dc09' && door.supervision
        ? [supervisionBy(door.supervision.account, null, door.id)]
        : [],
    ),
  );
  for (const { account } of asked) {
    const owner = accounts.get(account);
    if (owner !== undefined)
      mistakes.push(`account ${account} is that of ${owner} and of the cloud's supervision`);
  }
  points.sort((a, b) => compare(a.account, b.account) || (a.zone ?? 0) - (b.zone ?? 0));
  return { points: [...points, ...asked], mistakes, gaps };
}

function codesOf(kind: DeviceKind): string[] {
  if (kind === 'button') return buttonCodes;
  const codes = (typesOf[kind] ?? []).map((type) => eventCodeFor({ type, mode: 'real', silent: false }));
  return [...new Set(codes)].sort(compare);
}

function supervisionBy(account: string, gateway: string | null, door: string): Point {
  return {
    account,
    zone: null,
    codes: [],
    kind: 'supervision',
    campus: null,
    address: null,
    building: null,
    storey: null,
    room: null,
    name: { zh: '线路监测（NULL）', en: 'Supervision of the path (NULL)' },
    gateway,
    device: door,
    contacts: [],
  };
}

const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);
