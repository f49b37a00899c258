import { z } from 'zod';
import { cloudConfig, type CloudConfig } from '#cloud/config.ts';
import { parseEdgeConfig, type ConfigProblem, type EdgeConfig } from '#edge/config.ts';
import { drivers } from '#edge/drivers/index.ts';
import { findModel } from '#platform/modbus-models.ts';
import type { Parts } from '#sim/control.ts';
import type { SimulatedHardware } from '#sim/description.ts';
import { simulatorConfig, type SimulatorConfig } from '#sim/configuration.ts';
import { demoCloud, demoEdge, demoHardware } from '../demo-campus.ts';
import type { ScenarioFile } from './file.ts';

/** The ports on loopback at which the processes of a scenario find one another. */
export interface Meeting {
  broker: number;
  centre: number;
}

type Plain = Record<string, unknown>;
interface PlainDevice extends Plain {
  id: string;
}

/** What hangs on the walls, and the links between the processes, which are hardware as well. */
export function hardwareOf(
  scenario: ScenarioFile,
  meeting: Meeting,
  { withoutTtys }: { withoutTtys: boolean },
): SimulatorConfig {
  const base = simulatorConfig.parse(scenario.campus === 'demo' ? demoHardware() : {});
  const both = Object.fromEntries(
    Object.keys(base).map((kind) => {
      const key = kind as keyof SimulatorConfig;
      const own = scenario.hardware[key] as { id: string }[];
      // An entry of the scenario takes the place of the campus's one of the same id.
      const kept = (base[key] as { id: string }[]).filter(({ id }) => !own.some((mine) => mine.id === id));
      const entries: Plain[] = [...kept, ...own];
      return [
        kind,
        entries.map((entry) => (withoutTtys && 'via' in entry ? { ...entry, via: 'tcp' } : entry)),
      ];
    }),
  ) as unknown as SimulatorConfig;
  const [primary = { id: 'city-110', port: 0 }, ...others] = both.centres;
  const broker = `127.0.0.1:${meeting.broker}`;
  const centre = `127.0.0.1:${meeting.centre}`;
  return {
    ...both,
    centres: [{ ...primary, port: meeting.centre }, ...others],
    links: [
      { id: 'edge-cloud', port: 0, to: broker },
      { id: 'cloud-broker', port: 0, to: broker },
      { id: 'edge-110', port: 0, to: centre },
      { id: 'cloud-110', port: 0, to: centre },
      ...both.links,
    ],
  };
}

export interface Campus {
  edge: EdgeConfig;
  cloud: CloudConfig;
}

export type ComposedCampus = { ok: true; campus: Campus } | { ok: false; problems: ConfigProblem[] };

