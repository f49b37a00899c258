const dayMs = 86_400_000;
/** China Standard Time, the one zone of the country, has no summer time. */
const zoneMs = 8 * 3_600_000;

export interface Window {
  /** HH:MM, China Standard Time. */
  from: string;
  to: string;
}

/** One button's place among the others, and how often it is to be proved on each path. */
export interface Turn {
  /** Its number among `of` buttons, from 0. */
  index: number;
  of: number;
  everyMs: number;
  window: Window | null;
}

export interface Slot {
  /** UTC ms. */
  at: number;
  route: 'cloud' | 'direct';
}

/**
 * The next slot after `now` (UTC ms). Each period has two, one for each path in turn; the buttons stand evenly
 * over a slot's length, each a little late by chance (`fraction`, 0 to 1), so that they keep no step with anything.
 * With a window it is only the time within it that counts. It follows from the clock alone: nothing is to be kept.
 */
export function nextSlot(now: number, { index, of, everyMs, window }: Turn, fraction: number): Slot {
  const length = Math.ceil((window === null ? everyMs : (everyMs * openMs(window)) / dayMs) / 2);
  const share = length / of;
  const phase = Math.floor(index * share);
  let k = Math.floor((openUntil(Math.ceil(now), window) - phase) / length);
  // Outside the window a slot at its very opening is still to come.
  if (instantOf(k * length + phase, window) <= now) k += 1;
  const at = instantOf(k * length + phase + Math.floor(fraction * Math.min(share, length / 8)), window);
  return { at, route: k % 2 === 0 ? 'cloud' : 'direct' };
}

function minutesOf(time: string): number {
  const [hours = 0, minutes = 0] = time.split(':').map(Number);
  return hours * 60 + minutes;
}

function openMs({ from, to }: Window): number {
  return ((minutesOf(to) - minutesOf(from) + 1440) % 1440) * 60_000;
}

/** Milliseconds within the window from 1970 until `at`. */
function openUntil(at: number, window: Window | null): number {
  if (window === null) return at;
  const shifted = at + zoneMs - minutesOf(window.from) * 60_000;
  const day = Math.floor(shifted / dayMs);
  return day * openMs(window) + Math.min(shifted - day * dayMs, openMs(window));
}

/** The instant at which so many milliseconds of the window have gone by. */
function instantOf(open: number, window: Window | null): number {
  if (window === null) return open;
  const day = Math.floor(open / openMs(window));
  return day * dayMs + (open - day * openMs(window)) - zoneMs + minutesOf(window.from) * 60_000;
}
