import { expect, test, vi } from 'vitest';
import { createStore, emptyView, withEvent, withSnapshot } from '#cloud/console/feed/store.ts';
import { alarm, centre, device, devices, gateway } from '../../browser/campus.ts';

const snapshot = () => ({
  alarms: [alarm(1, 5)],
  devices: devices(),
  gateways: [gateway()],
  alerts: [],
  centres: [centre('answering')],
});

test('an entry of the feed that comes twice is there once', () => {
  const event = { type: 'alarm' as const, data: alarm(1, 9) };
  const view = withEvent(withEvent(withSnapshot(emptyView, snapshot()), event), event);
  expect([...view.alarms.values()]).toEqual([event.data]);
});

test('a snapshot forgets what the cloud no longer has', () => {
  const before = withEvent(withSnapshot(emptyView, snapshot()), {
    type: 'device',
    data: device('cam-yard', { place: { ...device('cam-yard').place, device: 'gone' } }),
  });
  expect(before.devices.size).toBe(10);
  expect(withSnapshot(before, snapshot()).devices.size).toBe(9);
});

test('an alarm that 110 does not have outlives hundreds that it has', () => {
  let view = withEvent(emptyView, { type: 'alarm', data: alarm(1, 5, {}, 9_000_000) });
  for (let n = 2; n < 500; n += 1) view = withEvent(view, { type: 'alarm', data: alarm(n, 9) });
  expect(view.alarms.size).toBe(200);
  expect(view.alarms.has(alarm(1, 5).id)).toBe(true);
});

test('a burst of the feed is one rendering', () => {
  vi.useFakeTimers();
  try {
    const store = createStore();
    let renderings = 0;
    store.subscribe(() => (renderings += 1));
    for (let n = 1; n <= 100; n += 1) {
      store.update((view) => withEvent(view, { type: 'alarm', data: alarm(n, 9) }));
    }
    expect(store.get().alarms.size).toBe(0);
    vi.advanceTimersByTime(50);
    expect(renderings).toBe(1);
    expect(store.get().alarms.size).toBe(100);
  } finally {
    vi.useRealTimers();
  }
});
