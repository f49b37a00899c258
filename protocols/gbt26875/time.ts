import type { WireTime } from './frame.ts';

/**
 * A time of the wire is the wall clock of the campus (the standard names no zone). All of China keeps UTC+8, and
 * no summer time.
 */
export const chinaOffsetMinutes = 480;

/** UTC milliseconds; null where the six bytes are no moment of the calendar. The year is 2000 to 2099. */
export function instantOf(t: WireTime, offsetMinutes: number): number | null {
  // oxlint-disable-next-line no-restricted-globals -- pure: calendar arithmetic only
  const utc = Date.UTC(2000 + t.year, t.month - 1, t.day, t.hour, t.minute, t.second);
  const back = wireTime(utc, 0);
  // Date.UTC rolls 13 o'clock of the 32nd over: what does not come back was none.
  const same = (Object.keys(back) as (keyof WireTime)[]).every((part) => back[part] === t[part]);
  return same ? utc - offsetMinutes * 60_000 : null;
}

/** What the wall clock says so many minutes east of Greenwich. `utcMs` is in the years 2000 to 2099. */
export function wireTime(utcMs: number, offsetMinutes: number): WireTime {
  // oxlint-disable-next-line no-restricted-globals -- pure: an instant is passed in, none is asked for
  const d = new Date(utcMs + offsetMinutes * 60_000);
  return {
    second: d.getUTCSeconds(),
    minute: d.getUTCMinutes(),
    hour: d.getUTCHours(),
    day: d.getUTCDate(),
    month: d.getUTCMonth() + 1,
    year: d.getUTCFullYear() % 100,
  };
}
