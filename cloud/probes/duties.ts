import type { Clock } from '#platform/ports.ts';
import type { Alerts } from '../alerts/alerts.ts';
import type { CloudConfig } from '../config.ts';
import type { Device } from '../liveness/fleet.ts';
import type { Names } from '../names.ts';
import type { Store } from '../store/store.ts';
import { probeSubject, type Route, unproved } from './probe-alerts.ts';
import { lastProofs } from './report.ts';

/** Without a proof for so many periods people are told. */
const unprovedAfterPeriods = 1.5;
const hourMs = 3_600_000;

export interface ProbedButton {
  device: Device;
  /** Within so long it is to be proved on each path. */
  everyMs: number;
}

/** The buttons among `devices`, each with its period. None where the file has no `probes`. */
export function probedButtons(
  { probes, campuses }: Pick<CloudConfig, 'probes' | 'campuses'>,
  devices: readonly Device[],
): ProbedButton[] {
  if (probes === undefined) return [];
  const own = new Map(
    campuses.flatMap((campus) =>
      campus.gateways.flatMap((gateway) =>
        gateway.devices.map((device) => [`${gateway.id}/${device.id}`, device] as const),
      ),
    ),
  );
  return devices.flatMap((device) => {
    const listed = own.get(`${device.gateway.id}/${device.id}`);
    if ((device.report?.kind ?? listed?.kind) !== 'button') return [];
    return [{ device, everyMs: (listed?.probe_every_h ?? probes.every_h) * hourMs }];
  });
}

export function hasDirectPath(gateway: Device['gateway']): boolean {
  return [...gateway.devices.values()].some(({ report }) => report?.kind === 'direct-path');
}

/** Tells people which button has had no proof on a path for too long. */
export async function tellOverdue(
  { clock, store, alerts, names }: { clock: Clock; store: Store; alerts: Alerts; names: Names },
  buttons: readonly ProbedButton[],
): Promise<void> {
  const now = Math.round(clock.wall());
  if (buttons.length === 0) return;
  await store.commit(
    buttons.map(({ device }) => ({
      sql: 'INSERT INTO probe_duties (gateway, device, since) VALUES (?, ?, ?) ON CONFLICT (gateway, device) DO NOTHING',
      params: [device.gateway.id, device.id, now],
    })),
  );
  const duties = await store.read<{ gateway: string; device: string; since: number }>(
    'SELECT gateway, device, since FROM probe_duties',
  );
  const since = new Map(duties.map((duty) => [`${duty.gateway}/${duty.device}`, duty.since]));
  const proofs = await lastProofs(store);
  for (const { device, everyMs } of buttons) {
    const point = `${device.gateway.id}/${device.id}`;
    const routes: Route[] = hasDirectPath(device.gateway) ? ['cloud', 'direct'] : ['cloud'];
    for (const route of routes) {
      const proved = proofs.get(point)?.find((proof) => proof.route === route)?.at ?? 0;
      const boundMs = unprovedAfterPeriods * everyMs;
      const probed = {
        campus: device.gateway.campus,
        gateway: device.gateway.id,
        device: device.id,
        route,
      };
      if (now - Math.max(proved, since.get(point) ?? now) > boundMs)
        void alerts.raise(unproved(probed, boundMs, names));
      else void alerts.clear('unproved', probeSubject(probed));
    }
  }
}
