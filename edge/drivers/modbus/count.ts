/** What a counter of people said since it was last read. */
export type Counted =
  | { kind: 'first' }
  | { kind: 'passed'; people: number }
  /** It went back, or leapt: it was reset or exchanged, and how many passed meanwhile is not known. */
  | { kind: 'restarted'; people: number };

/**
 * Compares two readings of a counter that runs from 0 to `size` - 1 and round again, `elapsedMs` apart. A step
 * through its end is believed when so many people could have passed in that time; any other step back is a
 * reset, after which it counted from 0.
 */
export function countedSince(
  last: number | null,
  now: number,
  { size, atMostPerS, elapsedMs }: { size: number; atMostPerS: number; elapsedMs: number },
): Counted {
  if (last === null) return { kind: 'first' };
  const possible = Math.max(1, Math.ceil((atMostPerS * elapsedMs) / 1000));
  const ahead = (now - last + size) % size;
  if (ahead <= possible) return { kind: 'passed', people: ahead };
  return { kind: 'restarted', people: now <= possible ? now : 0 };
}
