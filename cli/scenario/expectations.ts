import { createViews, type Views } from '#cloud/api/views.ts';
import type { Cloud } from '#cloud/start.ts';
import { realClock } from '#platform/real/clock.ts';
import { parseContactId } from '#protocols/contact-id.ts';
import type { CentreFrame } from '#sim/centre/frame-store.ts';
import type { SimulatedButton } from '#sim/button/part.ts';
import { found } from '#sim/control.ts';
import type { Expectation } from './file.ts';
import type { World } from './world.ts';

/** Whether it is so now, and what there is to be seen. */
export interface Seen {
  holds: boolean;
  seen: string;
}

/**
 * When it is decided: as soon as it comes true; when it is broken, or has held to the end of its time; or only
 * then, since a count of alarms never falls.
 */
export function decidedWhen(wanted: Expectation): 'true once' | 'true throughout' | 'true at the end' {
  if (wanted.open_alerts) return 'true throughout';
  return wanted.alarms?.at_most === undefined ? 'true once' : 'true at the end';
}

const everything = 500;

/** Looks once. `since` is the UTC ms at which the scenario began. */
export async function look(world: World, wanted: Expectation, since: number): Promise<Seen> {
  const cloud = world.cloud();
  if (wanted.at_110) return looksAt110(world, wanted.at_110);
  if (wanted.lamp) {
    const { button, shows } = wanted.lamp;
    const { lamp } = found(found(world.simulator.parts, 'buttons'), button).state() as SimulatedButton;
    const seen = lamp?.state ?? 'dark';
    return { holds: seen === shows, seen };
  }
  if (cloud === null) return { holds: false, seen: 'the cloud is not running' };
  const views = createViews({ ...cloud, clock: realClock, campuses: world.campus.cloud.campuses });
  if (wanted.alarm) return looksAtAlarms(views, wanted.alarm);
  if (wanted.alarms) {
    const { device, mode, at_least: atLeast = 0, at_most: atMost = Infinity } = wanted.alarms;
    const { items } = await views.alarmPage('true', [], everything);
    const counted = items.filter(
      (a) => (device === undefined || a.place.device === device) && (mode === undefined || a.mode === mode),
    );
    return {
      holds: counted.length >= atLeast && counted.length <= atMost,
      seen: `${counted.length}${counted.length > 0 ? `: ${counted.map((a) => `${a.mode} ${a.type} ${a.place.device}`).join(', ')}` : ''}`,
    };
  }
  if (wanted.device) {
    const { device, state } = wanted.device;
    const all = await views.devices(cloud.liveness.devices());
    const now = all.find(({ place }) => place.device === device);
    const seen = now ? `${now.state}${now.reason ? ` (${now.reason.en})` : ''}` : 'no such device';
    return { holds: now?.state === state, seen };
  }
  if (wanted.gateway) {
    const seen =
      cloud.liveness
        .gateways()
        .map(({ state }) => state)
        .join(', ') || 'no gateway';
    return { holds: seen === wanted.gateway.state, seen };
  }
  if (wanted.alert) return looksAtAlerts(views, wanted.alert, world.campus.edge.gateway);
  if (wanted.open_alerts) {
    const open = await views.alerts('closed_at IS NULL', [], everything);
    return {
      holds: open.length <= wanted.open_alerts.at_most,
      seen: `${open.length}${open.length > 0 ? `: ${open.map((a) => a.text.en).join('; ')}` : ''}`,
    };
  }
  if (wanted.records) return looksAtRecords(cloud, wanted.records, world.campus.edge.gateway, since);
  if (wanted.answer) {
    const { device, to, state } = wanted.answer;
    const id = world.asked(device, to);
    const command = id === undefined ? null : await cloud.commands.get(id);
    if (command === null) return { holds: false, seen: 'it was not asked' };
    const seen = `${command.state}${command.detail === null ? '' : `: ${command.detail}`}`;
    return { holds: command.state === state, seen };
  }
  return looksAtMeasured(cloud, wanted.measured!, world.campus.edge.gateway, since);
}

async function looksAtAlarms(views: Views, wanted: NonNullable<Expectation['alarm']>): Promise<Seen> {
  const { items } = await views.alarmPage('device = ?', [wanted.device], everything);
  const right = items.find(
    (alarm) =>
      (wanted.type === undefined || alarm.type === wanted.type) &&
      (wanted.mode === undefined || alarm.mode === wanted.mode) &&
      (!wanted.delivered || alarm.state === 'delivered') &&
      (wanted.path === undefined || alarm.centres.some(({ path }) => path === wanted.path)),
  );
  const told = right ?? items[0];
  if (told === undefined) return { holds: false, seen: 'no alarm of it' };
  const paths = told.centres.map(({ centre, path }) => `${centre} by ${path}`).join(', ');
  const took = told.total_ms === null ? '' : `, ${told.total_ms.toFixed(0)} ms`;
  return {
    holds: right !== undefined,
    seen: `${told.mode} ${told.type}, E${told.code} zone ${told.zone}, ${told.state}${paths && ` (${paths})`}${took}`,
  };
}

function looksAt110(world: World, { device, code }: NonNullable<Expectation['at_110']>): Seen {
  const zone = world.campus.edge.devices.find(({ id }) => id === device)?.zone;
  const [centre] = found(world.simulator.parts, 'centres').values();
  const { items } = centre!.records!['frames']!() as { items: readonly CentreFrame[] };
  const events = items.flatMap(({ data }) => parseContactId(data) ?? []).filter((e) => e.zone === zone);
  return {
    holds: events.some((event) => code === undefined || event.code === code),
    seen: events.length === 0 ? 'nothing' : events.map((e) => `E${e.code} zone ${e.zone}`).join(', '),
  };
}

async function looksAtAlerts(
  views: Views,
  { code, device, state }: NonNullable<Expectation['alert']>,
  gateway: string,
): Promise<Seen> {
  const all = await views.alerts('code = ?', [code], everything);
  const those = device === undefined ? all : all.filter((a) => a.subject === `${gateway}/${device}`);
  const isOpen = those.some(({ closed_at: closedAt }) => closedAt === null);
  const holds = state === 'open' ? isOpen : those.length > 0 && !isOpen;
  if (those.length === 0) return { holds, seen: 'no such alert' };
  return { holds, seen: `${isOpen ? 'open' : 'closed'}: ${those[0]!.text.en}` };
}

async function looksAtRecords(
  cloud: Cloud,
  { device, kind, with: details, at_least: atLeast }: NonNullable<Expectation['records']>,
  gateway: string,
  since: number,
): Promise<Seen> {
  const all = await cloud.records.query({ gateway, device, kind, from: since, limit: everything });
  const those = all.filter((r) => Object.entries(details).every(([key, value]) => r.details[key] === value));
  const seen = all.map((r) => JSON.stringify(r.details)).join(', ');
  return { holds: those.length >= atLeast, seen: `${those.length}${seen && ` of ${seen}`}` };
}

async function looksAtMeasured(
  cloud: Cloud,
  { device, field, between: [low, high] }: NonNullable<Expectation['measured']>,
  gateway: string,
  since: number,
): Promise<Seen> {
  const buckets = await cloud.telemetry.query({
    device: `${gateway}/${device}`,
    field,
    from: since,
    to: Date.now() + 60_000,
    everyMs: 1000,
  });
  const last = buckets.at(-1);
  if (last === undefined) return { holds: false, seen: 'nothing measured' };
  return { holds: last.mean >= low && last.mean <= high, seen: String(last.mean) };
}
