import { type ApiAlert, type ApiAlertGroup, isAboutAlarm } from '#protocols/api.ts';
import type { Gateway } from '../liveness/fleet.ts';
import { campusCalled, gatewayCalled, type Names } from '../names.ts';

/** What opened within so long of its cause, before or after, may come from it: silences are noticed at different times. */
const togetherMs = 120_000;
/** Fewer devices on a wire are no proof that it is the wire. */
const wireFrom = 2;

type Cause = ApiAlertGroup['cause'];

const cutOff = (alert: ApiAlert) => alert.code === 'gateway-offline' || alert.code === 'gateway-stopped';
const ofDevice = (alert: ApiAlert) => alert.code === 'device-offline' || alert.code === 'device-fault';

/**
 * Groups open alerts by what lies behind them, worst and newest first. An alert about an alarm always stands alone:
 * no cause explains it away.
 */
export function alertGroups(
  open: readonly ApiAlert[],
  fleet: readonly Gateway[],
  names: Names,
): ApiAlertGroup[] {
  const gateways = new Map(fleet.map((gateway) => [gateway.id, gateway]));
  const lost = new Map(
    open.filter((alert) => alert.code === 'gateway-offline').map((alert) => [alert.gateway!, alert]),
  );
  const campusesLost = campusesThatAreGone(fleet, lost);
  const all = fleet.length > 1 && lost.size === fleet.length && campusesLost.size > 1;
  const wires = wiresAtFault(open, gateways);

  const causes = new Map<string, { cause: Cause; alerts: ApiAlert[] }>();
  for (const alert of open) {
    const cause = causeOf(alert);
    const group = causes.get(cause.key) ?? { cause, alerts: [] };
    group.alerts.push(alert);
    causes.set(cause.key, group);
  }

  function causeOf(alert: ApiAlert): Cause {
    const single: Cause = { kind: 'single', key: `alert ${alert.id}`, text: alert.text };
    if (alert.gateway === null || isAboutAlarm(alert)) return single;
    const root = open.find((other) => cutOff(other) && other.gateway === alert.gateway);
    if (root !== undefined && (root === alert || alert.opened_at > root.opened_at - togetherMs)) {
      if (all && lost.has(alert.gateway)) return platformCause;
      const campus = gateways.get(alert.gateway)?.campus;
      if (campus !== undefined && campusesLost.has(campus)) return campusCause(campus, names);
      return {
        kind: 'gateway',
        key: `gateway ${alert.gateway}`,
        text:
          root.code === 'gateway-stopped'
            ? said(alert.gateway, campus, names, '被人停止', 'was stopped')
            : said(alert.gateway, campus, names, '失联', 'is cut off'),
      };
    }
    const wire = ofDevice(alert) ? wireOf(gateways, alert) : null;
    return wire === null || !wires.has(wire.key) ? single : wireCause(wire, names);
  }

  const groups = [...causes.values()].map(({ cause, alerts }) => grouped(cause, alerts, gateways));
  return groups.sort(
    (a, b) =>
      Number(b.severity === 'critical') - Number(a.severity === 'critical') ||
      Number(a.attended) - Number(b.attended) ||
      b.opened_at - a.opened_at,
  );
}

const platformCause: Cause = {
  kind: 'platform',
  key: 'platform',
  text: {
    zh: '所有学校的网关同时失联：请先检查平台自身的网络和消息服务',
    en: 'The gateways of all campuses are cut off at once: check this platform’s own network and broker first',
  },
};

function campusCause(campus: string, names: Names): Cause {
  const called = campusCalled(names, campus);
  return {
    kind: 'campus',
    key: `campus ${campus}`,
    text: {
      zh: `${called.zh}的网关全部失联：请先检查校园的网络线路和供电`,
      en: `${called.en}: all gateways are cut off: check the link and the power of the campus first`,
    },
  };
}

