import { Temporal } from 'temporal-polyfill';
import type { PublicHolidays } from './public-holidays.ts';
import type { SchoolCalendar } from './school-calendar.ts';

/** One day of a campus. Instants are UTC ms; `to` is the next midnight and not part of the day. */
export interface SchoolDay {
  /** As in `2026-09-01`, in the campus's time zone. */
  date: string;
  from: number;
  to: number;
  school: boolean;
  /** False: the public holidays of its year are not in the list, so whether it is a school day may yet change. */
  published: boolean;
  /** The windows of the day, in their order; none where there is no school. */
  windows: WindowOnDay[];
}

/** A window of the calendar on one day. */
export interface WindowOnDay {
  id: string;
  kind: 'arrival' | 'dismissal';
  /** UTC ms; `to` is the first moment after it. */
  from: number;
  to: number;
}

/** Days that are kept once they were worked out; the oldest go first. */
const keptDays = 2_000;
/** A window that did not come for so many days is not looked for further back. */
const farthestBackDays = 400;
const dayMs = 86_400_000;

/** The days of one calendar. Each is worked out once; it never changes. */
export class SchoolDays {
  readonly #calendar: SchoolCalendar;
  readonly #off: readonly { from: string; to: string }[];
  readonly #working: ReadonlySet<string>;
  readonly #published: ReadonlySet<number>;
  readonly #own: ReadonlyMap<string, number | undefined>;
  readonly #days = new Map<string, SchoolDay>();
  /** Local days by the UTC day that they share time with: found without asking the time zone again. */
  readonly #near = new Map<number, SchoolDay[]>();

  constructor(calendar: SchoolCalendar, holidays: PublicHolidays) {
    this.#calendar = calendar;
    this.#off = [...calendar.days_off, ...holidays.years.flatMap(({ off }) => off)];
    this.#working = new Set(holidays.years.flatMap(({ working }) => working));
    this.#published = new Set(holidays.years.map(({ year }) => year));
    this.#own = new Map(calendar.days_on.map(({ day, as }) => [day, as]));
  }

  /** The day in which an instant (UTC ms) lies. */
  dayOf(at: number): SchoolDay {
    const near = Math.floor(at / dayMs);
    let days = this.#near.get(near);
    if (days === undefined) {
      const first = this.#on(this.#dateAt(near * dayMs));
      const last = this.#on(this.#dateAt((near + 1) * dayMs - 1));
      days = first === last ? [first] : [first, last];
      if (this.#near.size >= keptDays) this.#near.clear();
      this.#near.set(near, days);
    }
    return days.find(({ from, to }) => from <= at && at < to) ?? this.#on(this.#dateAt(at));
  }

  before({ from }: SchoolDay): SchoolDay {
    return this.dayOf(from - 1);
  }

  after({ to }: SchoolDay): SchoolDay {
    return this.dayOf(to);
  }

  /** The last `count` days that have ended by `at`, the newest first. */
  daysBefore(at: number, count: number): SchoolDay[] {
    const days: SchoolDay[] = [];
    for (let day = this.before(this.dayOf(at)); days.length < count; day = this.before(day)) days.push(day);
    return days;
  }

  /** The last `count` windows called `id` that began by `at`, the newest first; fewer where there were fewer. */
  lastWindows(id: string, at: number, count: number): WindowOnDay[] {
    const found: WindowOnDay[] = [];
    let day = this.dayOf(at);
    for (let back = 0; found.length < count && back < farthestBackDays; back += 1) {
      const window = day.windows.find((one) => one.id === id);
      if (window !== undefined && window.from <= at) found.push(window);
      day = this.before(day);
    }
    return found;
  }

  /** The first window called `id` that begins after `at`; null: none within the farthest that is looked. */
  nextWindow(id: string, at: number): WindowOnDay | null {
    let day = this.dayOf(at);
    for (let ahead = 0; ahead < farthestBackDays; ahead += 1) {
      const window = day.windows.find((one) => one.id === id && one.from > at);
      if (window !== undefined) return window;
      day = this.after(day);
    }
    return null;
  }

  /** The window in which `at` lies. */
  windowNow(at: number): WindowOnDay | null {
    return this.dayOf(at).windows.find(({ from, to }) => from <= at && at < to) ?? null;
  }

  #dateAt(at: number): string {
    return Temporal.Instant.fromEpochMilliseconds(at)
      .toZonedDateTimeISO(this.#calendar.time_zone)
      .toPlainDate()
      .toString();
  }

  #on(date: string): SchoolDay {
    let day = this.#days.get(date);
    if (day === undefined) {
      if (this.#days.size >= keptDays) this.#days.clear();
      this.#days.set(date, (day = this.#workOut(date)));
    }
    return day;
  }

  #workOut(date: string): SchoolDay {
    const zone = this.#calendar.time_zone;
    const plain = Temporal.PlainDate.from(date);
    const standsFor = this.#schoolDayAs(date, plain.dayOfWeek);
    const at = (time: string) => plain.toZonedDateTime({ timeZone: zone, plainTime: time }).epochMilliseconds;
    return {
      date,
      from: plain.toZonedDateTime(zone).epochMilliseconds,
      to: plain.add({ days: 1 }).toZonedDateTime(zone).epochMilliseconds,
      school: standsFor !== null,
      published: this.#published.has(plain.year) || this.#own.has(date),
      windows: this.#calendar.windows
        .filter(({ weekdays }) => standsFor !== null && (!weekdays || weekdays.includes(standsFor)))
        .map(({ id, kind, from, to }) => ({ id, kind, from: at(from), to: at(to) }))
        .sort((a, b) => a.from - b.from),
    };
  }

  /**
   * The weekday that the day stands for; null: no school. The campus's own word goes before the country's; outside of
   * the terms only its own make-up days are school days.
   */
  #schoolDayAs(date: string, weekday: number): number | null {
    if (this.#own.has(date)) return this.#own.get(date) ?? weekday;
    const within = ({ from, to }: { from: string; to: string }) => from <= date && date <= to;
    if (!this.#calendar.terms.some(within)) return null;
    const ownDayOff = this.#calendar.days_off.some(within);
    if (this.#working.has(date) && !ownDayOff) return weekday;
    if (weekday > 5 || this.#off.some(within)) return null;
    return weekday;
  }
}
