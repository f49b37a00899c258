import { expect, test } from 'vitest';
import { alertGroups } from '#cloud/alerts/groups.ts';
import { namedBy } from '#cloud/alerts/subjects.ts';
import { addDevice, type Gateway, newGateway } from '#cloud/liveness/fleet.ts';
import { namesOf } from '#cloud/names.ts';
import type { ApiAlert } from '#protocols/api.ts';
import type { DeviceReport } from '#protocols/messages/state.ts';

const names = namesOf([{ id: 'school', name: { zh: '一小', en: 'First School' }, gateways: [] }]);
let id = 0;

function gateway(campus: string, name: string, devices: Record<string, string | undefined> = {}): Gateway {
  const made = newGateway(campus, name, 0);
  for (const [device, wire] of Object.entries(devices)) {
    const report: DeviceReport = {
      id: device,
      kind: 'button',
      driver: 'button',
      heartbeat_s: 30,
      heard_ago_ms: 0,
      health: null,
      line_open: true,
      facts: {},
      acts: [],
      ...(wire !== undefined && { wire }),
    };
    addDevice(made, device, report, 'listed', 0);
  }
  return made;
}

function alert(code: ApiAlert['code'], subject: string, opened_at = 1_000_000): ApiAlert {
  const { gateway, device } = namedBy(code, subject);
  return {
    id: (id += 1),
    code,
    severity: code === 'device-fault' ? 'warning' : 'critical',
    subject,
    campus: 'school',
    gateway,
    device,
    mode: null,
    state: 'open',
    repeats: 0,
    escalated: 0,
    text: { zh: subject, en: subject },
    opened_at,
    closed_at: null,
    acknowledged: null,
    silenced: null,
    maintenance: null,
  };
}

const shape = (open: ApiAlert[], fleet: Gateway[]) =>
  alertGroups(open, fleet, names).map(({ cause, alerts }) => [cause.kind, ...alerts.map((a) => a.subject)]);

test('a gateway that is cut off is the cause of what its devices say, and comes first among them', () => {
  const fleet = [gateway('school', 'gate', { b1: undefined, b2: undefined }), gateway('school', 'lodge')];
  const open = [
    alert('device-offline', 'gate/b1', 990_000),
    alert('gateway-offline', 'gate'),
    alert('unproved', 'gate/b2/cloud', 1_900_000),
    alert('device-fault', 'lodge/x'),
  ];
  expect(shape(open, fleet)).toEqual([
    ['gateway', 'gate', 'gate/b1', 'gate/b2/cloud'],
    ['single', 'lodge/x'],
  ]);
  expect(alertGroups(open, fleet, names)[0]).toMatchObject({
    devices: 2,
    severity: 'critical',
    attended: false,
    cause: { text: { zh: '一小的网关 gate 失联', en: 'First School: gateway gate is cut off' } },
  });
});

test('what was wrong long before the gateway was cut off has a cause of its own', () => {
  const open = [alert('gateway-offline', 'gate'), alert('device-fault', 'gate/b1', 1_000_000 - 3_600_000)];
  expect(shape(open, [gateway('school', 'gate', { b1: undefined })])).toEqual([
    ['gateway', 'gate'],
    ['single', 'gate/b1'],
  ]);
});

test('all gateways of a campus at once are its link; one of them is not', () => {
  const fleet = [gateway('school', 'a'), gateway('school', 'b'), gateway('other', 'c')];
  const a = alert('gateway-offline', 'a');
  const b = alert('gateway-offline', 'b', 1_005_000);
  expect(shape([a, b], fleet)).toEqual([['campus', 'a', 'b']]);
  expect(shape([a], fleet)).toEqual([['gateway', 'a']]);
  const later = { ...b, opened_at: a.opened_at + 3_600_000 };
  expect(shape([a, later], fleet)).toEqual([
    ['gateway', 'b'],
    ['gateway', 'a'],
  ]);
});

test('all gateways of all campuses at once are the platform itself', () => {
  const fleet = ['a', 'b', 'c', 'd'].map((name, i) => gateway(i < 2 ? 'school' : 'other', name));
  const open = fleet.map(({ id }) => alert('gateway-offline', id));
  expect(shape(open, fleet)).toEqual([['platform', 'a', 'b', 'c', 'd']]);
});

test('most of the units of a wire failing together are the wire; one of them, or each at its time, is not', () => {
  const bus = '/dev/ttyS1';
  const fleet = [gateway('school', 'gate', { u1: bus, u2: bus, u3: bus, alone: undefined })];
  const [one, two] = [alert('device-offline', 'gate/u1'), alert('device-offline', 'gate/u2', 1_004_000)];
  const alone = alert('device-offline', 'gate/alone');
  expect(shape([one, two, alone], fleet)).toEqual([
    ['wire', 'gate/u1', 'gate/u2'],
    ['single', 'gate/alone'],
  ]);
  expect(shape([one], fleet)).toEqual([['single', 'gate/u1']]);
  expect(shape([one, { ...two, opened_at: 9_000_000 }], fleet).map(([kind]) => kind)).toEqual([
    'single',
    'single',
  ]);
});

test('an alert about an alarm stands alone, whatever else is wrong there', () => {
  const open = [alert('gateway-offline', 'gate'), alert('alarm-undelivered', 'gate.0011.alarm.3')];
  expect(shape(open, [gateway('school', 'gate')])).toEqual([
    ['gateway', 'gate'],
    ['single', 'gate.0011.alarm.3'],
  ]);
});

test('a group is attended when somebody takes care of each of its alerts', () => {
  const fleet = [gateway('school', 'gate', { b1: undefined })];
  const [root, device] = [alert('gateway-offline', 'gate'), alert('device-offline', 'gate/b1')];
  const attended = (open: ApiAlert[]) => alertGroups(open, fleet, names)[0]!.attended;
  expect(attended([{ ...root, state: 'acknowledged' }, device])).toBe(false);
  expect(
    attended([
      { ...root, state: 'acknowledged' },
      { ...device, state: 'silenced' },
    ]),
  ).toBe(true);
});
