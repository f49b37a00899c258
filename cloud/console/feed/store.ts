import type {
  ApiAlarm,
  ApiAlert,
  ApiCentre,
  ApiDevice,
  ApiGateway,
  ApiLatency,
  FeedEvent,
} from '#protocols/api.ts';

/** How the page stands to the cloud. `since`: browser UTC ms of the last proof that it was there. */
export type Link =
  { state: 'starting' } | { state: 'live' } | { state: 'lost'; since: number | null; tries: number };

/** All that the page shows, as it is now. Replaced as a whole, so that identity tells change. */
export interface View {
  link: Link;
  /** False until the first snapshot: nothing may be concluded from empty tables. */
  loaded: boolean;
  /** Browser UTC ms of the last byte from the cloud. */
  provenAt: number | null;
  alarms: ReadonlyMap<string, ApiAlarm>;
  devices: ReadonlyMap<string, ApiDevice>;
  gateways: ReadonlyMap<string, ApiGateway>;
  alerts: ReadonlyMap<string, ApiAlert>;
  centres: ReadonlyMap<string, ApiCentre>;
  latency: { figures: ApiLatency; at: number } | null;
}

export interface Snapshot {
  alarms: ApiAlarm[];
  devices: ApiDevice[];
  gateways: ApiGateway[];
  alerts: ApiAlert[];
  centres: ApiCentre[];
}

/** Alarms and alerts kept; beyond that the oldest settled ones leave first. */
const limit = 200;

const keys = {
  alarm: (alarm: ApiAlarm) => alarm.id,
  device: (device: ApiDevice) => `${device.place.gateway}/${device.place.device}`,
  gateway: (gateway: ApiGateway) => `${gateway.campus}/${gateway.gateway}`,
  alert: (alert: ApiAlert) => String(alert.id),
  centre: (centre: ApiCentre) => centre.id,
};

function mapBy<T>(items: readonly T[], key: (item: T) => string): ReadonlyMap<string, T> {
  return new Map(items.map((item) => [key(item), item]));
}

function put<T>(map: ReadonlyMap<string, T>, key: string, item: T): ReadonlyMap<string, T> {
  return new Map(map).set(key, item);
}

function bounded<T>(
  map: ReadonlyMap<string, T>,
  settled: (item: T) => boolean,
  at: (item: T) => number,
): ReadonlyMap<string, T> {
  if (map.size <= limit) return map;
  const oldestFirst = [...map].sort(
    ([, a], [, b]) => Number(settled(b)) - Number(settled(a)) || at(a) - at(b),
  );
  return new Map(oldestFirst.slice(map.size - limit));
}

/** The view after one entry of the feed. Each carries the whole thing, so twice is the same as once. */
export function withEvent(view: View, event: FeedEvent): View {
  switch (event.type) {
    case 'alarm': {
      const alarms = put(view.alarms, keys.alarm(event.data), event.data);
      return {
        ...view,
        alarms: bounded(
          alarms,
          (alarm) => alarm.state === 'delivered',
          (alarm) => alarm.received_at,
        ),
      };
    }
    case 'alert': {
      const alerts = put(view.alerts, keys.alert(event.data), event.data);
      return {
        ...view,
        alerts: bounded(
          alerts,
          (alert) => alert.closed_at !== null,
          (alert) => alert.opened_at,
        ),
      };
    }
    case 'device':
      return { ...view, devices: put(view.devices, keys.device(event.data), event.data) };
    case 'gateway':
      return { ...view, gateways: put(view.gateways, keys.gateway(event.data), event.data) };
    case 'centre':
      return { ...view, centres: put(view.centres, keys.centre(event.data), event.data) };
    case 'command':
    case 'drill':
    case 'probe':
    case 'verdict':
    case 'maintenance':
    case 'inventory':
      // Nothing of these is shown yet.
      return view;
  }
}

export function withSnapshot(view: View, snapshot: Snapshot): View {
  return {
    ...view,
    loaded: true,
    alarms: mapBy(snapshot.alarms, keys.alarm),
    devices: mapBy(snapshot.devices, keys.device),
    gateways: mapBy(snapshot.gateways, keys.gateway),
    alerts: mapBy(snapshot.alerts, keys.alert),
    centres: mapBy(snapshot.centres, keys.centre),
  };
}

export const emptyView: View = {
  link: { state: 'starting' },
  loaded: false,
  provenAt: null,
  alarms: new Map(),
  devices: new Map(),
  gateways: new Map(),
  alerts: new Map(),
  centres: new Map(),
  latency: null,
};

export interface Store {
  /** What readers have been shown. */
  get(): View;
  subscribe(reader: () => void): () => void;
  update(change: (view: View) => View): void;
}

/** Readers are told at most once in this time, so that a burst of the feed is one rendering. */
const batchMs = 50;

export function createStore(): Store {
  let latest = emptyView;
  let shown = emptyView;
  let timer: ReturnType<typeof setTimeout> | null = null;
  const readers = new Set<() => void>();
  function show() {
    timer = null;
    shown = latest;
    for (const reader of readers) reader();
  }
  return {
    get: () => shown,
    subscribe(reader) {
      readers.add(reader);
      return () => readers.delete(reader);
    },
    update(change) {
      latest = change(latest);
      if (latest !== shown) timer ??= setTimeout(show, batchMs);
    },
  };
}