function wireCause({ key, gateway, wire }: Wire, names: Names): Cause {
  return {
    kind: 'wire',
    key,
    text: said(
      gateway.id,
      gateway.campus,
      names,
      `的线路 ${wire} 上有多台设备同时异常：请先检查这条线`,
      `has several devices on ${wire} that fail together: check that wire first`,
    ),
  };
}

function said(gateway: string, campus: string | undefined, names: Names, zh: string, en: string) {
  const called =
    campus === undefined ? { zh: `网关 ${gateway} `, en: gateway } : gatewayCalled(names, campus, gateway);
  return { zh: `${called.zh} ${zh}`, en: `${called.en} ${en}` };
}

/** Campuses of two gateways or more, all of which were lost together. */
function campusesThatAreGone(
  fleet: readonly Gateway[],
  lost: ReadonlyMap<string, ApiAlert>,
): ReadonlySet<string> {
  const gone = new Set<string>();
  for (const [campus, theirs] of Map.groupBy(fleet, (gateway) => gateway.campus)) {
    const alerts = theirs.flatMap(({ id }) => lost.get(id) ?? []);
    const times = alerts.map(({ opened_at }) => opened_at);
    const together = Math.max(...times) - Math.min(...times) <= togetherMs;
    if (theirs.length > 1 && alerts.length === theirs.length && together) gone.add(campus);
  }
  return gone;
}

interface Wire {
  key: string;
  gateway: Gateway;
  wire: string;
}

function wireOf(gateways: ReadonlyMap<string, Gateway>, { gateway, device }: ApiAlert): Wire | null {
  const found = gateways.get(gateway ?? '');
  const wire = found?.devices.get(device ?? '')?.report?.wire;
  return found === undefined || wire === undefined
    ? null
    : { key: `wire ${found.id} ${wire}`, gateway: found, wire };
}

/** Wires on which more than half of the devices, and at least two, began to fail together. */
function wiresAtFault(
  open: readonly ApiAlert[],
  gateways: ReadonlyMap<string, Gateway>,
): ReadonlySet<string> {
  const failing = Map.groupBy(open.filter(ofDevice), (alert) => wireOf(gateways, alert)?.key ?? '');
  const found = new Set<string>();
  for (const [key, alerts] of failing) {
    const wire = wireOf(gateways, alerts[0]!);
    if (wire === null) continue;
    const onIt = [...wire.gateway.devices.values()].filter(({ report }) => report?.wire === wire.wire);
    const devices = new Set(alerts.map(({ device }) => device));
    const times = alerts.map(({ opened_at }) => opened_at);
    const together = Math.max(...times) - Math.min(...times) <= togetherMs;
    if (together && devices.size >= wireFrom && 2 * devices.size > onIt.length) found.add(key);
  }
  return found;
}

function grouped(
  cause: Cause,
  alerts: readonly ApiAlert[],
  gateways: ReadonlyMap<string, Gateway>,
): ApiAlertGroup {
  const ordered = alerts.toSorted(
    (a, b) => Number(cutOff(b)) - Number(cutOff(a)) || a.opened_at - b.opened_at || a.id - b.id,
  );
  const dark = new Set(ordered.filter(cutOff).flatMap(({ gateway }) => gateway ?? []));
  const devices = new Set<string>(
    [...dark].flatMap((id) =>
      [...(gateways.get(id)?.devices.keys() ?? [])].map((device) => `${id}/${device}`),
    ),
  );
  for (const alert of ordered) if (alert.device !== null) devices.add(`${alert.gateway}/${alert.device}`);
  return {
    cause,
    severity: ordered.some(({ severity }) => severity === 'critical') ? 'critical' : 'warning',
    opened_at: Math.min(...ordered.map(({ opened_at }) => opened_at)),
    campuses: [...new Set(ordered.flatMap(({ campus }) => campus ?? []))],
    devices: devices.size,
    attended: ordered.every(({ state }) => state !== 'open'),
    alerts: ordered,
  };
}
