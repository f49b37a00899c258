import type { Clock } from '#platform/ports.ts';
import type { OffsetEstimate } from '#protocols/messages/alarm.ts';
import type { KeptClock } from '../outbox/outbox.ts';

/** Of an answer of the cloud: the edge's send time that it echoes, and its own two (UTC ms). */
export interface Echo {
  echo_sent_at: number;
  received_at: number;
  sent_at: number;
}

/** Cloud clock − our monotonic clock, from one round trip. */
interface Sample {
  difference: number;
  roundTrip: number;
  at: number;
}

/** How often the outbox takes down where the clocks stand, ms, while the cloud answers. */
export const clockKeptEveryMs = 600_000;
const samplesKept = 16;
const sendsKept = 512;
/** Instants on the wire are whole milliseconds. */
const roundingMs = 1;
/** Two quartz clocks part by up to this much: what an estimate loses in sharpness as it ages. */
const driftPerMs = 100e-6;

/**
 * Where the cloud's clock stands against ours: the offset of the smallest round trip of the last 16 (RFC 5905,
 * clock filter). It is kept against the monotonic clock, so a wall clock that jumps (NTP, an empty RTC battery)
 * moves nothing.
 */
export class CloudClock {
  readonly #clock: Clock;
  /** Monotonic send times by the wall time that the message carried; null where one is ambiguous. */
  #sends = new Map<number, number | null>();
  #samples: Sample[] = [];
  #kept: { difference: number; recent: boolean } | null = null;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Takes over what an earlier life of the process knew, unless the wall clock has gone back since. */
  resume(kept: KeptClock | null): void {
    const wall = this.#clock.wall();
    if (!kept || kept.wall > wall) return;
    this.#kept = {
      difference: wall + kept.offset_ms - this.#clock.monotonic(),
      recent: wall - kept.wall <= 2 * clockKeptEveryMs,
    };
  }

  /** The send time for a message that is about to go out, UTC ms by our wall clock. */
  sending(): number {
    const wall = Math.round(this.#clock.wall());
    const now = this.#clock.monotonic();
    const before = this.#sends.get(wall);
    const ambiguous = before === null || (before !== undefined && now - before > 2);
    this.#sends.delete(wall);
    this.#sends.set(wall, ambiguous ? null : (before ?? now));
    if (this.#sends.size > sendsKept) this.#sends.delete(this.#sends.keys().next().value!);
    return wall;
  }

  /** Learns from an answer. One that echoes no send of ours, or one that cannot be told apart, teaches nothing. */
  learn(echo: Echo): void {
    const sent = this.#sends.get(echo.echo_sent_at);
    if (sent === undefined || sent === null) return;
    const now = this.#clock.monotonic();
    const measured = now - sent - (echo.sent_at - echo.received_at);
    // A cloud whose clock was stepped while it held the message; its times are whole milliseconds.
    if (measured < -2 * roundingMs || echo.sent_at < echo.received_at) return;
    const roundTrip = Math.max(0, measured);
    const difference = (echo.received_at - sent + (echo.sent_at - now)) / 2;
    this.#samples.push({ difference, roundTrip, at: now });
    if (this.#samples.length > samplesKept) this.#samples.shift();
  }

  /** Whether the cloud's clock was ever known to this gateway. */
  get known(): boolean {
    return this.#best() !== null || this.#kept !== null;
  }

  /** Whether `at` can be trusted: the wall clock may have jumped between two lives while nobody looked. */
  get steady(): boolean {
    return this.#best() !== null || (this.#kept?.recent ?? false);
  }

  /** Cloud − edge wall clock, with half the round trip as its error; null without an answer in this life. */
  estimate(): OffsetEstimate | null {
    const best = this.#best();
    if (!best) return null;
    const now = this.#clock.monotonic();
    return {
      offset_ms: best.difference + now - this.#clock.wall(),
      error_ms: best.roundTrip / 2 + roundingMs + (now - best.at) * driftPerMs,
    };
  }

  /** UTC ms by the cloud's clock as far as it is known (else by our own) at a monotonic time. */
  at(monotonic: number): number {
    const known = this.#best() ?? this.#kept;
    if (known) return monotonic + known.difference;
    return this.#clock.wall() - (this.#clock.monotonic() - monotonic);
  }

  #best(): Sample | null {
    return this.#samples.reduce<Sample | null>((a, b) => (a && a.roundTrip <= b.roundTrip ? a : b), null);
  }
}
