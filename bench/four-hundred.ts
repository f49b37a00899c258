import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { readHolidays } from '#platform/public-holidays.ts';
import { readRules } from '#platform/rule-set.ts';
import { SchoolDays } from '#protocols/calendar/school-days.ts';
import { planCampus } from '#protocols/four-hundred/campus-plan.ts';
import { CityLedger } from '#protocols/four-hundred/city.ts';
import type { Evidence } from '#protocols/four-hundred/evidence.ts';
import { campusInventory } from '#protocols/inventory/campus.ts';
import { buttons, cameras, campuses, devicesEach, entry, start } from './four-hundred-city.ts';
import { storeFigures } from './four-hundred-store.ts';

const minuteMs = 60_000;
const beatHoldsMs = 3 * minuteMs;
const measuredMinutes = 4;

/** A city on one core, first its verdicts by themselves, then with the store around them. */
export async function run(): Promise<void> {
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
  const store = await storeFigures();
  console.log(
    JSON.stringify({
      devices,
      updates_per_s: Math.round(rates.toSorted((a, b) => a - b)[Math.floor(rates.length / 2)]!),
      bytes_per_device: Math.round((after - before) / devices),
      full_recompute_ms: Math.round(fullMs),
      ...store,
    }),
  );
}
