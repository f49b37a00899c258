import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { readHolidays } from '#platform/public-holidays.ts';
import { readRules } from '#platform/rule-set.ts';
import { SchoolDays } from '#protocols/calendar/school-days.ts';
import { planCampus } from '#protocols/four-hundred/campus-plan.ts';
import { CityLedger } from '#protocols/four-hundred/city.ts';
import type { Evidence } from '#protocols/four-hundred/evidence.ts';
import { type CampusEntry, campusInventory } from '#protocols/inventory/campus.ts';

/**
 * A city on one core: 2,000 campuses of 200 devices (120 cameras, 60 buttons, 20 contacts and readers), one floor in
 * ten campuses drawn with its walls and views. Every device is heard once a minute; one word in a hundred is news.
 */
const campuses = 2_000;
const cameras = 120;
const buttons = 60;
const watchers = 20;
const devicesEach = cameras + buttons + watchers;
const minuteMs = 60_000;
const beatHoldsMs = 3 * minuteMs;
const measuredMinutes = 4;
/** 2026-09-16 09:00 in Shanghai. */
const start = Date.UTC(2026, 8, 16, 1);

export function run(): Promise<void> {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as () => void;
  const rules = readRules();
  const holidays = readHolidays();
  const heap = () => {
    collect();
    const { heapUsed, arrayBuffers } = process.memoryUsage();
    return heapUsed + arrayBuffers;
  };

  const before = heap();
  let days: SchoolDays | undefined;
  const plans = Array.from({ length: campuses }, (_, i) => {
    const campus = campusInventory.parse(entry(i));
    days ??= new SchoolDays(campus.calendar, holidays);
    return planCampus(campus, rules, days);
  });
  const planned = heap();
  const city = new CityLedger(plans, start);
  // What a running city knows: everybody was heard, looked at and proved once.
  let row = 0;
  const tell = (campus: number, piece: Record<string, unknown>) =>
    city.apply(`c-${campus}`, { id: (row += 1), known_at: piece.at, ...piece } as unknown as Evidence);
  for (let campus = 0; campus < campuses; campus += 1) {
    for (let d = 0; d < devicesEach; d += 1) {
      const device = `gw-${campus}/d-${d}`;
      tell(campus, { kind: 'state', device, at: start, state: 'good', holds_ms: beatHoldsMs });
      if (d < cameras) {
        tell(campus, { kind: 'clock', device, at: start, offset_s: 0.2 });
        tell(campus, { kind: 'picture', device, at: start, good: true });
        tell(campus, { kind: 'recording', device, at: start, days: 92 });
      } else if (d < cameras + buttons) {
        tell(campus, { kind: 'proof', device, at: start, route: 'cloud', proved: 'centre', latency_ms: 700 });
      } else tell(campus, { kind: 'contact', device, at: start, open: false });
    }
  }
  const after = heap();
  const devices = campuses * devicesEach;
  console.log(
    `${devices} devices: inventory and plan ${Math.round((planned - before) / devices)} bytes each, ` +
      `evidence and verdicts ${Math.round((after - planned) / devices)}`,
  );

  let updates = 0;
  const rates: number[] = [];
  for (let minute = 1; minute <= measuredMinutes; minute += 1) {
    const began = performance.now();
    for (let d = 0; d < devicesEach; d += 1) {
      const at = start + minute * minuteMs + Math.floor((d * minuteMs) / devicesEach);
      city.advance(at);
      for (let campus = 0; campus < campuses; campus += 1) {
        const news = (campus * 31 + d * 17 + minute) % 100 === 0;
        const state = news ? 'offline' : 'good';
        const holds_ms = news ? null : beatHoldsMs;
        tell(campus, { kind: 'state', device: `gw-${campus}/d-${d}`, at, state, holds_ms });
        updates += 1;
      }
    }
    rates.push((devices / (performance.now() - began)) * 1000);
    const working = city.rollUp().find(({ item, level }) => item === 'one-key-video' && level === 'working')!;
    console.log(
      `minute ${minute}: ${Math.round(rates.at(-1)!)} updates/s; devices working ` +
        `${working.devices_percent?.toFixed(2)} %, campuses ${working.campuses_percent?.toFixed(2)} %`,
    );
  }
  const rollUpBegan = performance.now();
  city.rollUp();
  const rollUpMs = performance.now() - rollUpBegan;
  const began = performance.now();
  city.recompute();
  const fullMs = performance.now() - began;
  console.log(
    `${updates} updates; roll-up of the city ${rollUpMs.toFixed(1)} ms; everything anew ${Math.round(fullMs)} ms`,
  );
  console.log(
    JSON.stringify({
      devices,
      updates_per_s: Math.round(rates.toSorted((a, b) => a - b)[Math.floor(rates.length / 2)]!),
      bytes_per_device: Math.round((after - before) / devices),
      full_recompute_ms: Math.round(fullMs),
    }),
  );
  return Promise.resolve();
}

