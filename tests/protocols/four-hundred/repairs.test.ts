import { describe, expect, it } from 'vitest';
import { bestPlaceFor, blindSpotsOf } from '#protocols/four-hundred/blind-spots.ts';
import { dutiesOf } from '#protocols/four-hundred/duties.ts';
import { repairsOf } from '#protocols/four-hundred/repairs.ts';
import type { CampusLedger } from '#protocols/four-hundred/campus-ledger.ts';
import type { CampusEntry } from '#protocols/inventory/campus.ts';
import { hilltop } from '../inventory/hilltop.ts';
import { at, day, hour, ledgerInOrder, ledgerOf, shown, told, wednesday } from './in-order.ts';

const listed = (
  ledger: CampusLedger,
  ...of: [Parameters<typeof repairsOf>[1]?, Parameters<typeof repairsOf>[2]?]
) =>
  repairsOf(ledger, ...of).map(
    ({ subject, cause, parts }) => `${Object.values(subject).join(' ')}: ${cause.code} (${parts.length})`,
  );
function tell(ledger: CampusLedger, pieces: Parameters<typeof told>[0]) {
  for (const piece of told(pieces.map((one, i) => ({ id: 90_000 + i, ...one })))) ledger.apply(piece);
}

/** The classroom is seen by one camera from each end; the floor is 20 m by 10 m with a wall across its middle. */
const camera = (id: string, x: number, required: boolean) => ({
  id,
  kind: 'camera' as const,
  building: 'main',
  storey: 'f1',
  required,
  sight: {
    at: [x, 5] as [number, number],
    height_m: 3,
    heading_deg: x === 0 ? 0 : 180,
    tilt_deg: 45,
    angle_deg: 150,
    vertical_angle_deg: 90,
    range_m: 30,
  },
});
const room = (cameras: ReturnType<typeof camera>[]) =>
  ({
    ...hilltop,
    gateways: [{ id: 'gw-hill', devices: [...hilltop.gateways[0]!.devices, ...cameras] }],
    zones: [
      ...hilltop.zones,
      {
        id: 'lab',
        kind: 'laboratory',
        building: 'main',
        storey: 'f1',
        polygon: [
          [3, 2],
          [8, 2],
          [8, 8],
          [3, 8],
        ] as [number, number][],
      },
    ],
  }) satisfies CampusEntry;

describe('what would lift a campus to a hundred per cent', () => {
  it('nothing, where all is yes', () => {
    expect(repairsOf(ledgerInOrder())).toEqual([]);
  });

  it('parts of one cause are one repair, and what lifts most comes first', () => {
    const ledger = ledgerInOrder();
    const off = (device: string) => ({
      kind: 'state' as const,
      at: wednesday,
      device,
      state: 'offline' as const,
      holds_ms: null,
    });
    tell(ledger, [off('gw-hill/cam-gate'), off('gw-hill/gate-contact')]);
    expect(listed(ledger)).toEqual(['gw-hill/cam-gate: offline (2)', 'gw-hill/gate-contact: offline (1)']);
    expect(listed(ledger, 'closed-campus')).toEqual(['gw-hill/gate-contact: offline (1)']);
    expect(listed(ledger, 'one-key-video', 'present')).toEqual([]);
  });

  it('each cause of a part is on the list: a camera with a wrong clock and a bad picture needs both', () => {
    const ledger = ledgerInOrder();
    tell(ledger, [
      { kind: 'clock', at: wednesday, device: 'gw-hill/cam-gate', offset_s: 60 },
      { kind: 'picture', at: wednesday, device: 'gw-hill/cam-gate', good: false },
    ]);
    expect(listed(ledger)).toEqual([
      'gw-hill/cam-gate: clock-wrong (2)',
      'gw-hill/cam-gate: picture-bad (2)',
    ]);
  });

  it('what is on the list does it, and nothing on it could be left out', () => {
    const device = 'gw-hill/cam-gate';
    const broken = () => {
      const ledger = ledgerInOrder();
      tell(ledger, [
        { kind: 'clock', at: wednesday, device, offset_s: 60 },
        { kind: 'contact', at: wednesday - hour, device: 'gw-hill/fence-beam', open: true },
        { kind: 'check-in', at: wednesday, place: { post: 'gatehouse' }, person: 'guard-1', on: false },
      ]);
      return ledger;
    };
    const cures: Record<string, Parameters<typeof told>[0]> = {
      'clock-wrong': [{ kind: 'clock', at: wednesday + 1, device, offset_s: 0 }],
      open: [{ kind: 'contact', at: wednesday + 1, device: 'gw-hill/fence-beam', open: false }],
      unexplained: [{ kind: 'explained', at: wednesday + 1, opening: 90_001, by: 'head', reason: 'a cat' }],
      unmanned: [
        { kind: 'check-in', at: wednesday + 1, place: { post: 'gatehouse' }, person: 'guard-2', on: true },
      ],
    };
    const codes = repairsOf(broken()).map(({ cause }) => cause.code);
    expect(codes.toSorted()).toEqual(Object.keys(cures).toSorted());
    for (const left of [null, ...codes]) {
      const ledger = broken();
      for (const code of codes)
        if (code !== left)
          tell(
            ledger,
            cures[code]!.map((one) => ({ ...one, id: 95_000 })),
          );
      const all = Object.values(shown(ledger)).every((cell) => cell.startsWith('yes'));
      expect(all).toBe(left === null);
    }
  });
});

