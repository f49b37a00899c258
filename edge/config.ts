import { z } from 'zod';
import { account, id, zone } from '#protocols/signal.ts';
import type { StreamAddress } from '#platform/ports.ts';
import type { DeviceBase, Driver, Line } from './driver.ts';

/** The keys that every device has. A driver's schema is `deviceBase.extend({ driver: z.literal(…), … })`. */
export const deviceBase = z.strictObject({
  id,
  driver: z.string(),
  address: z.string().min(1),
  zone: zone.optional(),
  heartbeat_s: z.number().positive().max(86_400).default(30),
});

/** The id under which the way to 110 that the edge has of its own is reported; no device may have it. */
export const directPathId = 'direct-path';

const timezone = z.string().refine(isTimezone, 'name a time zone as in Asia/Shanghai');

const broker = z.strictObject({
  url: z.url({ protocol: /^mqtts?$/, error: 'write mqtt://host:port' }).default('mqtt://127.0.0.1:1883'),
});

/** One way into the primary centre, SIA DC-09 over TCP. */
const directDoor = z.strictObject({
  id,
  host: z.string().min(1),
  port: z.int().min(1).max(65_535),
  /** Interval of the NULL that supervises it, seconds. */
  supervision_s: z.number().positive().max(3600).optional(),
});
export type DirectDoorConfig = z.infer<typeof directDoor>;

const direct = z.strictObject({
  /** Id of the primary centre, the same as in the cloud's file. */
  centre: id,
  doors: z.array(directDoor).min(1),
  /** How long after the first publish *delivered* may take before the edge delivers by itself. */
  after_ms: z.int().min(0).max(60_000).default(1000),
});
export type DirectConfig = z.infer<typeof direct>;

const edgeFile = z.strictObject({
  campus: id,
  gateway: id,
  account,
  timezone: timezone.optional(),
  broker: broker.default(() => broker.parse({})),
  direct: direct.optional(),
  lamp: z.strictObject({ failed_after_ms: z.int().min(1000).max(60_000).default(10_000) }).prefault({}),
  heartbeat_s: z.number().positive().max(60).default(5),
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
  const devices: { device: DeviceBase; driver: Driver; index: number }[] = [];
  for (const [index, entry] of file.data.devices.entries()) {
    const driver = drivers.find((d) => d.name === entry.driver);
    if (!driver) {
      const known = drivers.map((d) => d.name).join(', ');
      problems.push({ path: ['devices', index, 'driver'], message: `no such driver; there are: ${known}` });
      continue;
    }
    const device = driver.device.safeParse(entry);
    if (!device.success) problems.push(...problemsOf(device.error, ['devices', index]));
    else devices.push({ device: device.data, driver, index });
  }
  problems.push(...clashes(devices));
  const lines: ConfiguredLine[] = [];
  for (const [, members] of Map.groupBy(devices, (d) => `${d.driver.name} ${d.device.address}`)) {
    const { driver, device, index } = members[0]!;
    const address = streamAddress(device.address);
    if (!address) {
      const message = 'write a tty (/dev/ttyUSB0), tcp://host:port or http://host';
      problems.push({ path: ['devices', index, 'address'], message });
      continue;
    }
    const line = { address, devices: members.map((m) => m.device) };
    for (const mistake of driver.configure(line)) {
      const at = members[mistake.device]?.index ?? index;
      problems.push({ path: ['devices', at], message: mistake.problem });
    }
    lines.push({ driver, line });
  }
  if (problems.length > 0) return { ok: false, problems };
  return { ok: true, config: { ...file.data, devices: devices.map((d) => d.device), lines } };
}

/** What no single device can see: ids and zones that two of them share, alarms that 110 could not place. */
function clashes(devices: { device: DeviceBase; driver: Driver; index: number }[]): ConfigProblem[] {
  const problems: ConfigProblem[] = [];
  const ids = new Map<string, number>();
  const zones = new Map<number, string>();
  for (const { device, driver, index } of devices) {
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
      if (driver.kind === 'button' || driver.kind === 'smoke') {
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

function problemsOf(error: z.ZodError, prefix: (string | number)[]): ConfigProblem[] {
  return error.issues.flatMap((issue) => {
    const path = [...prefix, ...issue.path.map((p) => (typeof p === 'number' ? p : String(p)))];
    if (issue.code !== 'unrecognized_keys') return [{ path, message: issue.message }];
    return issue.keys.map((key) => ({ path: [...path, key], message: `unknown key ${key}` }));
  });
}

/** Where the bytes of a line go. A driver whose wire is HTTP gets the host and port behind its URL. */
function streamAddress(text: string): StreamAddress | undefined {
  if (text.startsWith('/')) return { kind: 'tty', path: text, baudRate: 9600 };
  const url = URL.parse(text);
  if (!url || url.hostname === '') return undefined;
  const usual = { 'http:': 80, 'https:': 443 }[url.protocol];
  if (usual === undefined && (url.protocol !== 'tcp:' || url.port === '')) return undefined;
  return { kind: 'tcp', host: url.hostname.replace(/^\[|\]$/g, ''), port: Number(url.port || usual) };
}

function isTimezone(name: string): boolean {
  try {
    Intl.DateTimeFormat('en', { timeZone: name });
    return true;
  } catch {
    return false;
  }
}
