const PATTERN = /^(\d{2}):(\d{2}):(\d{2}),(\d{2})-(\d{2})-(\d{4})$/;

const two = (n: number): string => String(n).padStart(2, '0');

/** `HH:MM:SS,MM-DD-YYYY` in UTC, as in SIA DC-09, from UTC milliseconds; fractions of a second are cut off. */
export function formatTimestamp(utcMs: number): string {
  // oxlint-disable-next-line no-restricted-globals -- pure: an instant is passed in, none is asked for
  const d = new Date(utcMs);
  const time = `${two(d.getUTCHours())}:${two(d.getUTCMinutes())}:${two(d.getUTCSeconds())}`;
  const year = String(d.getUTCFullYear()).padStart(4, '0');
  return `${time},${two(d.getUTCMonth() + 1)}-${two(d.getUTCDate())}-${year}`;
}

/** UTC milliseconds of `HH:MM:SS,MM-DD-YYYY`; undefined for anything that is not a moment of the calendar. */
export function parseTimestamp(text: string): number | undefined {
  const match = PATTERN.exec(text);
  if (!match) return undefined;
  const [hour, minute, second, month, day, year] = match.slice(1).map(Number) as [
    number,
    number,
    number,
    number,
    number,
    number,
  ];
  // oxlint-disable-next-line no-restricted-globals -- pure: calendar arithmetic only
  const utcMs = Date.UTC(year, month - 1, day, hour, minute, second);
  // Date.UTC rolls 13 o'clock of the 32nd over (and reads year 99 as 1999): what does not come back was none.
  return formatTimestamp(utcMs) === text ? utcMs : undefined;
}
