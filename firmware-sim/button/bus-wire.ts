import type { Clock } from '#platform/ports.ts';

interface Talk {
  bytes: Uint8Array;
  from: number;
  until: number;
}

/**
 * Two wires at a baud rate, half duplex: what is said arrives when its last byte has left, and whoever speaks while
 * another does spoils both (of two drivers on RS-485 the stronger wins bit by bit; here zeros win).
 */
export function createBusWire(
  clock: Clock,
  baud: number,
  ends: { host(bytes: Uint8Array): void; units(bytes: Uint8Array): void },
): { fromHost(bytes: Uint8Array): void; fromUnit(bytes: Uint8Array): void } {
  const byteMs = 10_000 / baud;
  let talks: Talk[] = [];

  function say(said: Uint8Array, arrive: (bytes: Uint8Array) => void): void {
    if (said.length === 0) return;
    const from = clock.monotonic();
    const talk: Talk = { bytes: Uint8Array.from(said), from, until: from + said.length * byteMs };
    for (const other of talks) spoil(other, talk);
    talks.push(talk);
    clock.after(talk.until - from, () => {
      talks = talks.filter((t) => t !== talk);
      arrive(talk.bytes);
    });
  }

  /** From where the later one begins. */
  function spoil(earlier: Talk, later: Talk): void {
    const offset = Math.floor((later.from - earlier.from) / byteMs);
    for (let i = 0; i < later.bytes.length && offset + i < earlier.bytes.length; i += 1) {
      const both = earlier.bytes[offset + i]! & later.bytes[i]!;
      earlier.bytes[offset + i] = both;
      later.bytes[i] = both;
    }
  }

  return {
    fromHost: (bytes) => say(bytes, ends.units),
    fromUnit: (bytes) => say(bytes, ends.host),
  };
}
