import { z } from 'zod';
import { doorConfig } from '#platform/doors/open.ts';
import { account, id, zone } from '#protocols/signal.ts';
import { localBrokerConfig } from './local-broker.ts';
import { picturesConfig } from './pictures/config.ts';
import { directPathId } from './direct-path.ts';
import { addressText, type DeviceAddress, parseAddress } from './drivers/address.ts';
import type { DeviceBase, Driver, Line } from './driver.ts';

/** The keys that every device has. A driver's schema is `deviceBase.extend({ driver: z.literal(…), … })`. */
export const deviceBase = z.strictObject({
  id,
  driver: z.string(),
  address: z.string().min(1),
  zone: zone.optional(),
  heartbeat_s: z.number().positive().max(86_400).default(30),
});

const broker = z.strictObject({
  url: z
    .url({ protocol: /^mqtts?$/, error: 'write mqtt://host:port' })
    .refine((url) => /^(localhost|\[::1\]|127(\.\d{1,3}){3})$/.test(new URL(url).hostname), {
      error:
        'only a broker on loopback (127.0.0.1, [::1], localhost) until gateways can sign in: reach one elsewhere through a tunnel',
    })
    .default('mqtt://127.0.0.1:1883'),
});

const direct = z.strictObject({
  /** Id of the primary centre, the same as in the cloud's file. */
  centre: id,
  door: doorConfig,
  /** How long after the first publish *delivered* may take before the edge delivers by itself. */
  after_ms: z.int().min(0).max(60_000).default(1000),
  /** False: this centre wants no tests and probes by this way; a probe's proof ends at the door. */
  takes_tests: z.boolean().default(true),
});
export type DirectConfig = z.infer<typeof direct>;

const edgeFile = z.strictObject({
  campus: id,
  gateway: id,
  account,
  broker: broker.default(() => broker.parse({})),
  direct: direct.optional(),
  lamp: z.strictObject({ failed_after_ms: z.int().min(1000).max(60_000).default(10_000) }).prefault({}),
  /** Plain presses of one point beyond so many a minute are summed. */
  summing: z.strictObject({ above_per_minute: z.int().min(1).max(6000).default(6) }).prefault({}),
  heartbeat_s: z.number().positive().max(60).default(5),
  /** How many pictures and streams of cameras are looked at in the same moment, on the whole edge. */
  looks_at_once: z.int().min(1).max(64).default(4),
  local_broker: localBrokerConfig.optional(),
  /** Where pictures of the cameras go up to; without it none do. */
  pictures: picturesConfig.optional(),
  devices: z.array(z.looseObject({ id, driver: z.string(), address: z.string().min(1) })).default([]),
});

/** The devices of one driver behind one address, as they will be started. */
export interface ConfiguredLine {
  driver: Driver;
  line: Line<DeviceBase>;
}

export interface EdgeConfig extends Omit<z.infer<typeof edgeFile>, 'devices'> {
  devices: DeviceBase[];
  lines: ConfiguredLine[];
}

/** One mistake in the file; `path` leads to it, so that whoever read the file can name the line. */
export interface ConfigProblem {
  path: (string | number)[];
  message: string;
}

export type ParsedEdgeConfig = { ok: true; config: EdgeConfig } | { ok: false; problems: ConfigProblem[] };

