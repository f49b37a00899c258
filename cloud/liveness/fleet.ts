import type { DeviceReport } from '#protocols/messages/state.ts';
import type { OffsetEstimate } from '#protocols/messages/alarm.ts';
import type { CloudConfig } from '../config.ts';
import type { Verdict } from './judge.ts';

/** A device as the cloud knows it now. */
export interface Device {
  readonly gateway: Gateway;
  readonly id: string;
  /** Null: only the campus file names it. */
  report: DeviceReport | null;
  silent: boolean;
  verdict: Verdict;
  /** UTC ms at which the verdict's state began. */
  since: number;
  /** UTC ms of the last proof of life that this cloud was told of. */
  heardAt: number | null;
  listing: 'listed' | 'unlisted' | 'missing';
}

export interface Gateway {
  readonly id: string;
  campus: string;
  state: 'online' | 'offline' | 'unknown';
  since: number;
  heardAt: number | null;
  /** The session whose birth was seen; null when none is, or when it has ended. */
  session: string | null;
  /** Of its alarm outbox, as its birth told. */
  epoch: string | null;
  version: string | null;
  pendingAlarms: number | null;
  offset: OffsetEstimate | null;
  devices: Map<string, Device>;
  /** It said goodbye: stopped on purpose, not lost. */
  stopped: boolean;
  /** Number of its last heartbeat in this session. */
  beats: number;
  /** Past their bound, but perhaps only because the gateway itself has not spoken: its next heartbeat decides. */
  overdue: Set<Device>;
  /** Notices that it has told in this session and not ended, as subjects of their alerts. */
  notices: Set<string>;
}

/** The gateways of the campus file and of earlier births; all unknown until they report. */
export function knownFleet(
  campuses: CloudConfig['campuses'],
  remembered: readonly { campus: string; gateway: string; report: DeviceReport }[],
  now: number,
): Map<string, Gateway> {
  const fleet = new Map<string, Gateway>();
  for (const campus of campuses) {
    for (const { id, devices } of campus.gateways) {
      const gateway = newGateway(campus.id, id, now);
      fleet.set(id, gateway);
      for (const device of devices) addDevice(gateway, device.id, null, 'missing', now);
    }
  }
  for (const { campus, gateway: id, report } of remembered) {
    let gateway = fleet.get(id);
    if (gateway === undefined) fleet.set(id, (gateway = newGateway(campus, id, now)));
    const device = gateway.devices.get(report.id);
    if (device === undefined) addDevice(gateway, report.id, report, 'unlisted', now);
    else [device.report, device.listing] = [report, 'listed'];
  }
  return fleet;
}

export function newGateway(campus: string, id: string, now: number): Gateway {
  return {
    id,
    campus,
    state: 'unknown',
    since: now,
    heardAt: null,
    session: null,
    epoch: null,
    version: null,
    pendingAlarms: null,
    offset: null,
    devices: new Map(),
    stopped: false,
    beats: 0,
    overdue: new Set(),
    notices: new Set(),
  };
}

export function addDevice(
  gateway: Gateway,
  id: string,
  report: DeviceReport | null,
  listing: Device['listing'],
  now: number,
): Device {
  const device: Device = {
    gateway,
    id,
    report,
    silent: false,
    verdict: { state: 'unknown', reason: null },
    since: now,
    heardAt: null,
    listing,
  };
  gateway.devices.set(id, device);
  return device;
}
