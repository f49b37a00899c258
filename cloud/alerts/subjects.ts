import type { AlertCode } from '#protocols/api.ts';

/** What the subject of an alert names; null: it is about no such thing. */
export interface Named {
  gateway: string | null;
  device: string | null;
  campus: string | null;
  drill: string | null;
}

/** Reads a subject, which each code writes in its own way. */
export function namedBy(code: AlertCode, subject: string): Named {
  const nothing: Named = { gateway: null, device: null, campus: null, drill: null };
  const [first = '', second = null] = subject.split('/');
  switch (code) {
    case 'device-offline':
    case 'device-fault':
    case 'probe-failed':
    case 'unproved':
      return { ...nothing, gateway: first, device: second };
    case 'gateway-offline':
    case 'gateway-stopped':
    case 'gateway-notice':
    case 'telemetry-gap':
    case 'wrong-centre':
    case 'alarm-unreadable':
    case 'identity-conflict':
    case 'drill-unknown':
      return { ...nothing, gateway: first };
    case 'alarm-undelivered':
    case 'alarm-late':
      // The name of an alarm: gateway.epoch.lane.n, with `@centre` behind it where that is not the primary one.
      return { ...nothing, gateway: subject.split('.')[0]! };
    case 'latency-breach':
      return { ...nothing, campus: first };
    case 'drill-end-unanswered':
      return { ...nothing, drill: subject };
    case 'centre-silent':
    case 'centre-refused':
    case 'overloaded':
    case 'telemetry-unavailable':
      return nothing;
  }
}