describe('a zone that is drawn', () => {
  const off = (device: string) => ({
    kind: 'state' as const,
    at: wednesday,
    device,
    state: 'offline' as const,
    holds_ms: null,
  });

  it('a camera that goes dark opens its blind spot at once, and closes it when it is back', () => {
    const ledger = ledgerInOrder(room([camera('cam-west', 0, true)]));
    const zone = () => ledger.open('one-key-video', 'working').find(({ code }) => /seen/.test(code))!;
    expect(zone()).toMatchObject({ answer: 'yes', params: { area_m2: 30, blind_m2: 0 } });
    tell(ledger, [off('gw-hill/cam-west')]);
    expect(zone()).toMatchObject({ answer: 'no', params: { blind_m2: 30 } });
    expect(listed(ledger)).toEqual(['gw-hill/cam-west: offline (2)']);
    tell(ledger, [
      { kind: 'state', at: wednesday + 1, device: 'gw-hill/cam-west', state: 'good', holds_ms: hour },
    ]);
    expect(zone().answer).toBe('yes');
  });

  it('an extra camera that stands in keeps the zone seen, and its own failure counts nowhere', () => {
    const both = room([camera('cam-west', 0, true), { ...camera('cam-extra', 0, false), id: 'cam-extra' }]);
    const ledger = ledgerInOrder(both);
    tell(ledger, [off('gw-hill/cam-extra')]);
    expect(listed(ledger)).toEqual([]);
    const other = ledgerInOrder(both);
    tell(other, [off('gw-hill/cam-west')]);
    expect(listed(other)).toEqual(['gw-hill/cam-west: offline (1)']);
  });

  it('a wall between: the zone is blind as planned, and asks for a camera, not for a repair', () => {
    const ledger = ledgerInOrder(room([camera('cam-east', 20, true)]));
    expect(shown(ledger)['one-key-video present']).toMatch(/^no/);
    expect(listed(ledger)).toEqual(['lab: blind (2)']);
  });

  it('the blind spots of a floor, the camera that may least fail, and where one more would help most', () => {
    const both = room([camera('cam-west', 0, true), camera('cam-east', 20, true)]);
    const ledger = ledgerInOrder(both);
    expect(blindSpotsOf(ledger.case)).toMatchObject([
      {
        storey: 'f1',
        zones: [{ zone: 'lab', coverage: { blind_m2: 0, blind: [] } }],
        largest_hole: { device: 'gw-hill/cam-west', opens_m2: 30 },
      },
    ]);
    tell(ledger, [off('gw-hill/cam-west')]);
    const [dark] = blindSpotsOf(ledger.case);
    expect(dark).toMatchObject({ zones: [{ coverage: { blind_m2: 30 } }], largest_hole: null });
    expect(dark!.zones[0]!.coverage.blind).toHaveLength(1);
    const candidates = [
      camera('x', 20, true).sight,
      { ...camera('y', 0, true).sight, range_m: 5 },
      camera('z', 0, true).sight,
    ];
    expect(bestPlaceFor(ledger.case, dark!, candidates)).toMatchObject({ candidate: 2, closes_m2: 30 });
    expect(bestPlaceFor(ledger.case, { building: 'main', storey: 'f9' }, candidates)).toBe(null);
  });

  it('blind because of a camera in maintenance is maintenance', () => {
    const ledger = ledgerInOrder(room([camera('cam-west', 0, true)]));
    const of = { device: 'gw-hill/cam-west' };
    tell(ledger, [
      {
        kind: 'maintenance',
        at: wednesday,
        of,
        from: wednesday,
        to: wednesday + hour,
        reason: 'cleaning',
        by: 'head',
      },
    ]);
    expect(ledger.open('one-key-video', 'working').map(({ answer }) => answer)).toContain('maintenance');
    expect(shown(ledger)['one-key-video working']).toMatch(/^maintenance/);
  });
});

