import type { ApiAlert, ApiCentre, ApiDevice, ApiGateway } from '#protocols/api.ts';
import type { View } from '../feed/store.ts';

/** The six states, worst first: the same shapes, words and colours everywhere. */
export const states = ['alarm', 'fault', 'offline', 'unknown', 'maintenance', 'good'] as const;
export type State = (typeof states)[number];

/** A figure that is older than this is not known any more, whatever it said. ms */
export const freshMs = 30_000;

/** False: the page has not heard from the cloud for so long that it no longer knows how things are. */
export function isFresh(view: View, now: number): boolean {
  return view.provenAt !== null && now - view.provenAt < freshMs;
}

/** State of a device as this page may claim it now. */
export function deviceState(device: ApiDevice, fresh: boolean): State {
  return fresh ? device.state : 'unknown';
}

export function gatewayState(gateway: ApiGateway, fresh: boolean): State {
  if (!fresh || gateway.state === 'unknown') return 'unknown';
  return gateway.state === 'online' ? 'good' : 'offline';
}

export function countByState(devices: Iterable<ApiDevice>, fresh: boolean): Record<State, number> {
  const counts: Record<State, number> = {
    alarm: 0,
    fault: 0,
    offline: 0,
    unknown: 0,
    maintenance: 0,
    good: 0,
  };
  for (const device of devices) counts[deviceState(device, fresh)] += 1;
  return counts;
}

export type CentreAnswer =
  | { answer: 'answering'; roundTripMs: number | null }
  | { answer: 'silent'; since: number | null }
  | { answer: 'unknown' };

/** A centre answers when any of its doors does; it is silent only when none is left that might. */
export function centreAnswer(centre: ApiCentre, fresh: boolean): CentreAnswer {
  if (!fresh) return { answer: 'unknown' };
  const answering = centre.doors.find((door) => door.supervision === 'answering');
  if (answering) return { answer: 'answering', roundTripMs: answering.round_trip_ms };
  if (centre.doors.length === 0 || centre.doors.some((door) => door.supervision === 'unknown')) {
    return { answer: 'unknown' };
  }
  const since = centre.doors.map((door) => door.since).filter((at) => at !== null);
  return { answer: 'silent', since: since.length > 0 ? Math.max(...since) : null };
}

export const stateOfAnswer: Record<CentreAnswer['answer'], State> = {
  answering: 'good',
  silent: 'fault',
  unknown: 'unknown',
};

/** The primary centre: the one whose receipt is *delivered*. */
export function primaryCentre(view: View): ApiCentre | null {
  return [...view.centres.values()].find((centre) => centre.primary) ?? null;
}

/** How an alert is marked: as the state that it tells of, or with the shape of its own that *critical* has. */
export type AlertMark = State | 'critical';

/**
 * A critical alert (the gateway cut off, 110 silent) must not pass for a warning: it has a shape that nothing else
 * has and its word on a solid ground, in the colour of a fault. Octagon and red stay with alarms that 110 does
 * not have, so that red has one meaning on the page.
 */
export function alertMark(alert: ApiAlert): AlertMark {
  if (alert.closed_at !== null) return 'good';
  if (alert.code === 'alarm-undelivered') return 'alarm';
  if (alert.severity === 'critical') return 'critical';
  switch (alert.code) {
    case 'gateway-offline':
    case 'gateway-stopped':
    case 'device-offline':
      return 'offline';
    default:
      return 'fault';
  }
}
