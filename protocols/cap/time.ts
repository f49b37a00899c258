/**
 * A time as CAP writes it (3.3.2): local time with its offset, no fractions. China has one zone, and an officer
 * reads the clock on the wall, so it is written +08:00.
 */
export function formatCapTime(utcMs: number): string {
  const local = new Date(Math.floor(utcMs) + 8 * 3_600_000).toISOString();
  return `${local.slice(0, 19)}+08:00`;
}

const FORM = /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)([+-]\d\d:\d\d)$/;

/** UTC ms; undefined where it is not as CAP wants it: `Z` and fractions of a second are not. */
export function parseCapTime(text: string): number | undefined {
  const match = FORM.exec(text);
  if (match === null) return undefined;
  const utcMs = Date.parse(text);
  if (Number.isNaN(utcMs)) return undefined;
  // Date.parse lets the 31st of April pass as the 1st of May.
  const [, local] = match;
  return new Date(`${local}Z`).toISOString().slice(0, 19) === local ? utcMs : undefined;
}