/** Checks the edge's file as plain data, and finds every mistake in it at once. Touches no network. */
export function parseEdgeConfig(plain: unknown, drivers: readonly Driver[]): ParsedEdgeConfig {
  const file = edgeFile.safeParse(plain);
  if (!file.success) return { ok: false, problems: problemsOf(file.error, []) };
  const problems: ConfigProblem[] = [];
  const entries: Entry[] = [];
  for (const [index, plainDevice] of file.data.devices.entries()) {
    const path = (key: string) => ['devices', index, key];
    const driver = drivers.find((d) => d.name === plainDevice.driver);
    const address = parseAddress(plainDevice.address);
    if (!address.ok) problems.push({ path: path('address'), message: address.problem });
    if (!driver) {
      const known = drivers.map((d) => d.name).join(', ');
      problems.push({ path: path('driver'), message: `no such driver; there are: ${known}` });
      continue;
    }
    if (address.ok && !driver.wires.includes(address.address.kind)) {
      const message = `${driver.name} cannot be behind "${plainDevice.address}"; it takes ${driver.wires.join(', ')}`;
      problems.push({ path: path('address'), message });
      continue;
    }
    const device = driver.device.safeParse(plainDevice);
    if (!device.success) problems.push(...problemsOf(device.error, ['devices', index]));
    else if (address.ok) entries.push({ device: device.data, driver, address: address.address, index });
  }
  problems.push(...clashes(entries));
  if (problems.length === 0) problems.push(...strayBroker(entries, file.data.local_broker !== undefined));
  const lines: ConfiguredLine[] = [];
  for (const [, members] of Map.groupBy(entries, (e) => `${e.driver.name} ${addressText(e.address)}`)) {
    const { driver, address, index } = members[0]!;
    const line = { address, devices: members.map((m) => m.device) };
    for (const mistake of driver.configure(line)) {
      const at = members[mistake.device]?.index ?? index;
      problems.push({ path: ['devices', at], message: mistake.problem });
    }
    lines.push({ driver, line });
  }
  if (problems.length > 0) return { ok: false, problems };
  return { ok: true, config: { ...file.data, devices: entries.map((e) => e.device), lines } };
}

interface Entry {
  device: DeviceBase;
  driver: Driver;
  address: DeviceAddress;
  index: number;
}

/** What no single device can see: ids and zones that two of them share, alarms that 110 could not place. */
function clashes(entries: readonly Entry[]): ConfigProblem[] {
  const problems: ConfigProblem[] = [];
  const ids = new Map<string, number>();
  const zones = new Map<number, string>();
  for (const { device, driver, index } of entries) {
    const path = (key: string) => ['devices', index, key];
    const first = ids.get(device.id);
    if (device.id === directPathId) {
      problems.push({ path: path('id'), message: `${directPathId} is the gateway's own word` });
    } else if (first !== undefined) {
      problems.push({
        path: path('id'),
        message: `duplicate device id ${device.id} (first at devices.${first})`,
      });
    } else ids.set(device.id, index);
    if (device.zone === undefined) {
      if (driver.describe(device).alarms) {
        problems.push({ path: path('zone'), message: 'a device that raises alarms needs a zone, 1 to 999' });
      }
    } else if (zones.has(device.zone)) {
      problems.push({
        path: path('zone'),
        message: `zone ${device.zone} is already that of ${zones.get(device.zone)}`,
      });
    } else zones.set(device.zone, device.id);
  }
  return problems;
}

/** Devices at the edge's own broker where it has none, or a broker that no device is at. */
function strayBroker(entries: readonly Entry[], isThere: boolean): ConfigProblem[] {
  // What may be behind a broker and is at local: is at ours.
  const at = entries.filter(
    ({ driver, address }) => address.kind === 'local' && driver.wires.includes('mqtt'),
  );
  if (isThere && at.length === 0) {
    return [{ path: ['local_broker'], message: 'no device is at local: that would connect to it' }];
  }
  if (isThere) return [];
  const message = "local: is the gateway's own broker: add local_broker: { port: 1883 } to the file";
  return at.map(({ index }) => ({ path: ['devices', index, 'address'], message }));
}

function problemsOf(error: z.ZodError, prefix: (string | number)[]): ConfigProblem[] {
  return error.issues.flatMap((issue) => {
    const path = [...prefix, ...issue.path.map((p) => (typeof p === 'number' ? p : String(p)))];
    if (issue.code !== 'unrecognized_keys') return [{ path, message: issue.message }];
    return issue.keys.map((key) => ({ path: [...path, key], message: `unknown key ${key}` }));
  });
}
