import type { PressType } from '#protocols/button-frame/frame.ts';
import type { Randomness } from '#platform/ports.ts';

/** A press that waits for its host-ack, as the unit keeps it over a power loss. */
export interface StoredPress {
  type: PressType;
  boot: number;
  counter: number;
  /** The age of the last copy that was sent. */
  ageMs: number;
}

/** The unit's non-volatile memory: plain data, written back by `save` whenever it changed. */
export interface ButtonMemory {
  boot: number;
  counter: number;
  waiting: StoredPress[];
}

/** Blank memory: a random boot counter, since 0 was used before by the same serial number. */
export function blankMemory(random: Randomness): ButtonMemory {
  const [high, low] = random.bytes(2);
  return { boot: (high! << 8) | low!, counter: 0, waiting: [] };
}
