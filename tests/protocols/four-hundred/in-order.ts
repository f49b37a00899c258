import { Temporal } from 'temporal-polyfill';
import { readHolidays } from '#platform/public-holidays.ts';
import { readRules } from '#platform/rule-set.ts';
import { SchoolDays } from '#protocols/calendar/school-days.ts';
import { CampusLedger } from '#protocols/four-hundred/campus-ledger.ts';
import { planCampus } from '#protocols/four-hundred/campus-plan.ts';
import { type Evidence, evidence } from '#protocols/four-hundred/evidence.ts';
import { type CampusEntry, type CampusInventory, devicesOf } from '#protocols/inventory/campus.ts';
import { hilltop, inventory } from '../inventory/hilltop.ts';

export const rules = readRules();
export const holidays = readHolidays();
const minute = 60_000;
export const hour = 60 * minute;
export const day = 24 * hour;

/** A moment on Hilltop's clock. */
export const at = (local: string): number =>
  Temporal.PlainDateTime.from(local).toZonedDateTime('Asia/Shanghai').epochMilliseconds;

/** A Wednesday morning in term. */
export const wednesday = at('2026-09-16T10:00');

type Piece = Evidence extends infer E ? (E extends Evidence ? Omit<E, 'id' | 'known_at'> : never) : never;

/** Evidence with the id and the moment of knowing that a test does not care about. */
export function told(pieces: readonly (Piece & { id?: number; known_at?: number })[]): Evidence[] {
  return pieces.map((piece, i) => evidence.parse({ id: i + 1, known_at: piece.at, ...piece }));
}

/** All that speaks for a campus at a moment, so that each of its twelve cells is yes. */
export function inOrder(campus: CampusInventory, now: number): Evidence[] {
  const days = new SchoolDays(campus.calendar, holidays);
  const long = now - 9 * day;
  const devices = [...devicesOf(campus)];
  const pieces: Piece[] = [];
  for (const [device, { kind }] of devices) {
    pieces.push({ kind: 'state', device, at: long, state: 'good', holds_ms: 30 * day });
    if (kind === 'camera') {
      pieces.push({ kind: 'clock', device, at: now - hour, offset_s: 0.4 });
      pieces.push({ kind: 'picture', device, at: now - hour, good: true });
      pieces.push({ kind: 'recording', device, at: now - hour, days: 93 });
    }
    if (kind === 'button')
      pieces.push({
        kind: 'proof',
        device,
        at: now - day,
        route: 'cloud',
        proved: 'centre',
        latency_ms: 900,
      });
  }
  for (const { watched_by } of [...campus.gates, ...campus.fence]) {
    for (const device of watched_by) pieces.push({ kind: 'contact', device, at: long, open: false });
  }
  for (const { id: post } of campus.posts) {
    const person = campus.guards[0]!.id;
    pieces.push({ kind: 'check-in', at: now - hour, place: { post }, person, on: true });
    pieces.push({ kind: 'duty-poll', at: now - 20 * hour, post, answered: true });
  }
  for (const { from } of days.daysBefore(now, 7)) {
    for (const { id: patrol } of campus.patrol) {
      for (const hours of [8, 10, 12, 14, 16])
        pieces.push({ kind: 'check-in', at: from + hours * hour, place: { patrol }, on: true });
    }
  }
  for (const { gate: crossing, window, ...roster } of campus.rosters) {
    for (const { from } of days.lastWindows(window, now, 10)) {
      for (const role of rules.crossing_post.roles) {
        const person = roster[role][0]!;
        pieces.push({ kind: 'check-in', at: from - 5 * minute, place: { crossing }, person, on: true });
      }
    }
  }
  return told(pieces);
}

export function ledgerOf(entry: CampusEntry = hilltop, now = wednesday): CampusLedger {
  const campus = inventory(entry);
  return new CampusLedger(planCampus(campus, rules, new SchoolDays(campus.calendar, holidays)), now);
}

/** A ledger that has seen all that speaks for its campus. */
export function ledgerInOrder(entry: CampusEntry = hilltop, now = wednesday): CampusLedger {
  const ledger = ledgerOf(entry, now);
  for (const piece of inOrder(ledger.plan.campus, now)) ledger.apply(piece);
  return ledger;
}

/** `item level: answer yes/of`, of every cell. */
export function shown(ledger: CampusLedger): Record<string, string> {
  return Object.fromEntries(
    ledger
      .cells()
      .map(({ item, level, answer, parts }) => [`${item} ${level}`, `${answer} ${parts.yes}/${parts.of}`]),
  );
}