describe('drills and tests', () => {
  const drills = (ledger: CampusLedger) =>
    dutiesOf(ledger.case)
      .filter(({ what }) => 'drill' in what)
      .map(({ state, by }) => [state, by]);
  const held = (local: string) => ({ kind: 'drill' as const, at: at(local) });

  it('a school drills each month: due, done, and overdue when the month is over', () => {
    const ledger = ledgerOf(hilltop, wednesday);
    expect(drills(ledger), 'August is holidays').toEqual([['due', at('2026-10-01T00:00')]]);
    tell(ledger, [held('2026-09-10T10:00')]);
    expect(drills(ledger)).toEqual([['done', at('2026-11-01T00:00')]]);
    ledger.advance(at('2026-11-02T08:00'));
    expect(drills(ledger)).toEqual([
      ['overdue', at('2026-11-01T00:00')],
      ['due', at('2026-12-01T00:00')],
    ]);
  });

  it('a kindergarten drills each quarter', () => {
    const ledger = ledgerOf({ ...hilltop, type: 'kindergarten' }, at('2026-12-08T09:00'));
    expect(drills(ledger)).toEqual([
      ['overdue', at('2026-10-01T00:00')],
      ['due', at('2027-01-01T00:00')],
    ]);
    tell(ledger, [held('2026-09-20T10:00'), held('2026-10-20T10:00')]);
    expect(drills(ledger)).toEqual([['done', at('2027-04-01T00:00')]]);
  });

  it('a button is tested in its period: done, due in its last quarter, overdue', () => {
    const ledger = ledgerOf();
    const test = () => dutiesOf(ledger.case).find(({ what }) => 'test' in what);
    expect(test()).toMatchObject({ what: { test: 'gw-hill/press-gatehouse' }, state: 'due', by: null });
    tell(ledger, [
      {
        kind: 'proof',
        at: wednesday,
        device: 'gw-hill/press-gatehouse',
        route: 'cloud',
        proved: 'centre',
        latency_ms: 700,
      },
    ]);
    expect(test()).toMatchObject({ state: 'done', by: wednesday + 31 * day, evidence: [{ id: 90_000 }] });
    ledger.advance(wednesday + 24 * day);
    expect(test()?.state).toBe('due');
    ledger.advance(wednesday + 31 * day);
    expect(test()?.state).toBe('overdue');
    const later = ledger.now;
    tell(ledger, [
      {
        kind: 'proof',
        at: later,
        device: 'gw-hill/press-gatehouse',
        route: 'cloud',
        proved: 'edge',
        latency_ms: null,
      },
    ]);
    expect(test(), 'one that failed is to be done again').toMatchObject({ state: 'due', by: null });
  });
});