/** Both configurations for the hardware as it runs; problems are given by their path in the scenario's file. */
export function campusOf(scenario: ScenarioFile, hardware: SimulatedHardware, parts: Parts): ComposedCampus {
  const link = (id: string) => {
    const { host, port } = hardware.links.find((l) => l.id === id)!;
    return { host, port };
  };
  const door = (id: string) => ({ id: 'dc09', kind: 'dc09', ...link(id) });
  const demoPorts = { httpPort: 0, mqttPort: 0 };
  const primary = hardware.centres[0]!.id;
  const baseEdge: Plain & { devices: PlainDevice[] } =
    scenario.campus === 'demo'
      ? demoEdge(hardware, demoPorts)
      : { campus: 'school', gateway: 'gateway', account: '1100', devices: [] };
  const edgePlain = {
    ...baseEdge,
    direct: { centre: primary, door: door('edge-110') },
    ...scenario.edge,
    broker: { url: `mqtt://127.0.0.1:${link('edge-cloud').port}` },
    devices: devicesOf(scenario, baseEdge.devices, parts),
  };
  const parsed = parseEdgeConfig(edgePlain, drivers);
  if (!parsed.ok) {
    const ownDevices = scenario.devices.map(({ id }) => id);
    return { ok: false, problems: parsed.problems.map((p) => inScenario(p, edgePlain.devices, ownDevices)) };
  }
  const { config: edge } = parsed;

  const demo = scenario.campus === 'demo' ? demoCloud(hardware, demoPorts) : null;
  const named = demo?.campuses[0]?.gateways[0]?.devices ?? [];
  const listed = edge.lines.flatMap(({ driver, line }) =>
    line.devices.map((device) => {
      const own = scenario.devices.find(({ id }) => id === device.id)?.name;
      // With where it is, and which cameras look there; its zone is the edge's, which the scenario may have moved.
      const known = named.find(({ id }) => id === device.id);
      const name = own ?? known?.name;
      const zone = edge.devices.find(({ id }) => id === device.id)?.zone;
      return {
        ...known,
        ...(zone !== undefined && { zone }),
        id: device.id,
        kind: driver.describe(device).kind,
        name: name ?? { zh: device.id, en: device.id },
      };
    }),
  );
  const cloudPlain = {
    ...scenario.cloud,
    broker: { url: `mqtt://127.0.0.1:${link('cloud-broker').port}` },
    centres: [
      {
        id: primary,
        name: demo?.centres[0]?.name ?? { zh: '110 接警中心', en: '110 centre' },
        primary: true,
        doors: [{ ...door('cloud-110'), supervision: { account: '110A', interval_s: 30 } }],
      },
    ],
    campuses: [
      {
        ...(demo?.campuses[0] ?? { name: scenario.title }),
        id: edge.campus,
        gateways: [{ id: edge.gateway, devices: listed }],
      },
    ],
  };
  const cloud = cloudConfig.safeParse(cloudPlain);
  if (cloud.success) return { ok: true, campus: { edge, cloud: cloud.data } };
  return { ok: false, problems: cloud.error.issues.map((issue) => problemOf(issue)) };
}

function problemOf(issue: z.core.$ZodIssue): ConfigProblem {
  return { path: ['cloud', ...(issue.path as (string | number)[])], message: issue.message };
}

/** A mistake of the composed edge's file, at the place of the scenario's file that it comes from. */
function inScenario({ path, message }: ConfigProblem, all: PlainDevice[], own: string[]): ConfigProblem {
  const [list, index, ...rest] = path;
  if (list !== 'devices' || typeof index !== 'number') return { path: ['edge', ...path], message };
  const id = all[index]?.id ?? '';
  const at = own.indexOf(id);
  if (at >= 0) return { path: ['devices', at, ...rest], message };
  return { path: ['hardware'], message: `device ${id}: ${[...rest, message].join(': ')}` };
}

/** A device on every part that one can be on, and what the scenario says of them; zones where they are wanted. */
function devicesOf(scenario: ScenarioFile, base: readonly PlainDevice[], parts: Parts): PlainDevice[] {
  const devices = new Map<string, PlainDevice>(base.map((device) => [device.id, device]));
  for (const members of parts.values()) {
    for (const { id, wiring } of members.values()) {
      if (wiring !== null && !devices.has(id)) devices.set(id, { id, ...wiring });
    }
  }
  for (const { name: _, ...own } of scenario.devices) devices.set(own.id, { ...devices.get(own.id), ...own });
  const all = [...devices.values()].map(withModel);
  const taken = new Set(all.map(({ zone }) => zone));
  let next = 1;
  return all.map((device) => {
    if (device['zone'] !== undefined || !raisesAlarms(device)) return device;
    while (taken.has(next)) next++;
    taken.add(next);
    return { ...device, zone: next };
  });
}

/** The data file of a named Modbus model in the place of its name, as the edge's file has it. */
function withModel(device: PlainDevice): PlainDevice {
  if (device['driver'] !== 'modbus' || typeof device['model'] !== 'string') return device;
  const found = findModel(device['model'], { base: '.' });
  return found.kind === 'model' ? { ...device, model: found.model } : device;
}

function raisesAlarms(device: PlainDevice): boolean {
  const driver = drivers.find(({ name }) => name === device['driver']);
  const parsed = driver?.device.safeParse({ zone: 999, ...device });
  return driver !== undefined && parsed?.success === true && driver.describe(parsed.data).alarms;
}