function entry(i: number): CampusEntry {
  const gateway = `gw-${i}`;
  const id = (d: number) => `d-${d}`;
  const ref = (d: number) => `${gateway}/${id(d)}`;
  const drawn = i % 10 === 0;
  const readers = cameras + buttons + watchers / 2;
  return {
    id: `c-${i}`,
    county: `county-${i % 12}`,
    type: 'primary',
    pupils: { day: 900 },
    calendar: {
      terms: [{ id: 'autumn', from: '2026-09-01', to: '2027-01-22' }],
      windows: [
        { id: 'arrival', kind: 'arrival', from: '07:20', to: '08:00' },
        { id: 'dismissal', kind: 'dismissal', from: '16:00', to: '16:40' },
      ],
    },
    grounds: {
      outline: [
        [0, 0],
        [80, 0],
        [80, 20],
        [0, 20],
      ],
      walls: [20, 40, 60].map((x) => [
        [x, 0],
        [x, 18],
      ]),
    },
    gateways: [
      {
        id: gateway,
        devices: Array.from({ length: devicesEach }, (_, d) => ({
          id: id(d),
          kind:
            d < cameras ? 'camera' : d < cameras + buttons ? 'button' : d < readers ? 'input' : 'card-reader',
          ...(drawn && d < 8
            ? {
                sight: {
                  at: [(d >> 1) * 20 + (d % 2) * 20, 10] as [number, number],
                  height_m: 3,
                  heading_deg: d % 2 === 0 ? 0 : 180,
                  tilt_deg: 45,
                  angle_deg: 120,
                  vertical_angle_deg: 90,
                  range_m: 40,
                },
              }
            : {}),
        })),
      },
    ],
    gates: [0, 1].map((g) => ({ id: `gate-${g}`, watched_by: [ref(cameras + buttons + g)] })),
    fence: Array.from({ length: 8 }, (_, f) => ({
      id: `side-${f}`,
      watched_by: [ref(cameras + buttons + 2 + f)],
    })),
    posts: [{ id: 'gatehouse', kind: 'gatehouse', duty: 'always', terminal: ref(readers) }],
    guards: [{ id: 'guard-1' }, { id: 'guard-2' }],
    patrol: Array.from({ length: 9 }, (_, p) => ({ id: `point-${p}`, reader: ref(readers + 1 + p) })),
    zones: [
      { id: 'gatehouse', kind: 'gatehouse', key: true, buttons: [ref(cameras)], seen_by: [ref(8)] },
      ...Array.from({ length: 10 }, (_, z) => ({
        id: `corridor-${z}`,
        kind: 'corridor' as const,
        seen_by: Array.from({ length: 10 }, (_, c) => ref(10 + z * 10 + c)),
      })),
      ...(drawn
        ? [
            {
              id: 'yard',
              kind: 'playground' as const,
              polygon: [
                [4, 4],
                [76, 4],
                [76, 16],
                [4, 16],
              ] as [number, number][],
            },
          ]
        : []),
    ],
    rosters: [],
  };
}
