import type { Clock, Randomness } from '#platform/ports.ts';

/** What goes wrong between the unit and the other end of its wire. Zero everywhere: a good line. */
export interface Misbehaviour {
  /** Random bytes before each frame. */
  noiseBytes: number;
  /** Share of frames (0 to 1) of which one bit of the CRC is flipped. */
  corrupted: number;
  /** Share of bytes (0 to 1) that never arrive. */
  lostBytes: number;
  /** Milliseconds between two bytes. */
  dripMs: number;
}

export const goodLine: Misbehaviour = { noiseBytes: 0, corrupted: 0, lostBytes: 0, dripMs: 0 };

/** Sends frames over a line that behaves as `how` says at the time. */
export function createBadLine(
  { clock, random }: { clock: Clock; random: Randomness },
  how: () => Misbehaviour,
  write: (bytes: Uint8Array) => void,
): { send(frame: Uint8Array): void } {
  let queue = new Uint8Array(0);
  let dripping = false;

  function drip(): void {
    const { dripMs } = how();
    const now = dripMs === 0 ? queue : queue.subarray(0, 1);
    queue = queue.slice(now.length);
    write(now);
    dripping = queue.length > 0;
    if (dripping) clock.after(dripMs, drip);
  }

  return {
    send(frame) {
      const line = how();
      let bytes = Uint8Array.from([...random.bytes(line.noiseBytes), ...frame]);
      if (line.corrupted > 0 && random.fraction() < line.corrupted) bytes[bytes.length - 1]! ^= 1;
      if (line.lostBytes > 0) bytes = bytes.filter(() => random.fraction() >= line.lostBytes);
      queue = Uint8Array.from([...queue, ...bytes]);
      if (!dripping) drip();
    },
  };
}
